package dev.agentcall.routes;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * A YAML file of routes as it was when it was read.
 *
 * @param name as it is shown, and as Camel is told it
 */
public record RouteFile(String name, String text) {

    /** All of a folder, in the order of their names. Hidden files, as editors leave them, are none. */
    public static List<RouteFile> of(Path folder) throws IOException {
        List<RouteFile> files = new ArrayList<>();
        try (Stream<Path> listed = Files.list(folder)) {
            for (Path path : listed.filter(RouteFile::isOne).sorted().toList()) {
                files.add(read(path));
            }
        }
        return files;
    }

    /** What lies in a folder, or in one below it, and looks like a file of routes, and is none that is read. */
    public static List<Path> others(Path folder) throws IOException {
        try (Stream<Path> found = Files.walk(folder)) {
            return found.filter(path -> path.getFileName().toString().matches("(?i)[^.].*[.]ya?ml"))
                    .filter(path -> Files.isRegularFile(path)
                            && !(isOne(path) && path.getParent().equals(folder)))
                    .sorted()
                    .toList();
        }
    }

    private static boolean isOne(Path path) {
        String name = path.getFileName().toString();
        return name.endsWith(".yaml") && !name.startsWith(".") && Files.isRegularFile(path);
    }

    static RouteFile read(Path path) throws IOException {
        return new RouteFile(
                path.toString().replace('\\', '/'), new String(Files.readAllBytes(path), StandardCharsets.UTF_8));
    }

    /**
     * The file's content, or nothing and a finding why not.
     *
     * @param findings gets what is wrong
     */
    Optional<Node> parse(List<RouteFinding> findings) {
        try {
            Optional<Node> root =
                    new Compose(LoadSettings.builder().setLabel(name).build()).composeString(text);
            if (root.isEmpty()) {
                findings.add(RouteFinding.error(new Place(name, 0), "found nothing, expected a list of routes"));
            }
            return root;
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0);
            String context = e.getContext() == null ? "" : " " + e.getContext();
            findings.add(RouteFinding.error(
                    new Place(name, line), "found no YAML:" + context + " " + e.getProblem() + hint(e.getProblem())));
        } catch (YamlEngineException e) {
            findings.add(RouteFinding.error(new Place(name, 0), "found no YAML: " + e.getMessage()));
        }
        return Optional.empty();
    }

    /** Where the route with this id stands, as {@code file:line}; nothing if no file names it. */
    public static Optional<String> placeOf(String routeId, Collection<RouteFile> files) {
        for (RouteFile file : files) {
            for (Node item : Yaml.items(file.parse(new ArrayList<>()).orElse(null))) {
                for (Node part : Yaml.entries(item).values()) {
                    boolean isIt = Yaml.text(part, "id")
                            .or(() -> Yaml.text(part, "routeId"))
                            .filter(routeId::equals)
                            .isPresent();
                    if (isIt) {
                        return Optional.of(Place.of(file.name(), part).toString());
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static String hint(String problem) {
        return problem.contains("mapping values are not allowed")
                ? " (is the line indented right? a text with a colon in it stands in quotes)"
                : "";
    }
}
