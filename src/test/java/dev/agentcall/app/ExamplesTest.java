package dev.agentcall.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpServer;
import dev.agentcall.app.CallStub.Answer;
import dev.agentcall.simulator.Simulator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.camel.spi.RouteController;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The files of examples/routes/, as if they were copied into routes/. receive-sftp is only in {@link RouteFilesTest}. */
@Timeout(120)
class ExamplesTest {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String TABLE =
            "create table calls_to_place (id integer primary key, callerid text, agent text,"
                    + " phone text, context text, outqueue text, destination text, due_on text, status text, guid text,"
                    + " detail text)";

    @TempDir
    private Path data;

    private CallStub ucontact;
    private RunningBundle bundle;

    @BeforeAll
    static void patience() {
        Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
    }

    @BeforeEach
    void startStub() throws IOException {
        ucontact = CallStub.start(call -> Answer.placed());
    }

    @AfterEach
    void close() throws IOException {
        if (bundle != null) {
            bundle.close();
        }
        ucontact.close();
    }

    private void start(List<String> examples, String... settings) throws Exception {
        bundle = RunningBundle.startWithExamples(Bundle.Extent.ALL, data, ucontact.uri(), examples, settings);
    }

    private void restart(List<String> examples, String... settings) throws Exception {
        bundle.close();
        start(examples, settings);
    }

    private static Map<String, Object> request(String agent, String destination) {
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("callerid", "59824001000");
        request.put("agent", agent);
        request.put("phone", "1001");
        request.put("context", "agentes");
        request.put("outqueue", "Ventas->");
        request.put("destination", destination);
        return request;
    }

    private static String line(String agent, String destination) throws IOException {
        return JSON.writeValueAsString(request(agent, destination));
    }

    private static List<String> values(List<JsonNode> outcomes, Function<JsonNode, String> value) {
        return outcomes.stream().map(value).toList();
    }

    private List<String> called() {
        return ucontact.calls().stream().map(call -> call.get("destination")).toList();
    }

    // --- Sources ---

    private Path jsonLines(String name, String... lines) throws IOException {
        return jsonLines(name, String.join("\n", lines).getBytes(UTF_8));
    }

    private Path jsonLines(String name, byte[] text) throws IOException {
        Path folder = Files.createDirectories(data.resolve("json-lines"));
        Path hidden = Files.write(folder.resolve("." + name), text);
        // As if nobody had written to it for a while.
        Files.setLastModifiedTime(hidden, FileTime.from(Instant.now().minusSeconds(10)));
        return Files.move(hidden, folder.resolve(name));
    }

    private void awaitDone(int files) {
        Path done = data.resolve("json-lines/done");
        await().until(() -> Files.exists(done) && RunningBundle.names(done).size() == files);
    }

    @Test
    void eachLineOfAFileIsARequest() throws Exception {
        start(List.of("receive-json-lines"));
        jsonLines(
                "calls.jsonl",
                line("ana", "0991"),
                "",
                "{\"requestId\":\"crm-1\"," + line("bea", "0992").substring(1) + "\r",
                "no JSON",
                line("josé", "0993"));
        awaitDone(1);

        assertThat(called()).containsExactly("0991", "0992", "0993");
        assertThat(ucontact.calls().get(2)).containsEntry("agent", "josé");
        assertThat(values(
                        bundle.successes(), outcome -> outcome.path("requestId").asText()))
                .satisfies(ids -> assertThat(ids.get(0)).matches("jsonl-[0-9a-f]{64}"))
                .contains("crm-1")
                .doesNotHaveDuplicates()
                .hasSize(3);
        assertThat(values(bundle.errors(), outcome -> outcome.path("reason").asText()))
                .containsExactly("malformed");
        assertThat(RunningBundle.names(data.resolve("json-lines/done")).get(0)).endsWith("-calls.jsonl");
    }

    @Test
    void aLineThatIsNotUtf8IsMalformedAndHoldsUpNoOther() throws Exception {
        start(List.of("receive-json-lines"));
        jsonLines(
                "calls.jsonl",
                String.join("\n", line("ana", "0991"), line("josé", "0992"), line("eva", "0993"))
                        .getBytes(ISO_8859_1));
        awaitDone(1);

        assertThat(called()).containsExactly("0991", "0993");
        assertThat(values(bundle.errors(), outcome -> outcome.path("reason").asText()))
                .containsExactly("malformed");
    }

    @Test
    void theSameFileAgainCallsOnlyWhatWasRejected() throws Exception {
        ucontact.answer(call -> call.get("destination").equals("0992") ? new Answer(200, "0") : Answer.placed());
        start(List.of("receive-json-lines"));
        jsonLines("calls.jsonl", line("ana", "0991"), line("bea", "0992"));
        awaitDone(1);
        jsonLines("calls.jsonl", line("ana", "0991"), line("bea", "0992"), line("eva", "0993"));
        awaitDone(2);

        assertThat(called()).containsExactly("0991", "0992", "0992", "0993");
    }

    @Test
    void linesWaitForUcontactAndAStopAndAreCalledOnce() throws Exception {
        List<String> example = List.of("receive-json-lines");
        ucontact.answer(call -> switch (call.get("destination")) {
            case "0991" -> Answer.placed();
            case "0992" -> new Answer(200, "0");
            default -> Answer.unavailable();
        });
        start(example);
        jsonLines("calls.jsonl", line("ana", "0991"), line("bea", "0992"), line("eva", "0993"), line("ana", "0994"));
        await().until(() -> called().contains("0993"));
        restart(example);
        await().until(() -> bundle.bundle().ledger() != null && called().size() > 4);
        ucontact.answer(call -> Answer.placed());
        awaitDone(1);

        assertThat(ucontact.placed()).containsOnlyOnce("0991", "0993", "0994");
        // It is the same delivery, so what was rejected stays rejected.
        assertThat(called()).containsOnlyOnce("0991").containsOnlyOnce("0992").containsOnlyOnce("0994");
    }

    private String database() {
        return "jdbc:sqlite:" + data.resolve("crm.db");
    }

    private List<String> inDatabase(String... statements) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection(database());
                Statement statement = connection.createStatement()) {
            statement.execute("pragma busy_timeout = 5000");
            for (String sql : statements) {
                if (statement.execute(sql)) {
                    ResultSet rows = statement.getResultSet();
                    while (rows.next()) {
                        StringBuilder row = new StringBuilder();
                        for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                            row.append(i == 1 ? "" : " ").append(rows.getString(i));
                        }
                        found.add(row.toString());
                    }
                }
            }
        }
        return found;
    }

    private static String row(int id, String destination, String due) {
        return "insert into calls_to_place values (" + id + ", '59824001000', 'ana', '1001', 'agentes', 'Ventas->', '"
                + destination + "', '" + due + "', 'new', null, null)";
    }

    private String[] tableSettings(String... more) {
        String[] settings = {"table.url", database(), "table.user", "", "table.password", ""};
        return Stream.concat(Arrays.stream(settings), Arrays.stream(more)).toArray(String[]::new);
    }

    @Test
    void rowsOfATableAreCalledAndHaveWhatBecameOfThem() throws Exception {
        inDatabase(TABLE, row(1, "0991", ""), row(2, "0992", ""), row(3, "5,98E+10", ""));
        ucontact.answer(call -> call.get("destination").equals("0992") ? new Answer(200, "0") : Answer.placed());
        start(List.of("table-beans", "receive-table"), tableSettings());

        await().until(() -> inDatabase("select id from calls_to_place where status = 'new'"), List::isEmpty);
        assertThat(inDatabase(
                        "select id, status, guid is not null, detail is not null from calls_to_place order by id"))
                .containsExactly("1 placed 1 0", "2 rejected 0 1", "3 invalid 0 1");
        assertThat(called()).containsExactly("0991", "0992");
        assertThat(values(
                        bundle.successes(), outcome -> outcome.path("requestId").asText()))
                .containsExactly("calls_to_place-1");
    }

    @Test
    void aRowWhoseOutcomeCouldNotBeWrittenIsNotCalledAgain() throws Exception {
        inDatabase(
                TABLE,
                row(1, "0991", ""),
                "create trigger stuck before update on calls_to_place begin select raise(abort, 'stuck'); end");
        start(List.of("table-beans", "receive-table"), tableSettings());
        await().until(() -> !bundle.successes().isEmpty());
        inDatabase("drop trigger stuck");

        await().until(() -> inDatabase("select status from calls_to_place"), List.of("placed")::equals);
        assertThat(called()).containsExactly("0991");
    }

    @Test
    void rowsWaitForUcontact() throws Exception {
        inDatabase(TABLE, row(1, "0991", ""));
        ucontact.answer(call -> Answer.unavailable());
        start(List.of("table-beans", "receive-table"), tableSettings());
        await().until(() -> called().size() > 1);
        assertThat(inDatabase("select status from calls_to_place")).containsExactly("new");
        ucontact.answer(call -> Answer.placed());

        await().until(() -> inDatabase("select status from calls_to_place"), List.of("placed")::equals);
        assertThat(ucontact.placed()).containsExactly("0991");
    }

    @Test
    void onScheduleTheRowsThatAreDueAreCalled() throws Exception {
        inDatabase(TABLE, row(1, "0991", "2020-01-02"), row(2, "0992", "2999-01-02"));
        start(
                List.of("table-beans", "receive-due-rows"),
                tableSettings("due-rows.cron", "* * * * * ?", "due-rows.time-zone", "America/Montevideo"));

        await().until(() -> inDatabase("select status from calls_to_place where id = 1"), List.of("placed")::equals);
        assertThat(inDatabase("select status from calls_to_place where id = 2")).containsExactly("new");
        assertThat(called()).containsExactly("0991");
    }

    /** Without a broker: Kafka's client is a stand-in, so what a broker keeps of the offsets is not looked at. */
    @Test
    void eachRecordOfATopicIsARequestAndTheSameRecordIsCalledOnce() throws Exception {
        start(
                List.of("receive-kafka"),
                KafkaStandIn.SETTING,
                "#class:" + KafkaStandIn.class.getName(),
                "kafka.brokers",
                "127.0.0.1:1",
                "kafka.topic",
                KafkaStandIn.TOPIC,
                "kafka.group",
                "agentcall");
        KafkaStandIn kafka = KafkaStandIn.ofLastStart();
        kafka.deliver(0, line("ana", "0991"));
        kafka.deliver(0, line("ana", "0991"));
        kafka.deliver(1, "{\"requestId\":\"crm-1\"," + line("ana", "0992").substring(1));

        await().until(() -> bundle.successes().size() == 3);
        assertThat(called()).containsExactly("0991", "0992");
        assertThat(values(
                        bundle.successes(), outcome -> outcome.path("requestId").asText()))
                .containsExactly("kafka-agentcall.requests-0-0", "kafka-agentcall.requests-0-0", "crm-1");
        assertThat(kafka.settings()).containsEntry("group.id", "agentcall").containsEntry("max.poll.records", 1);
    }

    @Test
    void whileUcontactIsUnavailableTheFileOfQueueMembersStays() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            // Before the start: after a look that finds nothing the next one is a minute later.
            Path folder = Files.createDirectories(data.resolve("queue-members"));
            for (String phone : List.of("1001", "5550503")) {
                Path file = Files.writeString(
                        folder.resolve("." + phone),
                        "{\"queuemember\":[{\"membername\":\"ana\",\"queueName\":\"Ventas->\",\"interface1\":\"SIP/"
                                + phone + "\",\"penalty\":0,\"paused\":0}]}");
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(10)));
                Files.move(file, folder.resolve(phone + ".json"));
            }
            bundle = RunningBundle.startWithExamples(
                    Bundle.Extent.ALL, data, simulator.uri(), List.of("add-queue-member", "receive-queue-members"));

            Path done = folder.resolve("done");
            await().until(() -> simulator.received() == 2
                    && Files.exists(done)
                    && RunningBundle.names(done).size() == 1);
            assertThat(Files.readString(data.resolve("outbox/queue-members.jsonl")))
                    .contains("\"result\":\"accepted\"")
                    .hasLineCount(1);
            assertThat(RunningBundle.names(done).get(0)).endsWith("-1001.json");
            assertThat(folder.resolve("5550503.json")).exists();
        }
    }

    // --- Channels ---

    /** A web service that can be down, and keeps what it gets. */
    private static final class Webhook implements AutoCloseable {
        private final List<String> bodies = new CopyOnWriteArrayList<>();
        private final List<String> keys = new CopyOnWriteArrayList<>();
        private final Set<String> headers = ConcurrentHashMap.newKeySet();
        private final AtomicInteger requests = new AtomicInteger();
        private final HttpServer server;
        private volatile int status = 204;

        private Webhook() throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                requests.incrementAndGet();
                headers.addAll(exchange.getRequestHeaders().keySet());
                String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
                if (status < 300) {
                    bodies.add(body);
                    keys.add(exchange.getRequestHeaders().getFirst("Idempotency-Key"));
                }
                exchange.getResponseHeaders().set("Retry-After", "1");
                exchange.sendResponseHeaders(status, -1);
                exchange.close();
            });
            server.start();
        }

        private URI uri() {
            return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/outcomes");
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    private String channel(String file, String more) {
        return "jsonl:" + data.resolve("outbox").resolve(file) + " " + more;
    }

    @Test
    void aWebhookThatWasDownGetsItsOutcomesOnceItIsBack() throws Exception {
        try (Webhook webhook = new Webhook()) {
            webhook.status = 503;
            start(
                    List.of("webhook-beans", "deliver-webhook"),
                    "webhook.url",
                    webhook.uri().toString(),
                    "agentcall.channel.success",
                    channel("success.jsonl", "direct:deliver-webhook"),
                    "agentcall.channel.error",
                    channel("error.jsonl", "direct:deliver-webhook"));
            RouteController routes = bundle.bundle().context().getRouteController();
            routes.stopRoute("receive-missed"); // which may try again at any moment
            JsonNode placed = bundle.place(request("ana", "0991"));

            assertThat(placed.path("outcome").asText()).isEqualTo("placed");
            assertThat(webhook.requests).as("tries by the client itself").hasValue(1);
            routes.startRoute("receive-missed");
            await().until(() -> bundle.bundle().ledger().missed(10).size() == 1);

            webhook.status = 204;
            await().until(() -> !webhook.bodies.isEmpty());
            JsonNode invalid = bundle.place(Map.of("requestId", "empty"));
            await().until(() -> webhook.bodies.size() == 2);
            await().until(() -> bundle.bundle().ledger().missed(10).isEmpty());

            assertThat(JSON.readTree(webhook.bodies.get(0))).isEqualTo(placed);
            assertThat(JSON.readTree(webhook.bodies.get(1))).isEqualTo(invalid);
            assertThat(webhook.keys.get(0))
                    .isEqualTo(placed.path("requestId").asText() + "@"
                            + placed.path("at").asText());
            assertThat(called()).containsExactly("0991");
            assertThat(webhook.headers).contains("Content-type").doesNotContain("Authorization");
            // The file has had it all along, and only once.
            assertThat(bundle.successes()).containsExactly(placed);
        }
    }

    @Test
    void aTableGetsEachOutcomeOnceAlsoWhenItWasAway() throws Exception {
        start(
                List.of("table-beans", "deliver-table"),
                tableSettings(
                        "agentcall.channel.success",
                        channel("success.jsonl", "direct:deliver-table"),
                        "agentcall.channel.error",
                        channel("error.jsonl", "direct:deliver-table")));
        Map<String, Object> request = request("ana", "0991");
        request.put("requestId", "crm-1");
        bundle.place(request);
        await("no table yet").until(() -> bundle.bundle().ledger().missed(10).size() == 1);

        inDatabase("create table call_outcomes (request_id text, decided_at text, outcome text, guid text, reason text,"
                + " detail text, json text, primary key (request_id, decided_at))");
        await().until(() -> bundle.bundle().ledger().missed(10).isEmpty());
        bundle.place(request);
        Map<String, Object> other = request("ana", "0992");
        other.put("requestId", "crm-2");
        bundle.place(other);
        bundle.place(other);
        bundle.place(Map.of("requestId", "empty"));

        assertThat(inDatabase("select request_id, outcome, guid is not null, reason from call_outcomes order by 1"))
                .containsExactly("crm-1 placed 1 null", "crm-2 placed 1 null", "empty invalid 0 missing-field");
        assertThat(JSON.readTree(inDatabase("select json from call_outcomes where request_id = 'crm-1'")
                        .get(0)))
                .isEqualTo(bundle.successes().get(0));
        assertThat(called()).containsExactly("0991", "0992");
    }
}
