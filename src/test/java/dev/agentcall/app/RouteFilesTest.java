package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.agentcall.config.Settings;
import dev.agentcall.routes.RouteCheck;
import dev.agentcall.routes.RouteFile;
import dev.agentcall.routes.RouteFinding;
import dev.agentcall.routes.YamlDsl;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What every file in routes/ keeps to, and that routes, settings and program name the same keys. */
class RouteFilesTest {

    private static final Path ROUTES = Path.of("routes");
    private static final Path SETTINGS = Path.of("config", "application.properties");
    private static final String SUFFIX = ".camel.yaml";
    private static final Path EXAMPLES = Path.of("examples", "routes");
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    /** {{key}}, {{?key}}, {{key:default}}, {{!key}}. */
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{[?!]?([^}:]+)(:[^}]*)?}}");

    /** What a file holds beside {@code route}, by the end of its name. */
    private static final Map<String, String> KINDS = Map.of(
            "beans", "beans",
            "-errors", "routeConfiguration",
            "receive-rest", "rest",
            "rest-server", "restConfiguration");

    private static Map<String, JsonNode> files;
    private static Properties declared;

    @BeforeAll
    static void read() throws IOException {
        files = new TreeMap<>();
        try (Stream<Path> listed = Files.list(ROUTES)) {
            for (Path file : listed.toList()) {
                files.put(file.getFileName().toString(), YAML.readTree(file.toFile()));
            }
        }
        declared = new Properties();
        try (InputStream in = Files.newInputStream(SETTINGS)) {
            declared.load(in);
        }
    }

    private static Stream<DynamicTest> eachFile(BiConsumer<String, JsonNode> rule) {
        return files.entrySet().stream()
                .map(file -> dynamicTest(file.getKey(), () -> rule.accept(file.getKey(), file.getValue())));
    }

    private static Stream<DynamicTest> eachRoute(BiConsumer<String, JsonNode> rule) {
        return files.entrySet().stream()
                .filter(file -> kind(file.getKey()).equals("route"))
                .map(file -> dynamicTest(
                        file.getKey(),
                        () -> rule.accept(file.getKey(), file.getValue().path(0).path("route"))));
    }

    private static String kind(String file) {
        String name = name(file);
        return KINDS.entrySet().stream()
                .filter(kind -> name.endsWith(kind.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse("route");
    }

    private static String name(String file) {
        return file.replace(SUFFIX, "");
    }

    @Test
    void theBundleIsThere() {
        assertThat(files.keySet())
                .contains(
                        "place-call.camel.yaml",
                        "send-call.camel.yaml",
                        "call-rows.camel.yaml",
                        "receive-csv.camel.yaml",
                        "deliver-success.camel.yaml",
                        "deliver-error.camel.yaml",
                        "beans.camel.yaml");
    }

    /** What users have their own files checked for. */
    @Test
    void checkFindsNothing() throws IOException {
        assertThat(check(RouteFile.of(ROUTES), declared)).isEmpty();
    }

    @Test
    void checkFindsNoErrorInTheExamples() throws IOException {
        List<RouteFile> all = new ArrayList<>(RouteFile.of(ROUTES));
        Properties properties = new Properties();
        properties.putAll(declared);
        if (Files.exists(EXAMPLES)) {
            all.addAll(RouteFile.of(EXAMPLES));
            try (Stream<Path> listed = Files.list(EXAMPLES)) {
                for (Path file : listed.filter(path -> path.toString().endsWith(".properties"))
                        .toList()) {
                    try (InputStream in = Files.newInputStream(file)) {
                        properties.load(in);
                    }
                }
            }
        }
        assertThat(check(all, properties).stream()
                        .filter(RouteFinding::error)
                        // Each says what jars it needs
                        .filter(finding -> !finding.text().contains("expected a component whose jar is in lib")))
                .isEmpty();
    }

    private static List<RouteFinding> check(List<RouteFile> files, Properties properties) throws IOException {
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            context.getPropertiesComponent().setInitialProperties(properties);
            context.build();
            return new RouteCheck(context).check(files);
        }
    }

    /** The example of docs/extending.md: a file with mistakes, and what is told of it. */
    @Test
    void theExampleOfABrokenFileIsTrue() throws IOException {
        String section = Files.readString(Path.of("docs", "extending.md")).split("## While you work on routes")[1];
        List<RouteFile> all = new ArrayList<>(RouteFile.of(ROUTES));
        all.add(new RouteFile("routes/receive-json.camel.yaml", block(section, "yaml")));

        assertThat(check(all, declared).stream().map(finding -> "agentcall: " + finding))
                .containsExactlyElementsOf(block(section, "text").lines().toList());
    }

    private static String block(String markdown, String language) {
        return markdown.split("```" + language + "\n", 2)[1].split("```", 2)[0];
    }

    /** Which visual editors open and save without losing anything. */
    @Test
    void everyFileIsCanonicalYamlDsl() throws IOException {
        YamlDsl canonical = YamlDsl.canonical();
        assertThat(RouteFile.of(ROUTES).stream().flatMap(file -> canonical.check(file).stream()))
                .isEmpty();
    }

    @TestFactory
    Stream<DynamicTest> everyFileHoldsOneThingOfItsKind() {
        return eachFile((file, content) -> {
            assertThat(file)
                    .as("routes/%s: expected a name that ends in %s", file, SUFFIX)
                    .endsWith(SUFFIX);
            assertThat(content.isArray() && content.size() == 1)
                    .as("routes/%s: expected a list of one", file)
                    .isTrue();
            assertThat(fieldNames(content.get(0)))
                    .as("routes/%s: what it holds, going by its name", file)
                    .containsExactly(kind(file));
        });
    }

    private static List<String> fieldNames(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @TestFactory
    Stream<DynamicTest> aRouteHasTheNameOfItsFile() {
        return eachRoute((file, route) -> {
            assertThat(route.path("id").asText(null))
                    .as("routes/%s: the route's id, expected the file's name", file)
                    .isEqualTo(name(file));
            String uri = route.path("from").path("uri").asText();
            if (name(file).startsWith("receive-")) {
                assertThat(uri).as("routes/%s: from, expected a trigger", file).isNotEqualTo("direct");
            } else {
                assertThat(uri).as("routes/%s: from.uri", file).isEqualTo("direct");
                assertThat(route.path("from").path("parameters").path("name").asText(null))
                        .as("routes/%s: the name of its direct endpoint, expected the file's", file)
                        .isEqualTo(name(file));
            }
        });
    }

    @Test
    void aConfigurationHasTheNameOfItsFile() {
        files.forEach((file, content) -> {
            if (kind(file).equals("routeConfiguration")) {
                assertThat(content.path(0).path("routeConfiguration").path("id").asText(null))
                        .as("routes/%s: the configuration's id, expected the file's name", file)
                        .isEqualTo(name(file));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> everyRouteIsDescribed() {
        return eachRoute((file, route) -> assertThat(route.path("description").asText())
                .as("routes/%s: description", file)
                .isNotBlank()
                .endsWith("."));
    }

    @Test
    void theChoiceOfTheChannelIsOnePredicateInYaml() {
        List<String> predicates = new ArrayList<>();
        for (JsonNode choice : files.get("place-call.camel.yaml").findValues("choice")) {
            if (choice.toString().contains("deliver-success")) {
                assertThat(choice.path("otherwise").toString())
                        .as("routes/place-call.camel.yaml: otherwise, expected the error channel")
                        .contains("deliver-error");
                choice.path("when")
                        .forEach(when -> predicates.add(when.path("expression")
                                .path("simple")
                                .path("expression")
                                .asText()));
            }
        }
        assertThat(predicates)
                .as("routes/place-call.camel.yaml: the predicates of the choice that leads to deliver-success")
                .singleElement()
                .asString()
                .contains("[0-9a-fA-F]{8}")
                .doesNotContain("\n");
    }

    // --- Settings
    // -----------------------------------------------------------------------------------------------------

    private static Set<String> placeholders(String text) {
        Set<String> keys = new TreeSet<>();
        Matcher matcher = PLACEHOLDER.matcher(text);
        while (matcher.find()) {
            keys.add(matcher.group(1));
        }
        return keys;
    }

    private static Set<String> readByTheProgram() {
        Set<String> keys = new TreeSet<>();
        // An address and a token, so that the settings are whole; without them it reads the same keys and complains.
        Map<String, String> set = Map.of("agentcall.ucontact.url", "http://127.0.0.1", "agentcall.ucontact.token", "t");
        Settings.read(key -> {
            keys.add(key);
            return set.getOrDefault(key, declared.getProperty(key));
        });
        return keys;
    }

    private static Set<String> usedInRoutes() {
        Set<String> keys = new TreeSet<>();
        files.values().forEach(content -> keys.addAll(placeholders(content.toString())));
        return keys;
    }

    @Test
    void everyKeyThatTheProgramReadsIsDeclared() {
        assertThat(declared.stringPropertyNames())
                .as("keys in %s, expected all that Settings reads", SETTINGS)
                .containsAll(readByTheProgram());
    }

    @Test
    void everyDeclaredKeyIsUsed() {
        Set<String> used = new TreeSet<>(readByTheProgram());
        used.addAll(usedInRoutes());
        declared.forEach((key, value) -> used.addAll(placeholders(value.toString())));

        assertThat(declared.stringPropertyNames().stream().filter(key -> key.startsWith("agentcall.")))
                .as("keys in %s, expected each to be read by Settings or used in routes/", SETTINGS)
                .isSubsetOf(used);
    }

    @Test
    void everyKeyInAValueIsDeclared() {
        declared.forEach((key, value) -> assertThat(declared.stringPropertyNames())
                .as("%s: %s uses keys, expected each in the same file", SETTINGS, key)
                .containsAll(placeholders(value.toString())));
    }

    @Test
    void noSecretIsShipped() {
        assertThat(declared.stringPropertyNames().stream()
                        .filter(key -> key.endsWith("token") || key.endsWith("password"))
                        .filter(key -> !declared.getProperty(key).isEmpty()))
                .as("secrets with a value in %s", SETTINGS)
                .isEmpty();
    }
}
