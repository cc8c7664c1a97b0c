package dev.agentcall.routes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.camel.CamelContext;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * What can be found out about route files without running them: whether they are Camel's YAML, and whether what they
 * name is there. Nothing is started, and no bean is made.
 */
public final class RouteCheck {

    private final CamelContext context;
    private final YamlDsl dsl = YamlDsl.full();

    /**
     * A check of files that are to run in a context.
     *
     * @param context gives properties, components, and beans that are there already
     */
    public RouteCheck(CamelContext context) {
        this.context = context;
    }

    /** All findings about the files together, in the order of the files and of their lines. */
    public List<RouteFinding> check(Collection<RouteFile> files) {
        Set<RouteFinding> findings = new LinkedHashSet<>();
        RouteIds ids = new RouteIds(findings);
        Names names = new Names(context, findings);
        Templates templates = new Templates(findings);
        Endpoints endpoints = new Endpoints(context);
        List<Part> parts = new ArrayList<>();
        for (RouteFile file : files) {
            findings.addAll(dsl.check(file));
            Optional<Node> root = file.parse(new ArrayList<>());
            for (Node item : Yaml.items(root.orElse(null))) {
                Yaml.entries(item).forEach((kind, node) -> {
                    ids.read(file.name(), kind, node);
                    declare(file.name(), kind, node, names, endpoints);
                    if (kind.equals("routeTemplate")) {
                        templates.template(file.name(), node);
                        beans(Yaml.entries(node).get("beans"), endpoints, (name, bean) -> names.beanOfTemplate(name));
                    } else {
                        parts.add(new Part(file.name(), kind, node, context, names, endpoints, findings));
                    }
                    if (kind.equals("templatedRoute")) {
                        templates.route(file.name(), node);
                        beans(Yaml.entries(node).get("beans"), endpoints, (name, bean) -> names.beanOfTemplate(name));
                    }
                });
            }
        }
        templates.make().forEach(made -> parts.add(new Part(made, context, names, endpoints, findings)));
        parts.forEach(Part::read);
        names.judge();
        return findings.stream()
                .sorted(Comparator.comparing(RouteFinding::file).thenComparing(RouteFinding::line))
                .toList();
    }

    /** What is wrong with files that Camel, which is to load them, takes all the same, or names no file or line for. */
    public static List<RouteFinding> beforeLoading(Collection<RouteFile> files) {
        List<RouteFinding> findings = new ArrayList<>();
        RouteIds ids = new RouteIds(findings);
        for (RouteFile file : files) {
            for (Node item : Yaml.items(file.parse(findings).orElse(null))) {
                Yaml.entries(item).forEach((kind, node) -> ids.read(file.name(), kind, node));
            }
        }
        return findings;
    }

    /** Names that others may use before the file comes that has them. */
    private static void declare(String file, String kind, Node node, Names names, Endpoints endpoints) {
        switch (kind) {
            case "beans" -> beans(node, endpoints, (name, bean) -> names.bean(Place.of(file, bean), name));
            case "dataFormats" ->
                Yaml.items(node).forEach(format -> Yaml.entries(format).values().forEach(value -> Yaml.text(value, "id")
                        .ifPresent(id -> names.bean(Place.of(file, value), id))));
            case "sslContextParameters" -> Yaml.text(node, "id").ifPresent(id -> names.bean(Place.of(file, node), id));
            case "routeConfiguration" -> Yaml.text(node, "id").ifPresent(names::configuration);
            default -> {
                // names nothing for others
            }
        }
    }

    private static void beans(Node node, Endpoints endpoints, BiConsumer<String, Node> declare) {
        for (Node bean : Yaml.items(node)) {
            Yaml.text(bean, "name").ifPresent(name -> {
                declare.accept(name, bean);
                Yaml.text(bean, "type").ifPresent(type -> endpoints.declare(name, type));
            });
        }
    }
}
