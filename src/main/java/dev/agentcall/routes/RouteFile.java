package dev.agentcall.routes;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
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
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * A YAML file of routes as it was when it was read.
 *
 * @param name as it is shown, and as Camel is told it
 * @param text only what stands before the bytes that are no UTF-8, if there are any
 * @param encodingFault what is wrong with its bytes, null if they are UTF-8
 */
public record RouteFile(String name, String text, RouteFinding encodingFault) {

    private static final String UTF_8 = "expected UTF-8: save it in this encoding";

    /** A file in UTF-8. */
    public RouteFile(String name, String text) {
        this(name, text, null);
    }

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
        return decoded(path.toString().replace('\\', '/'), Files.readAllBytes(path));
    }

    /** Camel would put another character in the place of each that it cannot read, and uContact would get that. */
    static RouteFile decoded(String name, byte[] bytes) {
        if (isUtf16(bytes)) {
            return new RouteFile(name, "", RouteFinding.error(new Place(name, 1), "found UTF-16, " + UTF_8));
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder(); // stops where it cannot go on
        CharBuffer text = CharBuffer.allocate(bytes.length);
        boolean good = !decoder.decode(ByteBuffer.wrap(bytes), text, true).isError();
        String read = text.flip().toString();
        if (good) {
            return new RouteFile(name, read);
        }
        int line = 1 + (int) read.chars().filter(c -> c == '\n').count();
        return new RouteFile(
                name, read, RouteFinding.error(new Place(name, line), "found bytes that are no UTF-8, " + UTF_8));
    }

    /** As its byte order mark says, or the byte that it has for nothing beside each ASCII character. */
    private static boolean isUtf16(byte[] bytes) {
        if (bytes.length < 2) {
            return false;
        }
        int first = (bytes[0] & 0xFF) << 8 | bytes[1] & 0xFF;
        return first == 0xFEFF || first == 0xFFFE || bytes[0] == 0 || bytes[1] == 0;
    }

    /**
     * The file's content, or nothing and a finding why not.
     *
     * @param findings gets what is wrong
     */
    Optional<Node> parse(List<RouteFinding> findings) {
        if (encodingFault != null) {
            findings.add(encodingFault);
            return Optional.empty();
        }
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
            findings.add(placeholderWithoutQuotes()
                    .orElseGet(() -> RouteFinding.error(new Place(name, 0), "found no YAML: " + e.getMessage())));
        }
        return Optional.empty();
    }

    /** To YAML {{ begins a mapping whose key is another one, which the parser refuses without saying where. */
    private Optional<RouteFinding> placeholderWithoutQuotes() {
        boolean inBrace = false;
        for (Event event : new Parse(LoadSettings.builder().build()).parseString(text)) {
            boolean isBrace = event instanceof MappingStartEvent mapping && mapping.isFlow();
            if (inBrace && isBrace) {
                int line = event.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
                return Optional.of(RouteFinding.error(
                        new Place(name, line),
                        "found {{ without quotes, expected a value that begins with {{ in quotes, such as"
                                + " \"{{agentcall.data}}/json\""));
            }
            inBrace = isBrace;
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
