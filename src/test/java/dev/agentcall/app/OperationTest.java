package dev.agentcall.app;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentcall.simulator.Fault;
import dev.agentcall.simulator.ReceivedCall;
import dev.agentcall.simulator.Simulator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Another operation of uContact's API, which is nothing but a use of the route template. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperationTest {

    private static final String ADD_QUEUE_MEMBER = "direct:add-queue-member";
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Simulator simulator;
    private Path tokenFile;
    private RunningBundle bundle;
    private ProducerTemplate template;
    /** With a response timeout that runs out, for answers that never come to their end; the others may take their time. */
    private RunningBundle impatientBundle;

    private ProducerTemplate impatient;

    @BeforeAll
    void start(@TempDir Path data) throws Exception {
        simulator = Simulator.start(Simulator.Options.defaults());
        tokenFile = Files.writeString(data.resolve("token"), "first");
        bundle = start(data.resolve("patient"), simulator.uri());
        template = bundle.bundle().context().createProducerTemplate();
        impatientBundle =
                start(data.resolve("impatient"), simulator.uri(), "agentcall.ucontact.response-timeout", "500ms");
        impatient = impatientBundle.bundle().context().createProducerTemplate();
    }

    private RunningBundle start(Path data, URI ucontact, String... settings) throws Exception {
        List<String> all = new ArrayList<>(List.of("agentcall.ucontact.token-file", tokenFile.toString()));
        all.addAll(List.of(settings));
        return RunningBundle.startWithExamples(
                Bundle.Extent.WITHOUT_SOURCES, data, ucontact, List.of("add-queue-member"), all.toArray(String[]::new));
    }

    @AfterAll
    void close() throws IOException {
        bundle.close();
        impatientBundle.close();
        simulator.close();
    }

    private static Map<String, Object> member(String phone) {
        return Map.of(
                "queuemember",
                List.of(Map.of("membername", "ana.garcia", "queueName", "Ventas->", "interface1", "SIP/" + phone)));
    }

    private static Map<String, Object> call(String destination) {
        return Map.of(
                "callerid", "1",
                "agent", "ana",
                "phone", "2",
                "context", "c",
                "outqueue", "o",
                "destination", destination);
    }

    private Exchange send(Object body) {
        return send(template, body);
    }

    private static Exchange send(ProducerTemplate by, Object body) {
        return by.send(ADD_QUEUE_MEMBER, exchange -> exchange.getMessage().setBody(body));
    }

    private static JsonNode result(Exchange exchange) throws IOException {
        assertThat(exchange.getException()).isNull();
        JsonNode result = JSON.readTree(exchange.getMessage().getBody(String.class));
        assertThat(exchange.getVariable("result"))
                .isEqualTo(result.path("result").asText());
        return result;
    }

    /** As somebody may do who has read how other operations are judged. */
    @Test
    void aCallWhoseOperationJudgesForItselfIsNotSentAgain(@TempDir Path data) throws Exception {
        int before = simulator.requests();
        try (RunningBundle edited = RunningBundle.startEdited(
                "send-call",
                Bundle.Extent.WITHOUT_SOURCES,
                data,
                simulator.uri(),
                "      - name: path\n",
                "      - name: success\n        value: \"${body} contains '-'\"\n      - name: path\n")) {
            Map<String, Object> request = new HashMap<>(call("0991"));
            request.put("requestId", "judged-1");

            JsonNode outcome = edited.place(request);
            edited.place(request);

            assertThat(outcome.path("outcome").asText()).isEqualTo("unknown");
            assertThat(outcome.path("detail").asText()).contains("success");
            assertThat(simulator.requests() - before).isEqualTo(1);
        }
    }

    static Stream<Arguments> results() {
        return Stream.of(
                // what rejects a call is what accepts a member, and a GUID is no answer to it
                arguments(Fault.ONE, "accepted", null, 200),
                arguments(Fault.ZERO, "rejected", "ucontact-0", 200),
                arguments(Fault.HTML, "rejected", "unexpected-answer", 200),
                arguments(Fault.NO_CONTENT, "rejected", "unexpected-answer", 204),
                arguments(Fault.HTTP_400, "rejected", "http-400", 400),
                arguments(Fault.CREATED, "unknown", "unexpected-answer", 201),
                arguments(Fault.TOO_LONG, "unknown", "unexpected-answer", 200),
                arguments(Fault.ZERO_UNTIL_CLOSE, "unknown", "connection-lost", 200),
                arguments(Fault.HTTP_500, "unknown", "http-500", 500),
                arguments(Fault.SILENCE, "unknown", "timeout", null),
                arguments(Fault.DRIP, "unknown", "timeout", null),
                arguments(Fault.RESET, "unknown", "connection-lost", null),
                arguments(Fault.CLOSED, "unknown", "connection-lost", null),
                arguments(Fault.CUT_CHUNK, "unknown", "connection-lost", null),
                arguments(Fault.HTTP_302, "unavailable", "http-302", 302),
                arguments(Fault.HTTP_401, "unavailable", "http-401", 401),
                arguments(Fault.HTTP_429, "unavailable", "http-429", 429),
                arguments(Fault.HTTP_503, "unavailable", "http-503", 503));
    }

    @ParameterizedTest
    @MethodSource("results")
    void anAnswerHasItsResultAfterOneRequest(Fault fault, String result, String reason, Integer status)
            throws IOException {
        int before = simulator.requests();

        JsonNode told = result(send("timeout".equals(reason) ? impatient : template, member(fault.destination())));

        assertThat(told.path("operation").asText()).isEqualTo("add-queue-member");
        assertThat(told.path("result").asText()).isEqualTo(result);
        assertThat(told.get("reason").asText(null)).isEqualTo(reason);
        assertThat(told.get("httpStatus")).isEqualTo(JSON.valueToTree(status));
        assertThat(told.get("answer").asText(null)).isEqualTo(result.equals("accepted") ? "1" : null);
        if (result.equals("accepted")) {
            assertThat(told.get("detail").isNull()).isTrue();
        } else {
            assertThat(told.get("detail").asText()).isNotBlank().doesNotContain("the call");
        }
        // Without an answer nobody knows whether the request has been read yet.
        await().atMost(PATIENCE).until(() -> simulator.requests() == before + 1);
    }

    @Test
    void whatCannotBeSentIsUnavailable(@TempDir Path data) throws Exception {
        try (Socket nobody = new Socket()) { // nobody listens, nor can anybody else
            nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            try (RunningBundle other = start(data, URI.create("http://127.0.0.1:" + nobody.getLocalPort()));
                    ProducerTemplate toOther = other.bundle().context().createProducerTemplate()) {
                JsonNode told = result(toOther.send(
                        ADD_QUEUE_MEMBER, exchange -> exchange.getMessage().setBody(member("1001"))));

                assertThat(told.path("result").asText()).isEqualTo("unavailable");
                assertThat(told.path("reason").asText()).isEqualTo("not-sent");
            }
        }
    }

    @Test
    void aSuccessThatMayBeCutIsUnknown(@TempDir Path data) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                RunningBundle other = start(data, URI.create("http://127.0.0.1:" + server.getLocalPort()));
                ProducerTemplate toOther = other.bundle().context().createProducerTemplate()) {
            Future<Exchange> asked = toOther.asyncSend(
                    ADD_QUEUE_MEMBER, exchange -> exchange.getMessage().setBody(member("1001")));
            try (Socket socket = server.accept()) {
                socket.getOutputStream().write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n1".getBytes(US_ASCII));
                socket.shutdownOutput();
                JsonNode told = result(asked.get(30, TimeUnit.SECONDS));

                assertThat(told.path("result").asText()).isEqualTo("unknown");
                assertThat(told.path("reason").asText()).isEqualTo("connection-lost");
            }
        }
    }

    @Test
    void theFormIsMadeOutOfAMapOrJsonOrSentAsItIs() throws IOException {
        String json =
                "{\"queuemember\":[{\"membername\":\"josé\",\"queueName\":\"Ventas->\",\"interface1\":\"SIP/0017\","
                        + "\"penalty\":0,\"paused\":0}]}";
        String form = "queuemember=%5B%7B%22membername%22%3A%22jos%C3%A9%22%2C%22queueName%22%3A%22Ventas-%3E%22%2C"
                + "%22interface1%22%3A%22SIP%2F0017%22%2C%22penalty%22%3A0%2C%22paused%22%3A0%7D%5D";

        for (Object body : List.of(json, JSON.readValue(json, Map.class), form)) {
            assertThat(result(send(body)).path("result").asText()).isEqualTo("accepted");

            ReceivedCall call = last();
            assertThat(call.path()).isEqualTo("/Integra/resources/queues/addqueuemember");
            assertThat(call.body()).isEqualTo(form);
            assertThat(call.headers())
                    .containsEntry("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8");
        }
    }

    @Test
    void brokenJsonIsNotSent() {
        int before = simulator.requests();

        assertThatThrownBy(() -> template.requestBody(ADD_QUEUE_MEMBER, "{\"queuemember\":"))
                .isInstanceOf(CamelExecutionException.class)
                .hasStackTraceContaining("found no JSON");
        assertThat(simulator.requests()).isEqualTo(before);
    }

    @Test
    void headersSteerNothingAndGoNowhere() throws Exception {
        try (Simulator stranger = Simulator.start(Simulator.Options.defaults())) {
            template.send(ADD_QUEUE_MEMBER, exchange -> {
                exchange.getMessage().setBody(member("1001"));
                exchange.getMessage().setHeader("CamelHttpUri", stranger.uri().toString());
                exchange.getMessage()
                        .setHeader("CamelRestHttpUri", stranger.uri().toString());
                exchange.getMessage().setHeader("CamelHttpMethod", "GET");
                exchange.getMessage().setHeader("X-Foo", "bar");
            });

            assertThat(stranger.requests()).isZero();
            assertThat(last().headers()).doesNotContainKey("X-Foo");
        }
    }

    @Test
    void aNewTokenIsReadAfterA401() throws IOException {
        Files.writeString(tokenFile, "second");

        send(member(Fault.HTTP_401.destination()));
        send(member("1001"));

        assertThat(last().headers()).containsEntry("Authorization", "Basic second");
    }

    @Test
    void anotherOperationIsSentOnAnExchangeThatHasHadACall() throws Exception {
        List<Object> afterCalls = List.of(
                call("099123456"), // placed
                call(Fault.HTTP_400.destination()), // rejected
                Map.of("agent", "ana.garcia")); // invalid, so never sent
        for (Object call : afterCalls) {
            Exchange exchange = bundle.send(call, Map.of());
            assertThat(exchange.getException()).isNull();
            int before = simulator.requests();

            for (int times = 1; times <= 2; times++) {
                exchange.getMessage().setBody(member("1001"));
                template.send(ADD_QUEUE_MEMBER, exchange);

                assertThat(result(exchange).path("result").asText()).isEqualTo("accepted");
                assertThat(simulator.requests()).isEqualTo(before + times);
            }
        }
    }

    /** As a user may want who has added such a step to place-call. */
    @Test
    void anotherOperationBesideTheCallIsNotTheCall(@TempDir Path data) throws Exception {
        String toSend = """
                                  - to:
                                      uri: direct
                                      parameters:
                                        name: send-call
                """;
        String member = """
                                  - setVariable:
                                      name: before
                                      expression:
                                        simple:
                                          expression: "${body}"
                                  - setBody:
                                      expression:
                                        constant:
                                          expression: |
                                            {"queuemember": [{"membername": "ana", "queueName": "Ventas->", "interface1": "SIP/1001"}]}
                                  - to:
                                      uri: direct
                                      parameters:
                                        name: add-queue-member
                                  - setBody:
                                      expression:
                                        variable:
                                          expression: before
                """;
        Path example = Path.of("examples/routes/add-queue-member.camel.yaml");
        Files.copy(example, Files.createDirectories(data.resolve("routes")).resolve(example.getFileName()));
        try (RunningBundle edited = RunningBundle.startEdited(
                Bundle.Extent.WITHOUT_SOURCES, data, simulator.uri(), toSend, member + toSend + member)) {
            for (Fault fault : List.of(Fault.ZERO, Fault.HTTP_500)) {
                int before = simulator.requests();

                JsonNode outcome = edited.place(call(fault.destination()));

                assertThat(outcome.path("outcome").asText()).isEqualTo(fault == Fault.ZERO ? "rejected" : "unknown");
                assertThat(simulator.requests()).isEqualTo(before + 3);
            }
            JsonNode outcome = edited.place(call("099123456"));
            assertThat(outcome.path("outcome").asText()).as(outcome.toString()).isEqualTo("placed");
        }
    }

    @Test
    void aCallIsStillPlacedByAGuidAndRejectedByA1() throws IOException {
        assertThat(bundle.place(call("099123")).path("outcome").asText()).isEqualTo("placed");

        send(member("1001"));
        assertThat(last().path()).endsWith("addqueuemember");
    }

    private ReceivedCall last() {
        List<ReceivedCall> calls = simulator.calls();
        return calls.get(calls.size() - 1);
    }
}
