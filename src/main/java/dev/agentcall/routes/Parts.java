package dev.agentcall.routes;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * What a file has, for those who load a part of it.
 *
 * @param routeIds of its routes, those made of templates too
 * @param material ids of templates and configurations, of which routes are made
 * @param madeOf ids of those that its own routes are made of
 */
record Parts(Set<String> routeIds, Set<String> material, Set<String> madeOf, RouteFile file) {

    /** What can be loaded again while the program runs. */
    static final Set<String> ROUTES = Set.of("route", "from", "routeTemplate", "templatedRoute", "routeConfiguration");

    static Parts of(RouteFile file) {
        Parts parts = new Parts(new LinkedHashSet<>(), new HashSet<>(), new HashSet<>(), file);
        Optional<Node> root = file == null ? Optional.empty() : file.parse(new ArrayList<>());
        for (Node item : Yaml.items(root.orElse(null))) {
            Yaml.entries(item).forEach((kind, node) -> {
                switch (kind) {
                    case "route", "from" -> {
                        Yaml.text(node, "id").ifPresent(parts.routeIds::add);
                        Yaml.text(node, "routeConfigurationId")
                                .ifPresent(ids -> parts.madeOf.addAll(List.of(ids.split("\\s*,\\s*"))));
                    }
                    case "templatedRoute" -> {
                        Yaml.text(node, "routeId").ifPresent(parts.routeIds::add);
                        Yaml.text(node, "routeTemplateRef").ifPresent(parts.madeOf::add);
                    }
                    case "routeTemplate", "routeConfiguration" ->
                        Yaml.text(node, "id").ifPresent(parts.material::add);
                    default -> {
                        // not loaded again
                    }
                }
            });
        }
        return parts;
    }

    /** The file with things of these kinds alone, or of all others. */
    String only(boolean these, Set<String> kinds) {
        Object content = null;
        try {
            content = file == null ? null : new Load(LoadSettings.builder().build()).loadFromString(file.text());
        } catch (YamlEngineException e) {
            // nothing of it runs
        }
        List<Object> kept = new ArrayList<>();
        if (content instanceof List<?> items) {
            for (Object item : items) {
                if (item instanceof Map<?, ?> map && map.keySet().stream().anyMatch(kinds::contains) == these) {
                    kept.add(item);
                }
            }
        }
        return new Dump(DumpSettings.builder().build()).dumpToString(kept);
    }
}
