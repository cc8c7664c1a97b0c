package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentcall.csv.CsvFiles;
import dev.agentcall.csv.FileSummary;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;

/** The shipped routes and settings, running in this process; only addresses, folders and times are the test's own. */
final class RunningBundle implements AutoCloseable {

    static final String TOKEN = "dGVzdDp0b2tlbg==";

    private static final JsonMapper JSON = new JsonMapper();

    private final Path data;
    private final Bundle bundle;
    private final ProducerTemplate template;

    private RunningBundle(Path data, Bundle bundle) {
        this.data = data;
        this.bundle = bundle;
        this.template = bundle.context().createProducerTemplate();
    }

    /**
     * Starts it.
     *
     * @param data the folder of everything that it writes
     * @param settings further settings, key and value in turn
     */
    static RunningBundle start(Bundle.Extent extent, Path data, URI ucontact, String... settings) throws Exception {
        Map<String, String> overriding = new HashMap<>();
        overriding.put("agentcall.ucontact.url", ucontact.toString());
        overriding.put("agentcall.ucontact.token", TOKEN);
        overriding.put("agentcall.data", data.toString());
        for (String folder : List.of("inbox", "outbox", "done", "failed")) {
            overriding.put("agentcall." + folder, data.resolve(folder).toString());
        }
        overriding.put("agentcall.ledger.url", "jdbc:sqlite:" + data.resolve("ledger.db"));
        overriding.put("agentcall.retry.delay", "10ms");
        overriding.put("agentcall.rest.port", "0");
        for (int i = 0; i < settings.length; i += 2) {
            overriding.put(settings[i], settings[i + 1]);
        }
        return new RunningBundle(data, Bundle.start(extent, overriding));
    }

    /** The same with files of examples/routes, as if they were copied into routes/. */
    static RunningBundle startWithExamples(
            Bundle.Extent extent, Path data, URI ucontact, List<String> examples, String... settings) throws Exception {
        String[] more = Arrays.copyOf(settings, settings.length + 2);
        more[settings.length] = "camel.main.routesIncludePattern";
        more[settings.length + 1] = examples.stream()
                .map(example -> ",file:examples/routes/" + example + ".camel.yaml")
                .collect(Collectors.joining("", "file:routes/*.yaml", ""));
        return start(extent, data, ucontact, more);
    }

    /** The same with routes as a user has edited them: in place-call, a text is replaced where it stands first. */
    static RunningBundle startEdited(
            Bundle.Extent extent, Path data, URI ucontact, String text, String edited, String... settings)
            throws Exception {
        return startEdited("place-call", extent, data, ucontact, text, edited, settings);
    }

    /** The same with another route. */
    static RunningBundle startEdited(
            String route, Bundle.Extent extent, Path data, URI ucontact, String text, String edited, String... settings)
            throws Exception {
        Path routes = Files.createDirectories(data.resolve("routes"));
        try (Stream<Path> shipped = Files.list(Path.of("routes"))) {
            for (Path file : shipped.toList()) {
                Files.copy(file, routes.resolve(file.getFileName()));
            }
        }
        Path file = routes.resolve(route + ".camel.yaml");
        assertThat(file).content().contains(text);
        Files.writeString(
                file, Files.readString(file).replaceFirst(Pattern.quote(text), Matcher.quoteReplacement(edited)));
        String[] more = Arrays.copyOf(settings, settings.length + 2);
        more[settings.length] = "camel.main.routesIncludePattern";
        more[settings.length + 1] = "file:" + routes + "/*.yaml";
        return start(extent, data, ucontact, more);
    }

    Bundle bundle() {
        return bundle;
    }

    Path data() {
        return data;
    }

    Path inbox() {
        return data.resolve("inbox");
    }

    Path outbox() {
        return data.resolve("outbox");
    }

    Path done() {
        return data.resolve("done");
    }

    Path failed() {
        return data.resolve("failed");
    }

    /** Sends one request to place-call and gives the exchange back as it came. */
    Exchange send(Object body, Map<String, Object> headers) {
        return template.send("direct:place-call", exchange -> {
            exchange.getMessage().setBody(body);
            headers.forEach(exchange.getMessage()::setHeader);
        });
    }

    /** Places one call and gives its outcome. */
    JsonNode place(Object body) throws IOException {
        Exchange exchange = send(body, Map.of());
        assertThat(exchange.getException()).isNull();
        return JSON.readTree(exchange.getMessage().getBody(String.class));
    }

    /** Calls the rows of a file as the command line does: the file stays. */
    FileSummary callOnce(Path file) {
        return call(file, true);
    }

    /** Calls the rows of a file as the inbox does: the file moves. */
    FileSummary call(Path file) {
        return call(file, false);
    }

    /** The same, of a run that fails; gives why. */
    Exception fail(Path file) {
        return callRows(file, false).getException();
    }

    private FileSummary call(Path file, boolean oneShot) {
        Exchange exchange = callRows(file, oneShot);
        assertThat(exchange.getException()).isNull();
        return exchange.getVariable(CsvFiles.SUMMARY, FileSummary.class);
    }

    private Exchange callRows(Path file, boolean oneShot) {
        bundle.csvFiles().setOneShot(oneShot);
        return template.send("direct:call-rows", sent -> sent.getMessage()
                .setBody(file.toAbsolutePath().toString()));
    }

    /** What the success channel has got so far. */
    List<JsonNode> successes() throws IOException {
        return lines(outbox().resolve("success.jsonl"));
    }

    /** What the error channel has got so far. */
    List<JsonNode> errors() throws IOException {
        return lines(outbox().resolve("error.jsonl"));
    }

    /** What the success channel has got for this id, or for the file of this name. */
    List<JsonNode> successes(String idOrFile) throws IOException {
        return about(idOrFile, successes());
    }

    /** What the error channel has got for this id, or for the file of this name. */
    List<JsonNode> errors(String idOrFile) throws IOException {
        return about(idOrFile, errors());
    }

    private static List<JsonNode> about(String idOrFile, List<JsonNode> outcomes) {
        return outcomes.stream()
                .filter(outcome -> outcome.path("requestId").asText().equals(idOrFile)
                        || outcome.path("source").path("name").asText().equals(idOrFile))
                .toList();
    }

    private static List<JsonNode> lines(Path file) throws IOException {
        List<JsonNode> outcomes = new ArrayList<>();
        if (Files.exists(file)) {
            String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            // A line without an end is being written.
            for (String line :
                    text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
                outcomes.add(JSON.readTree(line));
            }
        }
        return outcomes;
    }

    /** The names in a folder, sorted. */
    static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Override
    public void close() throws IOException {
        template.close();
        bundle.close();
    }
}
