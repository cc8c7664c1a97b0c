package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import dev.agentcall.config.Settings;
import dev.agentcall.routes.RouteCheck;
import dev.agentcall.routes.RouteFile;
import dev.agentcall.routes.RouteFinding;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What every file in routes/ keeps to, and in examples/routes/, from where it may be copied there; and that routes, settings
 * and program name the same keys.
 */
class RouteFilesTest {

    private static final Path ROUTES = Path.of("routes");
    private static final Path EXAMPLES = Path.of("examples", "routes");
    private static final Path SETTINGS = Path.of("config", "application.properties");
    private static final String SUFFIX = ".camel.yaml";
    private static final String SCHEMA = "/schema/camelYamlDsl-canonical.json";
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final ObjectMapper JSON = new ObjectMapper();
    /** {{key}}, {{?key}}, {{key:default}}, {{!key}}. */
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{[?!]?([^}:]+)(:[^}]*)?}}");

    private static final Pattern CAMEL_MAIN = Pattern.compile("(?<![\\w.])camel[.]main[.][\\w-]+\\w");

    /** What a file holds beside {@code route}, by the end of its name. */
    private static final Map<String, String> KINDS = Map.of(
            "beans", "beans",
            "-errors", "routeConfiguration",
            "post-form", "routeTemplate",
            "send-call", "templatedRoute",
            "send-call-with-data", "templatedRoute",
            "add-queue-member", "templatedRoute");

    private static JsonSchema schema;
    private static Map<String, JsonNode> files;
    private static Map<String, JsonNode> examples;
    private static Properties declared;

    @BeforeAll
    static void read() throws IOException {
        try (InputStream in = RouteFilesTest.class.getResourceAsStream(SCHEMA)) {
            assertThat(in).as(SCHEMA + " of camel-yaml-dsl").isNotNull();
            schema = JsonSchemaFactory.getInstance(VersionFlag.V4).getSchema(in);
        }
        files = read(ROUTES, "");
        examples = read(EXAMPLES, SUFFIX);
        declared = properties(SETTINGS);
    }

    private static Map<String, JsonNode> read(Path folder, String suffix) throws IOException {
        Map<String, JsonNode> found = new TreeMap<>();
        try (Stream<Path> listed = Files.list(folder)) {
            for (Path file : listed.toList()) {
                if (file.toString().endsWith(suffix)) {
                    found.put(file.getFileName().toString(), YAML.readTree(file.toFile()));
                }
            }
        }
        return found;
    }

    private static Properties properties(Path file) throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(file)) {
            properties.load(in);
        }
        return properties;
    }

    /** Of routes/ and of examples/routes/: a file of either has a name of its own. */
    private static Stream<Map.Entry<String, JsonNode>> all() {
        return Stream.concat(files.entrySet().stream(), examples.entrySet().stream());
    }

    private static Set<String> allNames() {
        return all().map(Map.Entry::getKey).collect(Collectors.toSet());
    }

    private static Stream<DynamicTest> eachFile(BiConsumer<String, JsonNode> rule) {
        return all().map(file -> dynamicTest(file.getKey(), () -> rule.accept(file.getKey(), file.getValue())));
    }

    private static Stream<DynamicTest> eachRoute(BiConsumer<String, JsonNode> rule) {
        return eachOf("route", rule);
    }

    private static Stream<DynamicTest> eachOf(String kind, BiConsumer<String, JsonNode> rule) {
        return all().filter(file -> kind(file.getKey()).equals(kind))
                .map(file -> dynamicTest(
                        file.getKey(),
                        () -> rule.accept(file.getKey(), file.getValue().path(0).path(kind))));
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
        all.addAll(RouteFile.of(EXAMPLES));
        try (Stream<Path> listed = Files.list(EXAMPLES)) {
            for (Path file : listed.filter(path -> path.toString().endsWith(".properties"))
                    .toList()) {
                properties.putAll(properties(file));
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

    /** The whole file that docs/extending.md shows is the shipped one, but for its predicate on the body. */
    @Test
    void theExampleOfAnotherPredicateIsTheShippedRoute() throws IOException {
        String section = Files.readString(Path.of("docs", "extending.md")).split("## What counts as success")[1];
        String predicate = "[$][{]body} regex '.*'\n";

        assertThat(block(section, "yaml").replaceFirst(predicate, ""))
                .isEqualTo(Files.readString(ROUTES.resolve("place-call.camel.yaml"))
                        .replaceFirst(predicate, ""))
                .isNotEqualTo(block(section, "yaml"));
    }

    private static String block(String markdown, String language) {
        return markdown.split("```" + language + "\n", 2)[1].split("```", 2)[0];
    }

    @TestFactory
    Stream<DynamicTest> everyFileIsCanonicalYamlDsl() {
        return eachFile((file, content) -> assertThat(schema.validate(content).stream()
                        .map(ValidationMessage::getMessage)
                        .toList())
                .as("routes/%s against %s of camel-yaml-dsl", file, SCHEMA)
                .isEmpty());
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

    @TestFactory
    Stream<DynamicTest> aTemplateHasTheNameOfItsFile() {
        return eachOf("routeTemplate", (file, template) -> {
            assertThat(template.path("id").asText(null))
                    .as("routes/%s: the template's id, expected the file's name", file)
                    .isEqualTo(name(file));
            assertThat(template.path("description").asText())
                    .as("routes/%s: description", file)
                    .endsWith(".");
            for (JsonNode parameter : template.path("parameters")) {
                assertThat(parameter.path("description").asText())
                        .as("routes/%s: description of %s", file, parameter.path("name"))
                        .endsWith(".");
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> aUseOfATemplateHasTheNameOfItsFileAndTheTemplatesParameters() {
        return eachOf("templatedRoute", (file, use) -> {
            String template = use.path("routeTemplateRef").asText() + SUFFIX;
            assertThat(files).as("routes/%s: routeTemplateRef", file).containsKey(template);
            Set<String> required = new TreeSet<>();
            Set<String> known = new TreeSet<>();
            for (JsonNode parameter :
                    files.get(template).path(0).path("routeTemplate").path("parameters")) {
                known.add(parameter.path("name").asText());
                if (parameter.path("required").asBoolean(true)) {
                    required.add(parameter.path("name").asText());
                }
            }
            assertThat(use.path("routeId").asText())
                    .as("routes/%s: routeId, expected the file's name", file)
                    .isEqualTo(name(file));
            Map<String, String> given = new TreeMap<>();
            use.path("parameters")
                    .forEach(parameter -> given.put(
                            parameter.path("name").asText(),
                            parameter.path("value").asText()));
            assertThat(given.keySet()).as("routes/%s: parameters", file).isSubsetOf(known);
            assertThat(given.keySet()).as("routes/%s: parameters", file).containsAll(required);
            assertThat(given).as("routes/%s: parameters", file).containsEntry("name", name(file));
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

    @TestFactory
    Stream<DynamicTest> whatARouteNamesIsThere() {
        Set<String> beans = new HashSet<>();
        all().filter(file -> kind(file.getKey()).equals("beans")).forEach(file -> file.getValue()
                .path(0)
                .path("beans")
                .forEach(bean -> beans.add(bean.path("name").asText())));
        all().forEach(file -> ownNames(file.getValue()).forEach(own -> beans.add("{{" + own + "}}")));
        return eachFile((file, content) -> {
            for (JsonNode bean : content.findValues("bean")) {
                assertThat(beans)
                        .as("routes/%s: a bean step, expected a bean of routes/beans.camel.yaml", file)
                        .contains(bean.path("ref").asText());
            }
            for (JsonNode to : content.findValues("to")) {
                if (to.path("uri").asText().equals("direct")) {
                    assertThat(files.containsKey(file) ? files.keySet() : allNames())
                            .as("routes/%s: a step to direct:, expected a route's name", file)
                            .contains(to.path("parameters").path("name").asText() + SUFFIX);
                }
            }
            for (JsonNode configuration : content.findValues("routeConfigurationId")) {
                assertThat(files)
                        .as("routes/%s: routeConfigurationId, expected a configuration's name", file)
                        .containsKey(configuration.asText() + SUFFIX);
            }
        });
    }

    /** What a template calls its parameters and its own beans. */
    private static Set<String> ownNames(JsonNode content) {
        Set<String> names = new TreeSet<>();
        JsonNode template = content.path(0).path("routeTemplate");
        for (String list : List.of("parameters", "beans")) {
            template.path(list).forEach(own -> names.add(own.path("name").asText()));
        }
        return names;
    }

    @TestFactory
    Stream<DynamicTest> everyEndpointHasOptionsThatItsComponentKnows() {
        return eachFile((file, content) -> {
            List<JsonNode> endpoints = new ArrayList<>(content.findValues("to"));
            endpoints.addAll(content.findValues("from"));
            for (JsonNode endpoint : endpoints) {
                String uri = endpoint.path("uri").asText().replaceFirst(":.*", "");
                String component = uri.startsWith("{{") || uri.equals("webhook-http") ? "http" : uri;
                if (!component.equals("jsonl")) { // our own
                    Set<String> known = options(component);
                    assertThat(fieldNames(endpoint.path("parameters")).stream()
                                    .filter(option -> !option.startsWith("trigger.")))
                            .as("routes/%s: options of %s, expected those of camel-%s", file, uri, component)
                            .isSubsetOf(known);
                }
            }
        });
    }

    /** What a component says of itself in its jar. */
    private static Set<String> options(String component) {
        String own = component.replaceFirst("^agentcall-", ""); // the bundle's own bean of Camel's component
        String description = "/META-INF/org/apache/camel/component/%1$s/%1$s.json".formatted(own);
        for (String at : List.of(description, description.replaceFirst("component/[^/]*/", "component/file/remote/"))) {
            try (InputStream in = RouteFilesTest.class.getResourceAsStream(at)) {
                if (in != null) {
                    return new TreeSet<>(fieldNames(JSON.readTree(in).path("properties")));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        throw new AssertionError("no " + description + ": a component that no dependency has");
    }

    @TestFactory
    Stream<DynamicTest> anExampleTriggerTakesHeadersOffAndEndsInARouteOfItsOwn() {
        return eachRoute((file, route) -> {
            if (!examples.containsKey(file) || !name(file).startsWith("receive-")) {
                return;
            }
            List<String> steps = new ArrayList<>();
            route.path("from").path("steps").forEach(step -> steps.addAll(fieldNames(step)));
            assertThat(steps).as("examples/routes/%s: steps", file).contains("removeHeaders");
            assertThat(steps.subList(0, steps.indexOf("removeHeaders")))
                    .as("examples/routes/%s: steps before removeHeaders", file)
                    .allMatch("setVariable"::equals);
            assertThat(route.findValues("removeHeaders").get(0).path("pattern").asText())
                    .as("examples/routes/%s: removeHeaders", file)
                    .isEqualTo("*");
            assertThat(route.findValues("name").stream().map(JsonNode::asText))
                    .as("examples/routes/%s: direct endpoints", file)
                    .containsAnyOf("place-call", "add-queue-member");
        });
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

    @TestFactory
    Stream<DynamicTest> everyKeyInARouteIsDeclared() {
        return eachFile((file, content) -> {
            Set<String> keys = new TreeSet<>(declared.stringPropertyNames());
            keys.addAll(ownNames(content));
            if (examples.containsKey(file)) {
                keys.addAll(beside(file).stringPropertyNames());
            }
            assertThat(keys)
                    .as("routes/%s uses keys, expected each in %s, or beside an example", file, SETTINGS)
                    .containsAll(placeholders(content.toString()));
        });
    }

    /** The settings that an example comes with, to be added to the configuration. */
    private static Properties beside(String example) {
        Path file = EXAMPLES.resolve(name(example) + ".properties");
        try {
            return Files.exists(file) ? properties(file) : new Properties();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @TestFactory
    Stream<DynamicTest> everySettingOfAnExampleIsUsedByIt() {
        return examples.entrySet().stream()
                .map(file -> dynamicTest(file.getKey(), () -> {
                    assertThat(files.keySet())
                            .as("routes/: expected no file of the name of an example")
                            .doesNotContain(file.getKey());
                    Set<String> used = placeholders(file.getValue().toString());
                    used.addAll(declared.stringPropertyNames());
                    assertThat(used)
                            .as("examples/routes/%s: keys that %s.properties sets", file.getKey(), name(file.getKey()))
                            .containsAll(beside(file.getKey()).stringPropertyNames());
                }));
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

    /** Camel passes over a key of its own that it does not know. */
    @Test
    void everyKeyOfCamelMainThatIsDocumentedExists() throws IOException {
        Set<String> known = new TreeSet<>(Set.of("camel.main.runcontroller")); // the Spring Boot starter's own
        try (InputStream in =
                RouteFilesTest.class.getResourceAsStream("/META-INF/camel-main-configuration-metadata.json")) {
            JSON.readTree(in)
                    .path("properties")
                    .forEach(property ->
                            known.add(withoutDashes(property.path("name").asText())));
        }
        try (Stream<Path> documents = Stream.concat(Files.list(Path.of("docs")), Stream.of(Path.of("README.md")))) {
            for (Path document :
                    documents.filter(path -> path.toString().endsWith(".md")).toList()) {
                assertThat(CAMEL_MAIN
                                .matcher(Files.readString(document))
                                .results()
                                .map(match -> withoutDashes(match.group())))
                        .as("%s: keys, expected those of Camel main", document)
                        .isSubsetOf(known);
            }
        }
    }

    private static String withoutDashes(String key) {
        return key.replace("-", "").toLowerCase(Locale.ROOT);
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
