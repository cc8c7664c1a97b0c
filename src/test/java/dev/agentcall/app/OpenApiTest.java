package dev.agentcall.app;

import static dev.agentcall.app.RestClient.CALLS;
import static dev.agentcall.app.RestClient.FACADE;
import static dev.agentcall.app.RestClient.FACADE_WITH_DATA;
import static dev.agentcall.app.RestClient.call;
import static dev.agentcall.app.RestClient.form;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request.Method;
import com.atlassian.oai.validator.model.Response;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Field;
import dev.agentcall.call.Source;
import dev.agentcall.simulator.Simulator;
import io.swagger.v3.parser.OpenAPIV3Parser;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The description at /api/openapi.json is valid, complete, and what the server really does. */
@Timeout(120)
class OpenApiTest {

    private static final String ORIGIN = "https://elsewhere.example";
    private static final String TOO_LARGE = "x".repeat(64 * 1024 + 1);

    private interface Exchange {
        HttpResponse<String> answer() throws Exception;
    }

    /** "POST /path 201" and how to get that answer. */
    private static final Map<String, Exchange> EXCHANGES = new HashMap<>();

    @TempDir
    private static Path folder;

    private static Simulator simulator;
    private static final List<RunningBundle> RUNNING = new ArrayList<>();
    /** Of three servers: one for all, one for users, and one whose uContact is not there. */
    private static RestClient open;

    private static RestClient guarded;
    private static RestClient down;
    /** And one whose ledger has lost its table. */
    private static RestClient broken;

    private static JsonNode document;
    private static OpenApiInteractionValidator validator;

    @BeforeAll
    static void start() throws Exception {
        simulator = Simulator.start(Simulator.Options.defaults());
        Path users = Files.writeString(folder.resolve("users"), "crm=plain\n");
        open = start("open", simulator.uri());
        guarded = start("guarded", simulator.uri(), "agentcall.rest.users", users.toString());
        down = start("down", URI.create("http://127.0.0.1:1"), "agentcall.retry.delay", "60s");
        broken = start("broken", simulator.uri());
        try (Connection ledger = DriverManager.getConnection(
                        "jdbc:sqlite:" + folder.resolve("broken/ledger.db") + "?busy_timeout=30000");
                Statement statement = ledger.createStatement()) {
            statement.execute("ALTER TABLE request RENAME TO lost");
        }
        try (InputStream in = OpenApiTest.class.getResourceAsStream("/dev/agentcall/rest/openapi.json")) {
            String text = new String(in.readAllBytes(), UTF_8);
            document = new JsonMapper().readTree(text);
            validator = OpenApiInteractionValidator.createForInlineApiSpecification(text)
                    .build();
        }
        exchanges();
    }

    private static RestClient start(String name, URI ucontact, String... settings) throws Exception {
        RunningBundle running = RunningBundle.start(Bundle.Extent.ALL, folder.resolve(name), ucontact, settings);
        RUNNING.add(running);
        return RestClient.of(running);
    }

    @AfterAll
    static void stop() throws IOException {
        for (RunningBundle running : RUNNING) {
            running.close();
        }
        simulator.close();
    }

    private static void exchanges() {
        String post = "POST " + CALLS + " ";
        EXCHANGES.put(post + 201, () -> open.post(call("099201", "crm_id", "7")));
        EXCHANGES.put(post + 200, () -> {
            open.post(call("099200", "requestId", "o-200"));
            return open.post(call("099200", "requestId", "o-200"));
        });
        EXCHANGES.put(post + 400, () -> open.post(call("5,98E+10")));
        EXCHANGES.put(post + 409, () -> {
            open.post(call("099409", "requestId", "o-409"));
            return open.post(call("099410", "requestId", "o-409"));
        });
        EXCHANGES.put(post + 413, () -> open.post(call("0991", "x", TOO_LARGE)));
        EXCHANGES.put(post + 415, () -> open.send(open.request(CALLS).POST(BodyPublishers.ofString("{}"))));
        EXCHANGES.put(post + 422, () -> open.post(call("5550000")));
        EXCHANGES.put(post + 503, () -> down.post(call("0991")));
        EXCHANGES.put(post + 504, () -> open.post(call("5550101")));
        EXCHANGES.put("GET " + CALLS + " 200", () -> open.get(CALLS + "?outcome=placed&limit=2"));
        EXCHANGES.put("GET " + CALLS + " 503", () -> broken.get(CALLS));
        EXCHANGES.put("GET " + CALLS + " 400", () -> open.get(CALLS + "?limit=0"));
        String find = "GET " + CALLS + "/{requestId} ";
        EXCHANGES.put(find + 200, () -> {
            open.post(call("099200", "requestId", "o-find"));
            return open.get(CALLS + "/o-find");
        });
        EXCHANGES.put(find + 202, () -> {
            Map<Field, String> fields = new EnumMap<>(Field.class);
            call("099202").forEach((name, value) -> fields.put(Field.ofKey(name), (String) value));
            CallRequest inFlight = new CallRequest("o-202", fields, Map.of(), new Source("rest", CALLS, null));
            RUNNING.get(0).bundle().ledger().claim(inFlight, null);
            return open.get(CALLS + "/o-202");
        });
        EXCHANGES.put(find + 503, () -> broken.get(CALLS + "/any"));
        EXCHANGES.put(find + 404, () -> open.get(CALLS + "/nobody"));
        facade(FACADE, call("0991"));
        facade(FACADE_WITH_DATA, call("0991", "data", "{}"));
        EXCHANGES.put("GET /api/openapi.json 200", () -> open.get("/api/openapi.json"));
        EXCHANGES.put("GET /observe/health/live 200", () -> open.get("/observe/health/live"));
        EXCHANGES.put("GET /observe/health/ready 200", () -> open.get("/observe/health/ready"));
        EXCHANGES.put("GET /observe/health/ready 503", () -> {
            down.post(call("0991"));
            return down.get("/observe/health/ready");
        });
        EXCHANGES.put("GET /observe/metrics 200", () -> open.get("/observe/metrics"));
        for (String operation : operations()) {
            String[] parts = operation.split(" ");
            String path = parts[1].replace("{requestId}", "any");
            EXCHANGES.put(operation + " 401", () -> plain(guarded, parts[0], path));
            EXCHANGES.put(operation + " 403", () -> plain(open, parts[0], path, "Origin", ORIGIN));
        }
    }

    private static HttpResponse<String> plain(RestClient client, String method, String path, String... headers)
            throws Exception {
        return client.send(client.request(path).method(method, BodyPublishers.noBody()), headers);
    }

    private static void facade(String path, Map<String, Object> call) {
        String post = "POST " + path + " ";
        EXCHANGES.put(post + 200, () -> open.postForm(path, form(call)));
        EXCHANGES.put(post + 413, () -> open.postForm(path, TOO_LARGE));
        EXCHANGES.put(
                post + 415,
                () -> open.send(open.request(path)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString("{}"))));
        EXCHANGES.put(post + 503, () -> down.postForm(path, form(call)));
        EXCHANGES.put(post + 504, () -> {
            Map<String, Object> lost = new HashMap<>(call);
            lost.put("destination", "5550101");
            return open.postForm(path, form(lost));
        });
    }

    private static List<String> operations() {
        List<String> operations = new ArrayList<>();
        document.path("paths").properties().forEach(path -> path.getValue()
                .fieldNames()
                .forEachRemaining(method -> operations.add(method.toUpperCase() + " " + path.getKey())));
        return operations;
    }

    private static JsonNode responses(String operation) {
        String[] parts = operation.split(" ");
        return document.path("paths")
                .path(parts[1])
                .path(parts[0].toLowerCase())
                .path("responses");
    }

    @Test
    void itIsValid() {
        assertThat(new OpenAPIV3Parser().readContents(document.toString()).getMessages())
                .isEmpty();
    }

    @Test
    void whatIsServedIsTheDocument() throws Exception {
        assertThat(RestClient.read(open.get("/api/openapi.json"))).isEqualTo(document);
    }

    @TestFactory
    Stream<DynamicTest> everyAnswerInItIsGivenAndIsAsDescribed() {
        return operations().stream().flatMap(operation -> {
            List<String> statuses = new ArrayList<>();
            responses(operation).fieldNames().forEachRemaining(statuses::add);
            return statuses.stream()
                    .map(status -> dynamicTest(operation + " " + status, () -> check(operation, status)));
        });
    }

    private static void check(String operation, String status) throws Exception {
        Exchange exchange = EXCHANGES.get(operation + " " + status);
        assertThat(exchange).as("a way to get " + operation + " " + status).isNotNull();

        HttpResponse<String> answer = exchange.answer();

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(Integer.parseInt(status));
        SimpleResponse.Builder response =
                SimpleResponse.Builder.status(answer.statusCode()).withBody(answer.body());
        answer.headers().map().forEach(response::withHeader);
        assertMatches(operation, response.build());
        JsonNode described = resolved(responses(operation).path(status));
        described.path("headers").fieldNames().forEachRemaining(header -> assertThat(
                        answer.headers().firstValue(header))
                .as(header)
                .isPresent());
    }

    private static void assertMatches(String operation, Response response) {
        String[] parts = operation.split(" ");
        assertThat(validator
                        .validateResponse(parts[1].replace("{requestId}", "any"), Method.valueOf(parts[0]), response)
                        .getMessages())
                .as(operation + " " + response.getStatus())
                .isEmpty();
    }

    private static JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
    }

    @TestFactory
    Stream<DynamicTest> everyExampleIsAsDescribed() {
        return operations().stream().flatMap(operation -> responses(operation).properties().stream()
                .flatMap(response -> resolved(response.getValue()).path("content").properties().stream()
                        .filter(content -> content.getValue().has("example"))
                        .map(content -> dynamicTest(
                                operation + " " + response.getKey(),
                                () -> checkExample(
                                        operation,
                                        Integer.parseInt(response.getKey()),
                                        content.getKey(),
                                        content.getValue().path("example"))))));
    }

    private static void checkExample(String operation, int status, String type, JsonNode example) {
        assertMatches(
                operation,
                SimpleResponse.Builder.status(status)
                        .withContentType(type)
                        .withBody(example.isTextual() ? example.asText() : example.toString())
                        .build());
    }

    @Test
    void theExampleOfARequestIsPlaced() throws Exception {
        JsonNode example = document.at("/paths/~1api~1agent-calls/post/requestBody/content/application~1json/example");

        HttpResponse<String> answer = open.send(open.request(CALLS)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(example.toString())));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        assertThat(RestClient.read(answer).path("extra").path("crm_id").asText())
                .isEqualTo("77001");
    }
}
