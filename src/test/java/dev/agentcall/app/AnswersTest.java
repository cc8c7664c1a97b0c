package dev.agentcall.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentcall.call.OutcomeKind;
import dev.agentcall.call.UnavailableException;
import dev.agentcall.http.UcontactHttp;
import dev.agentcall.simulator.Fault;
import dev.agentcall.simulator.ReceivedCall;
import dev.agentcall.simulator.Simulator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import javax.net.ServerSocketFactory;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.file.FileConsumer;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of a request for each answer of uContact and for none, and what a request is on the wire. */
@Timeout(120)
class AnswersTest {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String GUID = "(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Map<String, Object> request(String destination) {
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("requestId", UUID.randomUUID().toString());
        request.put("callerid", "59824001000");
        request.put("agent", "ana.garcia");
        request.put("phone", "1001");
        request.put("tech", "SIP");
        request.put("context", "agentes");
        request.put("outqueue", "Ventas->");
        request.put("destination", destination);
        return request;
    }

    private static String id(Map<String, Object> request) {
        return (String) request.get("requestId");
    }

    private static String text(JsonNode outcome, String property) {
        return outcome.path(property).asText(null);
    }

    /** The outcome is in the one channel, and only there. */
    private static void assertDelivered(RunningBundle bundle, Map<String, Object> request, JsonNode outcome)
            throws IOException {
        boolean placed = "placed".equals(text(outcome, "outcome"));
        assertThat(bundle.successes(id(request))).isEqualTo(placed ? List.of(outcome) : List.of());
        assertThat(bundle.errors(id(request))).isEqualTo(placed ? List.of() : List.of(outcome));
    }

    /** uContact did not take it: no outcome anywhere, and the id is as if it had never been used. */
    private static Exchange assertUnavailable(RunningBundle bundle, Map<String, Object> request) throws IOException {
        Exchange exchange = bundle.send(request, Map.of());
        assertThat(exchange.getException()).isInstanceOf(UnavailableException.class);
        assertThat(exchange.getException().getMessage()).isNotBlank().doesNotContain(RunningBundle.TOKEN);
        assertThat(bundle.bundle().ledger().findSpent(id(request))).isNull();
        assertThat(bundle.successes(id(request))).isEmpty();
        assertThat(bundle.errors(id(request))).isEmpty();
        return exchange;
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class OfTheSimulator {

        private Simulator simulator;
        private RunningBundle bundle;

        @BeforeAll
        void start(@TempDir Path data) throws Exception {
            simulator = Simulator.start(Simulator.Options.defaults());
            bundle = RunningBundle.start(Bundle.Extent.WITHOUT_SOURCES, data, simulator.uri());
        }

        @AfterAll
        void close() throws IOException {
            bundle.close();
            simulator.close();
        }

        Stream<Arguments> outcomes() {
            return Stream.of(
                    arguments(Fault.HTTP_400, "rejected", "http-400", 400),
                    arguments(Fault.HTTP_418, "rejected", "http-418", 418),
                    arguments(Fault.HTTP_500, "unknown", "http-500", 500),
                    arguments(Fault.HTTP_502, "unknown", "http-502", 502),
                    arguments(Fault.HTTP_504, "unknown", "http-504", 504),
                    arguments(Fault.ZERO, "rejected", "ucontact-0", 200),
                    arguments(Fault.ONE, "rejected", "ucontact-1", 200),
                    arguments(Fault.EMPTY, "rejected", "unexpected-answer", 200),
                    arguments(Fault.HTML, "rejected", "unexpected-answer", 200),
                    arguments(Fault.NO_CONTENT, "rejected", "unexpected-answer", 204),
                    arguments(Fault.NEARLY_GUID, "unknown", "unexpected-answer", 200),
                    arguments(Fault.GUID_IN_TEXT, "unknown", "unexpected-answer", 200),
                    arguments(Fault.TOO_LONG, "unknown", "unexpected-answer", 200),
                    arguments(Fault.GUID_COMPRESSED, "unknown", "unexpected-answer", 200),
                    arguments(Fault.GUID_PADDED, "placed", null, 200),
                    arguments(Fault.GUID_QUOTED, "placed", null, 200),
                    arguments(Fault.GUID_UPPER_CASE, "placed", null, 200),
                    arguments(Fault.GUID_CHUNKED, "placed", null, 200),
                    arguments(Fault.GUID_UNTIL_CLOSE, "placed", null, 200),
                    arguments(Fault.CREATED, "placed", null, 201),
                    arguments(Fault.SLOW, "placed", null, 200),
                    arguments(Fault.ZERO_UNTIL_CLOSE, "unknown", "connection-lost", 200),
                    arguments(Fault.RESET, "unknown", "connection-lost", null),
                    arguments(Fault.CLOSED, "unknown", "connection-lost", null),
                    arguments(Fault.SHORT_BODY, "unknown", "connection-lost", null),
                    arguments(Fault.CUT_CHUNK, "unknown", "connection-lost", null),
                    arguments(Fault.GARBAGE, "unknown", "connection-lost", null));
        }

        @ParameterizedTest
        @MethodSource("outcomes")
        void anAnswerHasItsOutcomeAfterOneRequest(Fault fault, String kind, String reason, Integer status)
                throws IOException {
            Map<String, Object> request = request(fault.destination());
            int before = simulator.requests();

            JsonNode outcome = bundle.place(request);

            assertThat(text(outcome, "outcome")).isEqualTo(kind);
            assertThat(text(outcome, "reason")).isEqualTo(reason);
            assertThat(outcome.get("httpStatus")).isEqualTo(JSON.valueToTree(status));
            assertThat(outcome.get("millis").isIntegralNumber()).isTrue();
            assertThat(outcome.get("replayed").asBoolean()).isFalse();
            if (kind.equals("placed")) {
                assertThat(text(outcome, "guid")).matches(GUID);
                assertThat(outcome.get("detail").isNull()).isTrue();
            } else {
                assertThat(outcome.get("guid").isNull()).isTrue();
                assertThat(text(outcome, "detail")).isNotBlank().doesNotContain(RunningBundle.TOKEN);
            }
            assertDelivered(bundle, request, outcome);
            assertThat(simulator.requests()).isEqualTo(before + 1);
        }

        @ParameterizedTest
        @EnumSource(
                value = Fault.class,
                names = {
                    "HTTP_302",
                    "HTTP_401",
                    "HTTP_403",
                    "HTTP_404",
                    "HTTP_405",
                    "HTTP_407",
                    "HTTP_429",
                    "HTTP_503",
                    "BUSY_TWICE"
                })
        void aStatusThatTakesNoCallLeavesNoOutcomeAndTheIdFree(Fault fault) throws IOException {
            Map<String, Object> request = request(fault.destination());
            int before = simulator.requests();

            Exchange exchange = assertUnavailable(bundle, request);

            assertThat(exchange.getException()).hasMessageContaining(fault == Fault.BUSY_TWICE ? "503" : fault.code());
            assertThat(simulator.requests()).isEqualTo(before + 1);
            // With other fields: were the id spent, this would be a conflict.
            request.put("destination", "099123456");
            JsonNode outcome = bundle.place(request);
            assertThat(text(outcome, "outcome")).isEqualTo("placed");
            assertThat(outcome.get("replayed").asBoolean()).isFalse();
            assertDelivered(bundle, request, outcome);
            assertThat(simulator.requests()).isEqualTo(before + 2);
        }

        @Test
        void everyFaultIsTestedHere() {
            Set<Fault> tested = EnumSet.noneOf(Fault.class);
            outcomes().forEach(row -> tested.add((Fault) row.get()[0]));
            tested.addAll(Arrays.stream(Fault.values())
                    .filter(fault -> Set.of("302", "401", "403", "404", "405", "407", "429", "503", "600")
                            .contains(fault.code()))
                    .toList());
            tested.addAll(Stalls.FAULTS);
            tested.add(Fault.CLOSED_AFTER);

            assertThat(tested).containsExactlyInAnyOrder(Fault.values());
        }

        @Test
        void anUnknownAgentIsRejectedAndMayBeSentAgain() throws IOException {
            Map<String, Object> request = request("099123456");
            request.put("agent", "nobody");
            int before = simulator.requests();

            assertThat(text(bundle.place(request), "reason")).isEqualTo("ucontact-0");
            request.put("agent", "ana.garcia");
            assertThat(text(bundle.place(request), "outcome")).isEqualTo("placed");

            assertThat(simulator.requests()).isEqualTo(before + 2);
        }

        @ParameterizedTest
        @EnumSource(
                value = Fault.class,
                names = {"CREATED", "RESET", "HTTP_500"})
        void aSpentIdIsReplayedAndConflictsWithOtherFields(Fault fault) throws IOException {
            Map<String, Object> request = request(fault.destination());
            JsonNode first = bundle.place(request);
            int before = simulator.requests();

            JsonNode again = bundle.place(request);
            request.put("destination", "099000000");
            JsonNode other = bundle.place(request);

            assertThat(again.get("replayed").asBoolean()).isTrue();
            for (String property : List.of("outcome", "guid", "reason", "detail", "httpStatus", "request")) {
                assertThat(again.get(property)).isEqualTo(first.get(property));
            }
            assertThat(text(other, "outcome")).isEqualTo("invalid");
            assertThat(text(other, "reason")).isEqualTo("id-conflict");
            assertThat(simulator.requests()).isEqualTo(before);
        }

        @Test
        void aRequestGoesOverTheWireAsDocumented() throws IOException {
            Map<String, Object> request = request("+598 (99) 123-456");
            request.put("agent", "  josé pérez ");
            request.put("outqueue", "Ventas-> ñ&=+%~*'");
            request.put("phone", 1001);
            request.put("crm_id", "never sent");

            JsonNode outcome = bundle.place(request);

            ReceivedCall call = lastCall();
            assertThat(call.path()).isEqualTo("/Integra/resources/Agents/AgentCall");
            assertThat(call.body())
                    .isEqualTo("callerid=59824001000&agent=jos%C3%A9+p%C3%A9rez&phone=1001&tech=SIP&context=agentes"
                            + "&outqueue=Ventas-%3E+%C3%B1%26%3D%2B%25%7E*%27&destination=%2B59899123456");
            assertOurHeaders(call);
            assertThat(outcome.get("request")).isEqualTo(JSON.valueToTree(call.fields()));
            assertThat(outcome.get("extra")).isEqualTo(JSON.readTree("{\"crm_id\":\"never sent\"}"));
        }

        @Test
        void dataGoesToThePathForIt() throws IOException {
            Map<String, Object> request = request("099123456");
            request.put("data", "{\"k\": \"á\"}\n");

            assertThat(text(bundle.place(request), "outcome")).isEqualTo("placed");

            ReceivedCall call = lastCall();
            assertThat(call.path()).isEqualTo("/Integra/resources/Agents/AgentCallwithData");
            assertThat(call.body()).endsWith("&destination=099123456&data=%7B%22k%22%3A+%22%C3%A1%22%7D%0A");
            assertOurHeaders(call);
        }

        @Test
        void headersOfTheIncomingMessageSteerNothingAndGoNowhere() throws IOException {
            try (Simulator stranger = Simulator.start(Simulator.Options.defaults())) {
                Map<String, Object> headers = new LinkedHashMap<>();
                headers.put("CamelHttpUri", stranger.uri() + Simulator.AGENT_CALL);
                headers.put("CAmelHttpUri", stranger.uri() + Simulator.AGENT_CALL);
                headers.put("CamelRestHttpUri", stranger.uri() + Simulator.AGENT_CALL);
                headers.put("CamelHttpPath", "/elsewhere");
                headers.put("CamelHttpQuery", "a=b");
                headers.put("CamelHttpRawQuery", "a=b");
                headers.put("CamelRestHttpQuery", "a=b");
                headers.put("CamelHttpMethod", "GET");
                headers.put("CamelHttpHost", "stranger.invalid");
                headers.put("Authorization", "Basic c3RyYW5nZXI=");
                headers.put("Host", "stranger.invalid");
                headers.put("Cookie", "session=1");
                headers.put("Content-Type", "application/json");
                headers.put("Content-Encoding", "gzip");
                headers.put("Content-Length", "1");
                headers.put("Connection", "close");
                headers.put("X-Foo", "bar");
                headers.put("CamelFileName", "elsewhere.jsonl");
                headers.put("CamelOverruleFileName", "elsewhere.jsonl");
                Map<String, Object> request = request("099123456");

                Exchange exchange = bundle.send(request, headers);

                assertThat(exchange.getException()).isNull();
                assertThat(stranger.requests()).isZero();
                ReceivedCall call = lastCall();
                assertThat(call.fields()).containsEntry("destination", "099123456");
                assertThat(call.path()).isEqualTo(Simulator.AGENT_CALL);
                assertOurHeaders(call);
                assertThat(call.headers()).containsEntry("Host", simulator.uri().getAuthority());
                assertThat(bundle.successes(id(request))).hasSize(1);
                assertThat(exchange.getMessage().getHeaders().values().toString())
                        .doesNotContain(RunningBundle.TOKEN);
            }
        }

        @Test
        void headersOfTheIncomingMessageDoNotSteerTheErrorChannelEither() throws IOException {
            Map<String, Object> request = request("no number");

            bundle.send(
                    request, Map.of("CamelFileName", "elsewhere.jsonl", "CamelOverruleFileName", "elsewhere.jsonl"));

            assertThat(bundle.errors(id(request))).hasSize(1);
            assertThat(RunningBundle.names(bundle.outbox())).doesNotContain("elsewhere.jsonl");
        }

        private ReceivedCall lastCall() {
            List<ReceivedCall> calls = simulator.calls();
            return calls.get(calls.size() - 1);
        }

        private void assertOurHeaders(ReceivedCall call) {
            assertThat(call.headers())
                    .containsEntry("Authorization", "Basic " + RunningBundle.TOKEN)
                    .containsEntry("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
                    .containsEntry("Content-Length", String.valueOf(call.body().length()));
            Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
            names.addAll(call.headers().keySet());
            assertThat(Set.of("Authorization", "Content-Type", "Content-Length", "Host", "User-Agent", "Connection"))
                    .containsAll(names);
            assertThat(call.headers().getOrDefault("Connection", "keep-alive")).isEqualToIgnoringCase("keep-alive");
        }

        Stream<Arguments> bodies() throws IOException {
            String json = JSON.writeValueAsString(request("099123456"));
            Path file = Files.writeString(bundle.data().resolve("request.json"), json);
            return Stream.of(
                    arguments("a map", request("099123456")),
                    arguments("a text", json),
                    arguments("bytes", json.getBytes(UTF_8)),
                    arguments("a stream", new ByteArrayInputStream(json.getBytes(UTF_8))),
                    arguments("a file", file.toFile()));
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("bodies")
        void aRequestComesInManyForms(String form, Object body) throws IOException {
            // Of one request the first is placed and the others are replayed: all of them were read alike.
            assertThat(text(bundle.place(body), "outcome")).isEqualTo("placed");
        }

        @Test
        void bytesAreReadInTheCharsetThatTheirExchangeNames() throws IOException {
            Map<String, Object> request = request("0991");
            request.put("agent", "josé");

            bundle.bundle().context().createProducerTemplate().send("direct:place-call", exchange -> {
                exchange.setProperty(Exchange.CHARSET_NAME, "ISO-8859-1");
                exchange.getMessage().setBody(JSON.writeValueAsString(request).getBytes(ISO_8859_1));
            });

            assertThat(simulator.calls())
                    .last()
                    .extracting(call -> call.fields().get("agent"))
                    .isEqualTo("josé");
        }

        @ParameterizedTest
        @MethodSource("unreadable")
        void whatIsNoRequestIsMalformedAndNotSent(Object body) throws IOException {
            int before = simulator.requests();

            JsonNode outcome = bundle.place(body);

            assertThat(text(outcome, "outcome")).isEqualTo("invalid");
            assertThat(text(outcome, "reason")).isEqualTo("malformed");
            assertThat(outcome.get("httpStatus").isNull()).isTrue();
            assertThat(bundle.errors(text(outcome, "requestId"))).containsExactly(outcome);
            assertThat(simulator.requests()).isEqualTo(before);
        }

        static Stream<Object> unreadable() throws IOException {
            byte[] latin1 = "{\"agent\": \"ñ\"}".getBytes(ISO_8859_1);
            Path noUtf8 = Files.createTempFile("request", ".json");
            Files.write(noUtf8, latin1);
            noUtf8.toFile().deleteOnExit();
            return Stream.of(
                    "",
                    "[]",
                    "\"text\"",
                    "7",
                    "{\"callerid\":",
                    "{} {}",
                    "callerid=1&agent=a",
                    FileConsumer.asGenericFile(noUtf8.getParent().toString(), noUtf8.toFile(), null, false),
                    latin1,
                    new ByteArrayInputStream(latin1),
                    null);
        }
    }

    /** With a response timeout that runs out. A thread of their own, since a read that never ends is not interrupted. */
    @Nested
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class Stalls {

        /** Longer than the pause between two bytes of a drip, so that only a deadline for the whole ends it. */
        private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(2);

        static final Set<Fault> FAULTS = EnumSet.of(Fault.SILENCE, Fault.HEAD_ONLY, Fault.DRIP);

        private Simulator simulator;
        private RunningBundle bundle;

        @BeforeAll
        void start(@TempDir Path data) throws Exception {
            simulator = Simulator.start(Simulator.Options.defaults());
            bundle = RunningBundle.start(
                    Bundle.Extent.WITHOUT_SOURCES,
                    data,
                    simulator.uri(),
                    "agentcall.ucontact.response-timeout",
                    RESPONSE_TIMEOUT.toMillis() + "ms");
        }

        @AfterAll
        void close() throws IOException {
            bundle.close();
            simulator.close();
        }

        @ParameterizedTest
        @EnumSource(
                value = Fault.class,
                names = {"SILENCE", "HEAD_ONLY", "DRIP"})
        void anAnswerThatDoesNotComeToItsEndInTimeIsUnknown(Fault fault) throws IOException {
            Map<String, Object> request = request(fault.destination());
            int before = simulator.requests();

            JsonNode outcome = bundle.place(request);

            assertThat(text(outcome, "outcome")).isEqualTo("unknown");
            assertThat(text(outcome, "reason")).isEqualTo("timeout");
            assertThat(outcome.get("httpStatus").isNull()).isTrue();
            assertThat(text(outcome, "detail")).contains("agentcall.ucontact.response-timeout");
            assertThat(Duration.ofMillis(outcome.get("millis").asLong()))
                    .isBetween(RESPONSE_TIMEOUT, RESPONSE_TIMEOUT.plus(PATIENCE));
            assertDelivered(bundle, request, outcome);
            await().atMost(PATIENCE).until(() -> simulator.requests() == before + 1);
        }
    }

    /** Where each case needs settings of its own. */
    @Nested
    class OnTheWay {

        @TempDir
        private Path folder;

        private RunningBundle start(URI ucontact, String... settings) throws Exception {
            return RunningBundle.start(Bundle.Extent.WITHOUT_SOURCES, folder.resolve("data"), ucontact, settings);
        }

        private SelfSigned certificate(String name) throws Exception {
            return SelfSigned.make(folder.resolve("keys.p12"), name);
        }

        private String[] trusting(SelfSigned certificate, String... more) {
            List<String> settings = Stream.concat(
                            Stream.of(
                                    "agentcall.ucontact.truststore",
                                    certificate.keystore().toString(),
                                    "agentcall.ucontact.truststore-password",
                                    SelfSigned.PASSWORD),
                            Stream.of(more))
                    .toList();
            return settings.toArray(String[]::new);
        }

        private void assertPlaced(RunningBundle bundle, Simulator simulator) throws IOException {
            Map<String, Object> request = request("099123456");
            JsonNode outcome = bundle.place(request);
            assertThat(text(outcome, "outcome")).as(outcome.toString()).isEqualTo("placed");
            assertDelivered(bundle, request, outcome);
            assertThat(simulator.requests()).isEqualTo(1);
        }

        @Test
        void aConnectionThatIsClosedAfterTheAnswerIsNoFault() throws Exception {
            try (Simulator simulator = Simulator.start(Simulator.Options.defaults());
                    RunningBundle bundle = start(simulator.uri())) {
                Map<String, Object> request = request(Fault.CLOSED_AFTER.destination());

                JsonNode outcome = bundle.place(request);

                assertThat(text(outcome, "outcome")).isEqualTo("placed");
                assertDelivered(bundle, request, outcome);
                assertThat(simulator.requests()).isEqualTo(1);
            }
        }

        @ParameterizedTest
        @CsvSource({
            "http, ZERO_WITH_THE_ANSWER",
            "http, ZERO_BEHIND_THE_ANSWER",
            "http, TIMEOUT_WHILE_IT_RESTS",
            "https, ZERO_WITH_THE_ANSWER",
            "https, TIMEOUT_WHILE_IT_RESTS"
        })
        void whatComesUnaskedIsNotTakenForTheAnswerToTheNextCall(String scheme, TalkativeServer.Says says)
                throws Exception {
            SelfSigned certificate = certificate("ip:127.0.0.1");
            ServerSocketFactory sockets = scheme.equals("http")
                    ? ServerSocketFactory.getDefault()
                    : certificate.tls().getServerSocketFactory();
            try (TalkativeServer server = TalkativeServer.start(sockets, says);
                    RunningBundle bundle =
                            start(URI.create(scheme + "://127.0.0.1:" + server.port()), trusting(certificate))) {
                for (int number = 1; number <= 4; number++) {
                    JsonNode outcome = bundle.place(request("0991" + number));

                    assertThat(text(outcome, "guid")).as(outcome.toString()).isEqualTo(TalkativeServer.guid(number));
                    server.awaitSaid();
                }
                assertThat(server.requests()).isEqualTo(4);
            }
        }

        @Test
        void theBodyOfAnAnswerThatHasNoneIsNotTakenForTheNextAnswer() throws Exception {
            try (TalkativeServer server = TalkativeServer.start(
                            ServerSocketFactory.getDefault(), TalkativeServer.Says.BODY_BEHIND_A_304);
                    RunningBundle bundle =
                            start(URI.create("http://127.0.0.1:" + server.port()), "agentcall.retry.delay", "1ms")) {
                assertUnavailable(bundle, request("0991"));

                await().atMost(PATIENCE).untilAsserted(() -> assertThat(text(bundle.place(request("0992")), "guid"))
                        .isEqualTo(TalkativeServer.guid(2)));
            }
        }

        @Test
        void aPortThatRefusesIsUnavailableAndTheIdIsFree() throws Exception {
            try (Socket nobody = new Socket()) { // nobody listens, nor can anybody else but who reuses the address
                nobody.setReuseAddress(true);
                nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                int port = nobody.getLocalPort();
                try (RunningBundle bundle = start(URI.create("http://127.0.0.1:" + port))) {
                    Map<String, Object> request = request("099123456");
                    assertUnavailable(bundle, request);

                    try (Simulator simulator =
                            Simulator.start(Simulator.Options.defaults().withPort(port))) {
                        request.put("destination", "099123457");
                        assertThat(text(bundle.place(request), "outcome")).isEqualTo("placed");
                        assertThat(simulator.requests()).isEqualTo(1);
                    }
                }
            }
        }

        @Test
        void aHostThatNobodyKnowsIsUnavailable() throws Exception {
            try (RunningBundle bundle = start(URI.create("http://no-such-host.invalid"))) {
                assertUnavailable(bundle, request("099123456"));
            }
        }

        @Test
        void aCertificateThatIsNotTrustedIsUnavailable() throws Exception {
            SelfSigned certificate = certificate("ip:127.0.0.1");
            try (Simulator simulator =
                            Simulator.start(Simulator.Options.defaults().withTls(certificate.tls()));
                    RunningBundle bundle = start(simulator.uri())) {
                assertUnavailable(bundle, request("099123456"));
                assertThat(simulator.requests()).isZero();
            }
        }

        @Test
        void aCertificateInTheTruststoreIsTrusted() throws Exception {
            SelfSigned certificate = certificate("ip:127.0.0.1");
            try (Simulator simulator =
                            Simulator.start(Simulator.Options.defaults().withTls(certificate.tls()));
                    RunningBundle bundle = start(simulator.uri(), trusting(certificate))) {
                assertPlaced(bundle, simulator);
            }
        }

        @Test
        void aTrustedCertificateOfAnotherHostIsUnavailable() throws Exception {
            SelfSigned certificate = certificate("dns:elsewhere.invalid");
            try (Simulator simulator =
                            Simulator.start(Simulator.Options.defaults().withTls(certificate.tls()));
                    RunningBundle bundle = start(simulator.uri(), trusting(certificate))) {
                assertUnavailable(bundle, request("099123456"));
                assertThat(simulator.requests()).isZero();
            }
        }

        @Test
        void aTlsHandshakeThatStallsOrBreaksIsUnavailable() throws Exception {
            try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                    RunningBundle bundle = start(
                            URI.create("https://127.0.0.1:" + server.getLocalPort()),
                            "agentcall.ucontact.connect-timeout",
                            "500ms")) {
                // Nobody accepts: the connection stands, and that is all.
                assertUnavailable(bundle, request("099123456"));

                Thread resetting = new Thread(() -> {
                    try {
                        while (true) {
                            Socket socket = server.accept();
                            socket.setSoLinger(true, 0);
                            socket.close();
                        }
                    } catch (IOException e) {
                        // The test is over.
                    }
                });
                resetting.setDaemon(true);
                resetting.start();
                assertUnavailable(bundle, request("099123456"));
            }
        }

        @Test
        void aPlainRequestGoesThroughTheProxy() throws Exception {
            try (Simulator simulator = Simulator.start(Simulator.Options.defaults());
                    ForwardProxy proxy = ForwardProxy.open();
                    RunningBundle bundle = start(simulator.uri(), "agentcall.ucontact.proxy", proxy.url())) {
                assertPlaced(bundle, simulator);
                assertThat(proxy.heads())
                        .singleElement()
                        .asString()
                        .startsWith("POST " + simulator.uri() + Simulator.AGENT_CALL + " HTTP/1.1");
            }
        }

        @Test
        void aTlsRequestGoesThroughTheProxyInATunnelAndTheProxyDoesNotSeeTheToken() throws Exception {
            SelfSigned certificate = certificate("ip:127.0.0.1");
            try (Simulator simulator =
                            Simulator.start(Simulator.Options.defaults().withTls(certificate.tls()));
                    ForwardProxy proxy = ForwardProxy.open();
                    RunningBundle bundle =
                            start(simulator.uri(), trusting(certificate, "agentcall.ucontact.proxy", proxy.url()))) {
                assertPlaced(bundle, simulator);
                assertThat(proxy.heads())
                        .singleElement()
                        .asString()
                        .startsWith("CONNECT " + simulator.uri().getAuthority() + " HTTP/1.1")
                        .doesNotContainIgnoringCase("\nAuthorization:")
                        .doesNotContain(RunningBundle.TOKEN);
            }
        }

        @Test
        void aProxyThatWantsAPasswordIsUnavailableAlsoForATunnel() throws Exception {
            try (Simulator simulator = Simulator.start(Simulator.Options.defaults());
                    ForwardProxy proxy = ForwardProxy.closed()) {
                for (String scheme : List.of("http", "https")) {
                    URI ucontact = URI.create(scheme + "://" + simulator.uri().getAuthority());
                    try (RunningBundle bundle = RunningBundle.start(
                            Bundle.Extent.WITHOUT_SOURCES,
                            folder.resolve(scheme),
                            ucontact,
                            "agentcall.ucontact.proxy",
                            proxy.url())) {
                        assertThat(assertUnavailable(bundle, request("099123456"))
                                        .getException())
                                .hasMessageContaining("407");
                    }
                }
                assertThat(simulator.requests()).isZero();
                assertThat(proxy.heads()).hasSize(2);
                assertThat(proxy.heads().get(1)).startsWith("CONNECT ").doesNotContain(RunningBundle.TOKEN);
            }
        }

        @ParameterizedTest
        @CsvSource({"http, 407 Denied", "https, 407 Denied", "http, 502 Bad Gateway", "https, 502 Bad Gateway"})
        void theAnswerOfAProxyIsNotTakenForUcontacts(String scheme, String status) throws Exception {
            URI ucontact = URI.create(scheme + "://ucontact.invalid");
            try (ForwardProxy proxy = ForwardProxy.refusing(status);
                    RunningBundle bundle = start(ucontact, "agentcall.ucontact.proxy", proxy.url())) {
                UcontactHttp http = bundle.bundle().context().getRegistry().findSingleByType(UcontactHttp.class);

                assertThatThrownBy(http::probe)
                        .isInstanceOf(IOException.class)
                        .hasMessage("the proxy answered HTTP " + status.substring(0, 3));
            }
        }

        @Test
        void aServerThatDribblesDoesNotHoldUpTheProbe() throws Exception {
            try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    RunningBundle bundle = start(
                            URI.create("http://127.0.0.1:" + server.getLocalPort()),
                            "agentcall.ucontact.response-timeout",
                            "500ms")) {
                Thread dribbling = new Thread(() -> {
                    try (Socket client = server.accept()) {
                        while (true) {
                            client.getOutputStream().write('H');
                            Thread.sleep(100);
                        }
                    } catch (IOException | InterruptedException e) {
                        // The client has hung up.
                    }
                });
                dribbling.setDaemon(true);
                dribbling.start();
                UcontactHttp http = bundle.bundle().context().getRegistry().findSingleByType(UcontactHttp.class);

                assertThatThrownBy(http::probe).hasMessageContaining("agentcall.ucontact.response-timeout (500 ms)");
            }
        }

        @Test
        void aRequestWithoutAnIdThatAloneIsNeverTakenIsRejectedWhenTheSameExchangeComesAgain() throws Exception {
            try (CallStub stub = CallStub.start(call -> call.get("destination").equals("0991")
                            ? new CallStub.Answer(404, "not here")
                            : CallStub.Answer.placed());
                    RunningBundle bundle = start(stub.uri());
                    ProducerTemplate source = bundle.bundle().context().createProducerTemplate()) {
                Map<String, Object> request = request("0991");
                request.remove("requestId");
                Exchange exchange = new DefaultExchange(bundle.bundle().context());
                for (int tries = 1; tries <= 3; tries++) {
                    exchange.setException(null);
                    exchange.getMessage().setBody(request);
                    source.send("direct:place-call", exchange);
                    if (tries < 3) {
                        assertThat(exchange.getException()).isInstanceOf(UnavailableException.class);
                        bundle.place(request("0992" + tries));
                    }
                }

                JsonNode outcome =
                        new JsonMapper().readTree(exchange.getMessage().getBody(String.class));
                assertThat(text(outcome, "outcome")).as(outcome.toString()).isEqualTo("rejected");
                assertThat(text(outcome, "reason")).isEqualTo("http-404");

                stub.answer(call -> CallStub.Answer.placed());
                for (int more = 0; more < 2; more++) {
                    exchange.getMessage().setBody(request);
                    source.send("direct:place-call", exchange);
                }
                assertThat(stub.calls())
                        .as("more of the same are requests of their own")
                        .hasSize(3 + 2 + 2);
            }
        }

        @Test
        void aCallThatARouteHasGivenUpWhileItWasMadeIsUnknown() throws Exception {
            String post = """
                              - to:
                                  uri: direct
                                  parameters:
                                    name: send-call
            """;
            String givenUp = """
                              - wireTap:
                                  uri: direct
                                  parameters:
                                    name: send-call
                              - setVariable:
                                  name: arrived
                                  simple: "${header.arrived.take}"
                              - throwException:
                                  exceptionType: java.lang.IllegalStateException
                                  message: given up
            """;
            BlockingQueue<Object> arrived = new LinkedBlockingQueue<>(); // calls that the route may give up
            CountDownLatch end = new CountDownLatch(1);
            try (CallStub stub = CallStub.start(call -> {
                        arrived.add(call);
                        end.await();
                        return CallStub.Answer.placed();
                    });
                    RunningBundle bundle = RunningBundle.startEdited(
                            Bundle.Extent.WITHOUT_SOURCES, folder.resolve("data"), stub.uri(), post, givenUp);
                    ProducerTemplate source = bundle.bundle().context().createProducerTemplate()) {
                Map<String, Object> request = request("0991");

                assertThat(bundle.send(request, Map.of("arrived", arrived)).getException())
                        .hasMessage("given up");

                assertThat(bundle.bundle()
                                .ledger()
                                .findSpent(id(request))
                                .outcome()
                                .kind())
                        .isEqualTo(OutcomeKind.UNKNOWN);

                Map<String, Object> withoutId = request("0992");
                withoutId.remove("requestId");
                Exchange again = new DefaultExchange(bundle.bundle().context());
                for (int tries = 1; tries <= 2; tries++) {
                    again.setException(null);
                    again.getMessage().setHeader("arrived", arrived);
                    again.getMessage().setBody(withoutId);
                    source.send("direct:place-call", again);
                }
                assertThat(stub.calls()).as("tries of one request").hasSize(2);
                assertThat(text(JSON.readTree(again.getMessage().getBody(String.class)), "outcome"))
                        .isEqualTo("unknown");
                end.countDown();
            }
        }

        @Test
        void aRouteThatSendsACallTwiceRingsOnceAndTheCallIsUnknown() throws Exception {
            String post = """
                              - to:
                                  uri: direct
                                  parameters:
                                    name: send-call
            """;
            try (CallStub stub = CallStub.start(call -> CallStub.Answer.placed());
                    RunningBundle bundle = RunningBundle.startEdited(
                            Bundle.Extent.WITHOUT_SOURCES, folder.resolve("data"), stub.uri(), post, post + post)) {
                Map<String, Object> request = request("0991");

                JsonNode outcome = bundle.place(request);

                assertThat(text(outcome, "outcome")).as(outcome.toString()).isEqualTo("unknown");
                assertThat(text(outcome, "detail")).contains("sent or taken back already");
                assertThat(text(bundle.place(request), "outcome")).isEqualTo("unknown");
                assertThat(stub.calls()).hasSize(1);
            }
        }

        @Test
        void aPredicateThatAcceptsTooMuchMakesNothingPlacedThatHasNoAnswer() throws Exception {
            String guid = "${body} regex '\\s*([\"\\x27]?)[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\1\\s*'";
            try (Simulator simulator = Simulator.start(Simulator.Options.defaults());
                    RunningBundle bundle = RunningBundle.startEdited(
                            Bundle.Extent.ALL, folder.resolve("data"), simulator.uri(), guid, "${body} != '0'")) {
                Map<String, Object> unavailable = request(Fault.HTTP_503.destination());
                assertUnavailable(bundle, unavailable);

                for (Fault fault : List.of(Fault.HTTP_400, Fault.HTTP_500, Fault.RESET)) {
                    Map<String, Object> request = request(fault.destination());
                    assertThat(bundle.send(request, Map.of()).getException())
                            .hasMessageContaining("the predicate in place-call accepts what is ");
                    await().atMost(PATIENCE)
                            .until(() -> bundle.errors(id(request)).size() == 1);
                    assertThat(bundle.successes(id(request))).isEmpty();
                }
                assertThat(text(bundle.place(request("099123456")), "outcome")).isEqualTo("placed");
            }
        }

        /** A file source sets it for its endpoint's charset. */
        @Test
        void theCharsetOfASourceIsNotThatOfAnOutcome() throws Exception {
            try (CallStub stub = CallStub.start(call -> CallStub.Answer.placed());
                    RunningBundle bundle = start(stub.uri(), "agentcall.channel.success", "direct:told");
                    ProducerTemplate source = bundle.bundle().context().createProducerTemplate()) {
                List<byte[]> told = new CopyOnWriteArrayList<>();
                bundle.bundle().context().addRoutes(new RouteBuilder() {
                    @Override
                    public void configure() {
                        from("direct:told")
                                .routeId("told")
                                .process(exchange ->
                                        told.add(exchange.getMessage().getBody(byte[].class)));
                    }
                });
                bundle.bundle().context().getRouteController().startRoute("told");
                Map<String, Object> request = request("0991");
                request.put("nombre", "Núñez €");

                source.send("direct:place-call", exchange -> {
                    exchange.setProperty(Exchange.CHARSET_NAME, "ISO-8859-1");
                    exchange.getMessage().setBody(request);
                });

                assertThat(told).singleElement().satisfies(outcome -> assertThat(new String(outcome, UTF_8))
                        .contains("\"nombre\":\"Núñez €\""));
            }
        }

        /** As some gateways do on their error pages. */
        @Test
        void anAnswerThatQuotesTheTokenIsToldWithoutIt() throws Exception {
            try (CallStub stub = CallStub.start(call -> new CallStub.Answer(
                            400, "refused: Basic " + RunningBundle.TOKEN + ", agent " + call.get("agent")));
                    RunningBundle bundle = start(stub.uri())) {
                JsonNode outcome = bundle.place(request("0991"));

                assertThat(text(outcome, "detail"))
                        .contains("refused: Basic …, agent ")
                        .doesNotContain(RunningBundle.TOKEN);
            }
        }

        @Test
        void theTokenMayComeFromAFileAndTheSchemeMayBeBearer() throws Exception {
            Path token = Files.writeString(folder.resolve("token"), "t0ken-in-a-file\n");
            try (Simulator simulator =
                            Simulator.start(Simulator.Options.defaults().withToken("t0ken-in-a-file"));
                    RunningBundle bundle = start(
                            simulator.uri(),
                            "agentcall.ucontact.token",
                            "",
                            "agentcall.ucontact.token-file",
                            token.toString(),
                            "agentcall.ucontact.auth-scheme",
                            "Bearer")) {
                assertPlaced(bundle, simulator);
                assertThat(simulator.calls().get(0).headers()).containsEntry("Authorization", "Bearer t0ken-in-a-file");
            }
        }

        @Test
        void aNewTokenInTheFileIsReadAfterA401() throws Exception {
            Path token = Files.writeString(folder.resolve("token"), "old\n");
            try (Simulator simulator =
                            Simulator.start(Simulator.Options.defaults().withToken("new"));
                    RunningBundle bundle = start(simulator.uri(), "agentcall.ucontact.token-file", token.toString())) {
                assertUnavailable(bundle, request("099123456"));
                Files.writeString(token, "new\n");
                assertUnavailableUntilPlaced(bundle);
            }
        }

        private void assertUnavailableUntilPlaced(RunningBundle bundle) {
            Map<String, Object> request = request("099123456");
            await().atMost(PATIENCE).until(() -> {
                Exchange exchange = bundle.send(request, Map.of());
                try {
                    return exchange.getException() == null
                            && bundle.successes(id(request)).size() == 1;
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
