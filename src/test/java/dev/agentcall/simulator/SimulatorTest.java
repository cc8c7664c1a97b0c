package dev.agentcall.simulator;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.agentcall.app.SelfSigned;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.ThrowingConsumer;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SimulatorTest {

    private static final String GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final String FORM_TYPE = "application/x-www-form-urlencoded";
    private static final String GOOD = form("59821000");

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final HttpClient http = HttpClient.newHttpClient();
    private Simulator simulator;

    @BeforeEach
    void start() throws IOException {
        simulator = Simulator.start(Simulator.Options.defaults());
    }

    @AfterEach
    void close() {
        simulator.close();
    }

    @Test
    void aGoodCallIsAnsweredWithAFreshGuidAsText() throws Exception {
        HttpResponse<String> first = post(GOOD);
        HttpResponse<String> second = post(GOOD);

        assertThat(first.statusCode()).isEqualTo(200);
        assertThat(first.headers().firstValue("Content-Type")).contains("text/plain; charset=UTF-8");
        assertThat(first.body()).matches(GUID).isNotEqualTo(second.body());
    }

    @Test
    void aCallIsKeptAsItCame() throws Exception {
        String form =
                "destination=0059821000&callerid=%2B598&agent=jos%C3%A9+p&phone=1&tech=SIP&context=a&outqueue=V->";
        assertThat(post(form).body()).matches(GUID);

        assertThat(simulator.calls()).singleElement().satisfies(call -> {
            assertThat(call.path()).isEqualTo(Simulator.AGENT_CALL);
            assertThat(call.fields())
                    .containsExactly(
                            entry("destination", "0059821000"),
                            entry("callerid", "+598"),
                            entry("agent", "josé p"),
                            entry("phone", "1"),
                            entry("tech", "SIP"),
                            entry("context", "a"),
                            entry("outqueue", "V->"));
            assertThat(call.body()).isEqualTo(form);
            assertThat(call.headers()).containsEntry("AUTHORIZATION", "Basic dG9rZW4=");
            assertThat(call.wellFormed()).isTrue();
        });
    }

    @Test
    void aFormThatIsNotUtf8IsReadAsWindows1252() throws Exception {
        post(GOOD.replace("ana", "jos\u00e9"), ISO_8859_1);
        post(GOOD.replace("ana", "jos%E9+%80"), UTF_8);
        post(GOOD.replace("ana", "jos\u00e9"), UTF_8);

        assertThat(simulator.calls())
                .extracting(call -> call.fields().get("agent"))
                .containsExactly("josé", "josé €", "josé");
    }

    @Test
    void dataGoesToAPathOfItsOwn() throws Exception {
        assertThat(post(Simulator.AGENT_CALL_WITH_DATA, GOOD + "&data=%7B%7D").body())
                .matches(GUID);
        assertThat(post(Simulator.AGENT_CALL_WITH_DATA, GOOD).body()).isEqualTo("0");
        assertThat(post(GOOD + "&data=%7B%7D").body()).isEqualTo("0");
    }

    @Test
    void everyFieldIsNeeded() throws Exception {
        for (String field : List.of("callerid", "agent", "phone", "tech", "context", "outqueue", "destination")) {
            assertThat(post(GOOD.replaceAll("(^|&)" + field + "=[^&]*", "")).body())
                    .isEqualTo("0");
            assertThat(post(GOOD.replaceAll(field + "=[^&]*", field + "=")).body())
                    .isEqualTo("0");
        }
        assertThat(simulator.received()).isEqualTo(14);
    }

    @Test
    void aFormThatIsWrongInAnyOtherWayIsAnswered0() throws Exception {
        assertThat(post(GOOD + "&colour=red").body()).isEqualTo("0");
        assertThat(post(GOOD + "&agent=ana").body()).isEqualTo("0");
        assertThat(post(GOOD + "&agent=%zz").body()).isEqualTo("0");
        assertThat(post("").body()).isEqualTo("0");
        assertThat(post(GOOD.replace("agent=ana", "agent=nobody7")).body()).isEqualTo("0");
        assertThat(simulator.calls())
                .extracting(ReceivedCall::wellFormed)
                .containsExactly(true, false, false, true, true);
    }

    @Test
    void whatIsNoAgentCallGetsAnErrorPage() throws Exception {
        HttpResponse<String> get = send(request(Simulator.AGENT_CALL).GET());
        HttpResponse<String> json = send(request(Simulator.AGENT_CALL)
                .setHeader("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(GOOD)));
        HttpResponse<String> elsewhere = post("/Integra/resources/Agents/AgentCal", GOOD);

        assertThat(get.statusCode()).isEqualTo(405);
        assertThat(get.headers().firstValue("Allow")).contains("POST");
        assertThat(json.statusCode()).isEqualTo(415);
        assertThat(elsewhere.statusCode()).isEqualTo(404);
        assertThat(elsewhere.body()).contains("<h1>404 Not Found</h1>");
        assertThat(simulator.calls()).isEmpty();
        assertThat(simulator.requests()).isEqualTo(3);
    }

    @Test
    void aCharsetInTheContentTypeAndAQueryAreTolerated() throws Exception {
        HttpResponse<String> answer = send(request(Simulator.AGENT_CALL + "?a=b")
                .setHeader("Content-Type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")
                .POST(BodyPublishers.ofString(GOOD)));

        assertThat(answer.body()).matches(GUID);
    }

    @Test
    void withoutATokenOfItsOwnAnyTokenWillDo() throws Exception {
        assertThat(authorized("Basic x")).isEqualTo(200);
        assertThat(authorized("Bearer x")).isEqualTo(200);
        assertThat(authorized("Digest x")).isEqualTo(401);
        assertThat(authorized("Basic")).isEqualTo(401);
        assertThat(authorized(null)).isEqualTo(401);
        assertThat(simulator.calls()).hasSize(5);
    }

    @Test
    void withATokenNoOtherIsLetIn() throws Exception {
        restart(Simulator.Options.defaults().withToken("s3cret"));

        assertThat(authorized("Basic s3cret")).isEqualTo(200);
        assertThat(authorized("bearer s3cret")).isEqualTo(200);
        assertThat(authorized("Basic other")).isEqualTo(401);
    }

    @Test
    void callsAreCountedBeyondTheLimitOfThoseKept() throws Exception {
        restart(Simulator.Options.defaults().withKeptCalls(2));
        for (int i = 1; i <= 3; i++) {
            post(form("100" + i));
        }

        assertThat(simulator.calls())
                .extracting(call -> call.fields().get("destination"))
                .containsExactly("1001", "1002");
        assertThat(simulator.received()).isEqualTo(3);
        assertThat(simulator.requests()).isEqualTo(3);
    }

    @Test
    void aHalfSentFormIsARequestButNoCall() throws Exception {
        try (RawClient client = new RawClient()) {
            client.send("POST " + Simulator.AGENT_CALL + " HTTP/1.1\r\nHost: a\r\nAuthorization: Basic x\r\n"
                    + "Content-Type: " + FORM_TYPE + "\r\nContent-Length: 100\r\n\r\ncallerid=1");
            client.socket.shutdownOutput();
            client.awaitEnd();
        }

        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(simulator.calls()).isEmpty();
    }

    @Test
    void latencyComesBeforeTheAnswer() throws Exception {
        restart(Simulator.Options.defaults().withLatency(Duration.ofMillis(300)));
        long begin = System.nanoTime();

        assertThat(post(GOOD).body()).matches(GUID);
        assertThat(System.nanoTime() - begin).isGreaterThan(300_000_000L);
    }

    @Test
    void aClosedSimulatorDropsItsConnectionsAndAnotherCanTakeThePort() throws Exception {
        try (Socket reservation = new Socket()) { // so that nobody else gets the port meanwhile
            reservation.setReuseAddress(true);
            reservation.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            restart(Simulator.Options.defaults().withPort(reservation.getLocalPort()));
            aClosedSimulatorDropsItsConnections();
        }
    }

    private void aClosedSimulatorDropsItsConnections() throws Exception {
        int port = simulator.port();
        try (RawClient idle = new RawClient();
                RawClient held = new RawClient()) {
            idle.send(request(GOOD, "keep-alive"));
            idle.readAnswer();
            held.send(request(form(Fault.SILENCE.destination()), "keep-alive"));
            assertThat(idle.isSilent()).isTrue();
            simulator.close();
            simulator.close();

            assertThat(idle.readToEnd()).isEmpty();
            assertThat(held.readToEnd()).isEmpty();
        }
        assertThat(simulator.port()).isEqualTo(port);
        assertThatThrownBy(RawClient::new).isInstanceOf(IOException.class);
        simulator = Simulator.start(Simulator.Options.defaults().withPort(port));
        assertThat(post(GOOD).body()).matches(GUID);
    }

    @Test
    void aClosedSimulatorListensNoLonger() throws Exception {
        // Whoever connects while the listening thread wakes up would be let in: about one of a hundred.
        for (int i = 0; i < 500; i++) {
            new RawClient().close();
            simulator.close();
            assertThatThrownBy(RawClient::new).isInstanceOf(ConnectException.class);
            simulator = Simulator.start(Simulator.Options.defaults());
        }
    }

    @Test
    void aPortThatIsTakenIsNamed() {
        int port = simulator.port();

        assertThatThrownBy(() -> Simulator.start(Simulator.Options.defaults().withPort(port)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("port " + port);
    }

    @Test
    void itSpeaksTlsAndResetsBelowIt(@TempDir Path folder) throws Exception {
        SSLContext tls = SelfSigned.make(folder.resolve("keys.p12"), "ip:127.0.0.1,dns:localhost")
                .tls();
        restart(Simulator.Options.defaults().withTls(tls));
        HttpClient client = HttpClient.newBuilder().sslContext(tls).build();

        assertThat(simulator.uri()).hasScheme("https");
        HttpRequest good = request(Simulator.AGENT_CALL)
                .POST(BodyPublishers.ofString(GOOD))
                .build();
        assertThat(client.send(good, BodyHandlers.ofString()).body()).matches(GUID);
        try (RawClient withoutHandshake = new RawClient()) {
            assertThat(client.send(good, BodyHandlers.ofString()).body()).matches(GUID);
            assertThat(withoutHandshake.isSilent()).isTrue();
        }
        for (Fault fault : List.of(Fault.RESET, Fault.CLOSED, Fault.SHORT_BODY, Fault.GARBAGE)) {
            HttpRequest bad = request(Simulator.AGENT_CALL)
                    .POST(BodyPublishers.ofString(form(fault.destination())))
                    .build();
            assertThatThrownBy(() -> client.send(bad, BodyHandlers.ofString())).isInstanceOf(IOException.class);
        }
    }

    @Test
    void onlyTheExactNumbersAreFaults() {
        assertThat(Fault.of("5550400")).isEqualTo(Fault.HTTP_400);
        assertThat(Stream.of("555040", "55504000", "+5550400", "5550999", "").map(Fault::of))
                .containsOnlyNulls();
        assertThat(Arrays.stream(Fault.values()).map(Fault::destination))
                .allMatch(number -> number.matches("5550\\d{3}"));
    }

    @Test
    void theTableHasOneAlignedLineForEachFault() {
        List<String> lines = Fault.table().lines().toList();

        assertThat(lines).hasSize(Fault.values().length + 2);
        assertThat(lines).extracting(String::length).containsOnly(lines.get(0).length());
        assertThat(lines.get(1)).matches("(\\| -+ ){3}\\|");
        assertThat(lines.get(2)).startsWith("| 5550302     | 302 Found ").endsWith(" |");
    }

    @TestFactory
    Stream<DynamicTest> statusFaults() {
        return Arrays.stream(Fault.values())
                .filter(fault -> fault.kind() == Fault.Kind.STATUS)
                .map(fault -> dynamicTest(fault.title(), () -> {
                    HttpResponse<String> answer = post(form(fault.destination()));
                    assertThat(answer.statusCode()).isEqualTo(Integer.parseInt(fault.code()));
                    assertThat(answer.body()).contains("<h1>" + fault.title() + "</h1>");
                    boolean retryAfter = fault == Fault.HTTP_429 || fault == Fault.HTTP_503;
                    assertThat(answer.headers().map().containsKey("retry-after"))
                            .isEqualTo(retryAfter);
                }));
    }

    @Test
    void theRedirectLeadsToAGuid() throws Exception {
        String location = post(form(Fault.HTTP_302.destination()))
                .headers()
                .firstValue("Location")
                .orElseThrow();

        assertThat(send(request(location).GET()).body()).matches(GUID);
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(simulator.received()).isEqualTo(1);
    }

    @TestFactory
    Stream<DynamicTest> bodyFaults() {
        Map<Fault, String> expected = new EnumMap<>(Fault.class);
        expected.put(Fault.ZERO, "0");
        expected.put(Fault.ONE, "1");
        expected.put(Fault.EMPTY, "");
        expected.put(Fault.NEARLY_GUID, "18cf8570e-60e7-44ed-b799-3baab211b04d");
        expected.put(Fault.GUID_IN_TEXT, "call " + GUID + " accepted");
        expected.put(Fault.HTML, "<html>.*</html>\n");
        expected.put(Fault.TOO_LONG, "x{1048577}");
        expected.put(Fault.GUID_PADDED, "\\s+" + GUID + "\\s+");
        expected.put(Fault.GUID_QUOTED, '"' + GUID + '"');
        expected.put(Fault.GUID_UPPER_CASE, GUID.replace("a-f", "A-F"));
        expected.put(Fault.GUID_CHUNKED, GUID);
        expected.put(Fault.GUID_UNTIL_CLOSE, GUID);
        expected.put(Fault.ZERO_UNTIL_CLOSE, "0");
        expected.put(Fault.GUID_COMPRESSED, "(?s)\\u001F.*");
        expected.put(Fault.NO_CONTENT, "");
        expected.put(Fault.CREATED, GUID);
        Map<Fault, Integer> statuses = Map.of(Fault.NO_CONTENT, 204, Fault.CREATED, 201);
        return each(Fault.Kind.BODY, expected, (fault, body) -> {
            HttpResponse<String> answer = post(form(fault.destination()));
            assertThat(answer.statusCode()).isEqualTo(statuses.getOrDefault(fault, 200));
            assertThat(answer.body()).matches(body);
        });
    }

    @Test
    void theFramingOfABodyIsAsDescribed() throws Exception {
        try (RawClient client = new RawClient()) {
            client.send(request(form(Fault.GUID_CHUNKED.destination()), "close"));
            assertThat(client.readToEnd())
                    .containsIgnoringCase("Transfer-Encoding: chunked")
                    .doesNotContain("Content-Length")
                    .containsPattern("\r\n\r\n24\r\n" + GUID + "\r\n0\r\n\r\n$");
        }
        for (Fault fault : List.of(Fault.GUID_UNTIL_CLOSE, Fault.ZERO_UNTIL_CLOSE)) {
            try (RawClient client = new RawClient()) {
                client.send(request(form(fault.destination()), "keep-alive"));
                assertThat(client.readToEnd())
                        .doesNotContain("Content-Length", "chunked")
                        .containsPattern("\r\n\r\n(0|" + GUID + ")$");
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> connectionFaults() {
        Map<Fault, ThrowingConsumer<RawClient>> expected = new EnumMap<>(Fault.class);
        expected.put(Fault.SILENCE, client -> assertThat(client.isSilent()).isTrue());
        expected.put(Fault.RESET, client -> assertThatThrownBy(client::readToEnd)
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset"));
        expected.put(Fault.CLOSED, client -> assertThat(client.readToEnd()).isEmpty());
        expected.put(Fault.HEAD_ONLY, client -> {
            assertThat(client.readHead()).startsWith("HTTP/1.1 200 OK\r\n").contains("Content-Length: 36\r\n");
            assertThat(client.isSilent()).isTrue();
        });
        expected.put(Fault.SHORT_BODY, client -> assertThat(client.readToEnd())
                .contains("Content-Length: 64\r\n")
                .containsPattern("\r\n\r\n" + GUID + "$"));
        expected.put(Fault.CUT_CHUNK, client -> assertThat(client.readToEnd())
                .contains("Transfer-Encoding: chunked\r\n")
                .containsPattern("\r\n\r\n24\r\n[0-9a-f-]{18}$"));
        expected.put(Fault.DRIP, client -> {
            assertThat(client.read()).isEqualTo('H');
            assertThat(client.read()).isEqualTo('T');
            assertThat(client.read()).isEqualTo('T');
            assertThat(client.nanosSinceSent()).isGreaterThan(1_500_000_000L);
        });
        expected.put(Fault.CLOSED_AFTER, client -> {
            assertThat(client.readAnswer())
                    .doesNotContainIgnoringCase("Connection: close")
                    .containsPattern(GUID + "$");
            assertThat(client.readToEnd()).isEmpty();
            client.send(request(GOOD, "keep-alive"));
            client.awaitEnd();
        });
        expected.put(
                Fault.GARBAGE,
                client -> assertThat(client.readToEnd()).isNotEmpty().doesNotContain("HTTP/"));
        expected.put(Fault.SLOW, client -> {
            assertThat(client.readAnswer()).containsPattern(GUID + "$");
            assertThat(client.nanosSinceSent()).isGreaterThan(2_500_000_000L);
        });
        return each(Fault.Kind.CONNECTION, expected, (fault, check) -> {
            int before = simulator.received();
            try (RawClient client = new RawClient()) {
                client.send(request(form(fault.destination()), "keep-alive"));
                check.accept(client);
                // Of silence nobody knows whether it is the answer, or the request has not been read yet.
                await().atMost(PATIENCE).until(() -> simulator.received() == before + 1);
            }
        });
    }

    @Test
    void busyTwicePassesByAgent() throws Exception {
        String ana = form(Fault.BUSY_TWICE.destination());
        String ben = ana.replace("ana", "ben");

        assertThat(post(ana).statusCode()).isEqualTo(503);
        assertThat(post(ana).statusCode()).isEqualTo(503);
        assertThat(post(ben).statusCode()).isEqualTo(503);
        assertThat(post(ana).body()).matches(GUID);
        assertThat(post(ana).body()).matches(GUID);
        assertThat(post(ben).statusCode()).isEqualTo(503);
        assertThat(post(ben).body()).matches(GUID);
    }

    /** One test for each fault of a kind; a fault without an expectation fails. */
    private static <T> Stream<DynamicTest> each(Fault.Kind kind, Map<Fault, T> expected, Check<T> check) {
        return Arrays.stream(Fault.values())
                .filter(fault -> fault.kind() == kind)
                .map(fault -> dynamicTest(fault.title(), () -> {
                    assertThat(expected).containsKey(fault);
                    check.accept(fault, expected.get(fault));
                }));
    }

    private interface Check<T> {
        void accept(Fault fault, T expected) throws Throwable;
    }

    private static String form(String destination) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("callerid", "59820000");
        fields.put("agent", "ana");
        fields.put("phone", "1001");
        fields.put("tech", "SIP");
        fields.put("context", "agentes");
        fields.put("outqueue", "Ventas->");
        fields.put("destination", destination);
        return fields.entrySet().stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), UTF_8))
                .collect(joining("&"));
    }

    private static String request(String form, String connection) {
        return "POST " + Simulator.AGENT_CALL + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic dG9rZW4=\r\n"
                + "Content-Type: " + FORM_TYPE + "\r\nConnection: " + connection + "\r\nContent-Length: "
                + form.length() + "\r\n\r\n" + form;
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(simulator.uri().resolve(path))
                .setHeader("Authorization", "Basic dG9rZW4=")
                .setHeader("Content-Type", FORM_TYPE);
    }

    private HttpResponse<String> post(String form) throws Exception {
        return post(Simulator.AGENT_CALL, form);
    }

    private HttpResponse<String> post(String path, String form) throws Exception {
        return send(request(path).POST(BodyPublishers.ofString(form)));
    }

    private HttpResponse<String> post(String form, Charset charset) throws Exception {
        return send(request(Simulator.AGENT_CALL).POST(BodyPublishers.ofString(form, charset)));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return http.send(request.build(), BodyHandlers.ofString());
    }

    private int authorized(String authorization) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(simulator.uri().resolve(Simulator.AGENT_CALL))
                .setHeader("Content-Type", FORM_TYPE)
                .POST(BodyPublishers.ofString(GOOD));
        if (authorization != null) {
            request.setHeader("Authorization", authorization);
        }
        return send(request).statusCode();
    }

    private void restart(Simulator.Options options) throws IOException {
        simulator.close();
        simulator = Simulator.start(options);
    }

    /** A client without manners or hidden retries: what it reads is what was sent, one char per byte. */
    private final class RawClient implements AutoCloseable {

        private final Socket socket = new Socket(InetAddress.getLoopbackAddress(), simulator.port());
        private long sentNanos;

        RawClient() throws IOException {
            socket.setSoTimeout((int) PATIENCE.toMillis());
        }

        void send(String bytes) throws IOException {
            sentNanos = System.nanoTime();
            socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
        }

        /** Since something was sent last. */
        long nanosSinceSent() {
            return System.nanoTime() - sentNanos;
        }

        int read() throws IOException {
            return socket.getInputStream().read();
        }

        String readHead() throws IOException {
            ByteArrayOutputStream head = new ByteArrayOutputStream();
            while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
                int next = read();
                assertThat(next).as("end of connection after: %s", head).isNotNegative();
                head.write(next);
            }
            return head.toString(ISO_8859_1);
        }

        /** Head and body of an answer with a Content-Length. */
        String readAnswer() throws IOException {
            String head = readHead();
            int length = Integer.parseInt(head.replaceFirst("(?is).*content-length: (\\d+).*", "$1"));
            return head + new String(socket.getInputStream().readNBytes(length), ISO_8859_1);
        }

        String readToEnd() throws IOException {
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }

        /** Returns when the server has closed or reset the connection. */
        void awaitEnd() {
            try {
                readToEnd();
            } catch (SocketTimeoutException e) {
                throw new AssertionError("the connection is still open", e);
            } catch (IOException e) {
                assertThat(e).isInstanceOf(SocketException.class);
            }
        }

        /** Whether the connection stays open without a byte for a while. */
        boolean isSilent() throws IOException {
            socket.setSoTimeout(300);
            try {
                assertThat(read()).isEqualTo(-1);
                return false;
            } catch (SocketTimeoutException e) {
                return true;
            } finally {
                socket.setSoTimeout((int) PATIENCE.toMillis());
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void answersThatAreDecidedElsewhereCountAtEveryPathAndForEveryMethod() throws Exception {
        Reply moved = new Reply(null, 308, "elsewhere", Map.of("Location", "/there"), Duration.ZERO);
        Simulator.Options options =
                Simulator.Options.defaults().withToken("secret").withAnswers(call -> moved);
        try (Simulator decided = Simulator.start(options)) {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(decided.uri().resolve("/some/path?x=1"))
                            .PUT(BodyPublishers.ofString("agent=ana&agent=eva"))
                            .build(),
                    BodyHandlers.ofString());

            assertThat(answer.statusCode()).isEqualTo(308);
            assertThat(answer.body()).isEqualTo("elsewhere");
            assertThat(answer.headers().firstValue("Location")).contains("/there");
            assertThat(decided.calls()).singleElement().satisfies(call -> {
                assertThat(call.method()).isEqualTo("PUT");
                assertThat(call.path()).isEqualTo("/some/path");
                assertThat(call.body()).isEqualTo("agent=ana&agent=eva");
            });
        }
    }
}
