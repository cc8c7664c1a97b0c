package dev.agentcall.app;

import static dev.agentcall.app.RestClient.CALLS;
import static dev.agentcall.app.RestClient.FACADE;
import static dev.agentcall.app.RestClient.call;
import static dev.agentcall.app.RestClient.form;
import static dev.agentcall.app.RestClient.problem;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentcall.rest.Users;
import dev.agentcall.simulator.Simulator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in by the REST server, and what it does with clients that behave badly. */
@Timeout(120)
class RestDoorTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String CRM = "https://crm.example.com";

    @TempDir
    private Path data;

    private Simulator simulator;
    private RunningBundle running;
    private RestClient client;

    @BeforeEach
    void startSimulator() throws IOException {
        simulator = Simulator.start(Simulator.Options.defaults());
    }

    @AfterEach
    void stop() throws IOException {
        if (running != null) {
            running.close();
        }
        simulator.close();
    }

    private void start(String... settings) throws Exception {
        running = RunningBundle.start(Bundle.Extent.ALL, data, simulator.uri(), settings);
        client = RestClient.of(running);
    }

    private static String basic(String name, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((name + ":" + password).getBytes(UTF_8));
    }

    /** What comes back, until the server closes the connection. */
    private String raw(String... parts) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", client.base().getPort())) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            for (String part : parts) {
                socket.getOutputStream().write(part.getBytes(ISO_8859_1));
            }
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    @Test
    void anIdempotencyKeyIsReadAsTheIdInABodyIs() throws Exception {
        start();
        String body = new JsonMapper().writeValueAsString(call("0991", "requestId", "ñ-1"));
        byte[] utf8 = body.getBytes(UTF_8);

        assertThat(client.post(call("0991", "requestId", "ñ-1")).statusCode()).isEqualTo(201);
        assertThat(raw(
                        "POST /api/agent-calls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                + "Content-Type: application/json\r\nContent-Length: " + utf8.length + "\r\n"
                                + "Idempotency-Key: " + new String("ñ-1".getBytes(UTF_8), ISO_8859_1) + "\r\n\r\n",
                        new String(utf8, ISO_8859_1)))
                .startsWith("HTTP/1.1 200");
    }

    // --- Pages and names ------------------------------------------------------------------------------------------

    @Test
    void noPageOfAnotherOriginRingsAnybody() throws Exception {
        start("agentcall.rest.cors", CRM);

        for (String origin : List.of(
                "https://evil.example",
                "null",
                "http://crm.example.com",
                CRM + ".evil.example",
                CRM + ":444",
                client.base().toString())) {
            HttpResponse<String> answer = client.postForm(FACADE, form(call("0991")), "Origin", origin);
            assertThat(answer.statusCode()).as(origin).isEqualTo(403);
            assertThat(problem(answer)).isEqualTo("foreign-origin");
            assertThat(answer.headers().firstValue("Access-Control-Allow-Origin"))
                    .isEmpty();
        }
        assertThat(simulator.requests()).isZero();
        assertThat(RestClient.read(client.get(CALLS)).path("items")).isEmpty();
    }

    @Test
    void aPageOfAnOriginInTheSettingsMayAskFirstAndThenSend() throws Exception {
        start("agentcall.rest.cors", CRM + " http://localhost:3000", "agentcall.rest.users", users("crm=p\n"));

        HttpResponse<String> asked = client.send(
                client.request(CALLS).method("OPTIONS", BodyPublishers.noBody()),
                "Origin",
                CRM,
                "Access-Control-Request-Method",
                "POST",
                "Access-Control-Request-Headers",
                "content-type,idempotency-key");
        HttpResponse<String> sent =
                client.post(call("0991"), "Origin", CRM, "Authorization", basic("crm", "p"), "Idempotency-Key", "i");

        assertThat(asked.statusCode()).isEqualTo(200);
        assertThat(asked.headers().firstValue("Access-Control-Allow-Origin")).contains(CRM);
        assertThat(asked.headers()
                        .firstValue("Access-Control-Allow-Headers")
                        .orElse("")
                        .toLowerCase())
                .contains("content-type", "idempotency-key", "authorization");
        assertThat(sent.statusCode()).as(sent.body()).isEqualTo(201);
        assertThat(sent.headers().firstValue("Access-Control-Allow-Origin")).contains(CRM);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void aHostThatIsNotThisServersIsRefused() throws Exception {
        start("agentcall.rest.cors", CRM);
        int port = client.base().getPort();

        for (String host :
                List.of("evil.example", "evil.example:" + port, "127.0.0.1.evil.example", "10.1.2.3", "[::2]")) {
            HttpResponse<String> answer = client.post(call("0991"), "Host", host);
            assertThat(answer.statusCode()).as(host).isEqualTo(403);
            assertThat(problem(answer)).isEqualTo("foreign-host");
        }
        assertThat(raw("GET http://evil.example/observe/health/live HTTP/1.1\r\nHost: evil.example\r\n\r\n"))
                .startsWith("HTTP/1.1 403");
        assertThat(simulator.requests()).isZero();
        for (String host : List.of("localhost:" + port, "LOCALHOST", "127.0.0.1", "[::1]:" + port, "crm.example.com")) {
            assertThat(client.get("/observe/health/live", "Host", host).statusCode())
                    .as(host)
                    .isEqualTo(200);
        }
        // No browser sends such a request, but simple health checks do.
        assertThat(raw("GET /observe/health/live HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200");
    }

    // --- Users ----------------------------------------------------------------------------------------------------

    private String users(String lines) throws IOException {
        return Files.writeString(data.resolve("users.properties"), lines).toString();
    }

    @Test
    void withUsersEveryPathButHealthNeedsOne() throws Exception {
        String apache = "$2y$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe"; // of the password "password"
        start("agentcall.rest.users", users(Users.line("crm", "pässword") + "\nplain=pla in\napache=" + apache + "\n"));

        for (String path : List.of(
                CALLS,
                CALLS + "/x",
                "/api/openapi.json",
                "/observe/metrics",
                "/observe",
                "/observe/healthy",
                "/",
                "/x")) {
            assertThat(client.get(path).statusCode()).as(path).isEqualTo(401);
        }
        for (String path : List.of("/observe/health/live", "/observe/health/ready")) {
            assertThat(client.get(path).statusCode()).as(path).isEqualTo(200);
        }
        assertThat(client.post(call("0991")).statusCode()).isEqualTo(401);
        assertThat(client.get(CALLS).headers().firstValue("WWW-Authenticate").orElseThrow())
                .startsWith("Basic ");
        for (String credentials : List.of(
                basic("crm", "password"),
                basic("crm", ""),
                basic("nobody", "pässword"),
                basic("plain", "pla"),
                "Basic",
                "Basic !!!",
                "Basic Og==",
                "Bearer x",
                "Basic " + RunningBundle.TOKEN)) {
            assertThat(client.get(CALLS, "Authorization", credentials).statusCode())
                    .as(credentials)
                    .isEqualTo(401);
        }
        for (String credentials : List.of(
                basic("crm", "pässword"),
                basic("crm", "pässword"),
                basic("plain", "pla in"),
                basic("apache", "password"))) {
            assertThat(client.get(CALLS, "Authorization", credentials).statusCode())
                    .as(credentials)
                    .isEqualTo(200);
        }
        // A path that leads out of where nobody is asked.
        for (String path : List.of(
                "/observe/health/../../api/agent-calls",
                "/observe/health/%2e%2e/%2e%2e/api/agent-calls",
                "/observe/health/..;/..;/api/agent-calls",
                "/observe/health/..%5c..%5capi/agent-calls",
                "//api/agent-calls",
                "/observe/health/%252e%252e/metrics",
                "/api/agent-calls;/observe/health/live")) {
            assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                    .as(path)
                    .containsPattern("^HTTP/1.1 4\\d\\d ")
                    .doesNotContain("items");
        }
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void uContactsOwnTokenIsGoodForUContactsOwnPathOnly() throws Exception {
        start("agentcall.rest.users", users("crm=p\n"));
        String form = form(call("0991"));

        assertThat(client.postForm(FACADE, form).statusCode()).isEqualTo(401);
        assertThat(client.postForm(FACADE, form, "Authorization", "Basic d3Jvbmc6dG9rZW4=")
                        .statusCode())
                .isEqualTo(401);
        for (String credentials :
                List.of("Basic " + RunningBundle.TOKEN, "Bearer " + RunningBundle.TOKEN, basic("crm", "p"))) {
            assertThat(client.postForm(FACADE, form, "Authorization", credentials)
                            .body())
                    .as(credentials)
                    .matches("[0-9a-f-]{36}");
        }
        assertThat(client.post(call("0991"), "Authorization", "Basic " + RunningBundle.TOKEN)
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void usersThatCannotBeUsedAreABadConfiguration() throws Exception {
        for (String lines : List.of("", "name", "a%b=c", "=d")) {
            assertThatThrownBy(() -> start("agentcall.rest.users", users(lines)))
                    .as(lines)
                    .rootCause()
                    .hasMessageContaining("agentcall.rest.users")
                    .hasMessageContaining("name=password");
        }
    }

    @Test
    void theCommandMakesALineThatTheServerTakes() throws Exception {
        Program program = Program.unpack(data.resolve("program"));
        program.file("password", "correct horse\n");

        Program.Ended made = program.run(program.home().resolve("password"), "--user", "crm");

        assertThat(made.code()).as(made.err()).isZero();
        assertThat(made.out()).startsWith("crm=$2a$").doesNotContain("correct");
        start("agentcall.rest.users", users(made.out()));
        assertThat(client.get(CALLS, "Authorization", basic("crm", "correct horse"))
                        .statusCode())
                .isEqualTo(200);
        assertThat(program.run("--user", "with:colon").code()).isEqualTo(2);
    }

    // --- TLS ------------------------------------------------------------------------------------------------------

    @Test
    void withAKeystoreItSpeaksTlsOnly() throws Exception {
        SelfSigned certificate = SelfSigned.make(data.resolve("rest.p12"), "ip:127.0.0.1");
        start(
                "agentcall.rest.keystore",
                certificate.keystore().toString(),
                "agentcall.rest.keystore-password",
                SelfSigned.PASSWORD);
        HttpClient https = HttpClient.newBuilder().sslContext(certificate.tls()).build();

        HttpResponse<String> answer = https.send(
                HttpRequest.newBuilder(
                                URI.create("https://127.0.0.1:" + client.base().getPort() + "/observe/health/live"))
                        .build(),
                BodyHandlers.ofString());

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(raw("GET /observe/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .doesNotContain("UP");
    }

    @Test
    void aKeystoreThatCannotBeOpenedIsABadConfiguration() throws Exception {
        Path keystore =
                SelfSigned.make(data.resolve("rest.p12"), "ip:127.0.0.1").keystore();

        assertThatThrownBy(() -> start(
                        "agentcall.rest.keystore",
                        keystore.toString(),
                        "agentcall.rest.keystore-password",
                        "wr0ngpass"))
                .rootCause()
                .satisfies(e -> assertThat(String.valueOf(e.getMessage())).doesNotContain("wr0ngpass"));
    }

    @Test
    void aKeystoreWithoutAPrivateKeyIsABadConfiguration() throws Exception {
        Program program = Program.unpack(data.resolve("program"), simulator.uri());
        Certificate certificate = KeyStore.getInstance(
                        SelfSigned.make(data.resolve("rest.p12"), "ip:127.0.0.1")
                                .keystore()
                                .toFile(),
                        SelfSigned.PASSWORD.toCharArray())
                .getCertificate("a");
        Path trusted = keystore("trusted.p12", keys -> keys.setCertificateEntry("a", certificate));
        Path secret = keystore(
                "secret.p12",
                keys -> keys.setEntry(
                        "a",
                        new KeyStore.SecretKeyEntry(new SecretKeySpec(new byte[32], "AES")),
                        new KeyStore.PasswordProtection(SelfSigned.PASSWORD.toCharArray())));

        for (Path keystore : List.of(trusted, secret)) {
            for (String[] arguments : List.of(new String[0], new String[] {"--check"})) {
                Program.Ended ended = program.environment("AGENTCALL_REST_KEYSTORE", keystore.toString())
                        .environment("AGENTCALL_REST_KEYSTORE_PASSWORD", SelfSigned.PASSWORD)
                        .run(arguments);

                assertThat(ended.code()).as(ended.all()).isEqualTo(2);
                assertThat(ended.err())
                        .contains("agentcall.rest.keystore: found " + keystore + " (no private key in it), expected a"
                                + " PKCS12 or JKS file with the server's key and certificate")
                        .doesNotContain(SelfSigned.PASSWORD, "\tat ");
            }
        }
    }

    private interface Filling {
        void fill(KeyStore keys) throws GeneralSecurityException;
    }

    private Path keystore(String name, Filling filling) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        filling.fill(keys);
        Path file = data.resolve(name);
        try (OutputStream out = Files.newOutputStream(file)) {
            keys.store(out, SelfSigned.PASSWORD.toCharArray());
        }
        return file;
    }

    // --- Bad clients ----------------------------------------------------------------------------------------------

    @Test
    void whatIsTooLargeIsRefusedWhetherItSaysSoOrNot() throws Exception {
        start();
        byte[] large = ("{\"x\":\"" + "x".repeat(64 * 1024) + "\"}").getBytes(UTF_8);
        byte[] full = ("{\"x\":\"" + "x".repeat(64 * 1024 - 8) + "\"}").getBytes(UTF_8);

        for (HttpRequest.BodyPublisher body : List.of(
                BodyPublishers.ofByteArray(large),
                BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large)))) {
            HttpResponse<String> answer = client.send(client.request(CALLS)
                    .header("Content-Type", "application/json")
                    .POST(body));
            assertThat(answer.statusCode()).isEqualTo(413);
            assertThat(problem(answer)).isEqualTo("too-large");
        }
        for (HttpRequest.BodyPublisher body : List.of(
                BodyPublishers.ofByteArray(full), BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(full)))) {
            assertThat(client.send(client.request(CALLS)
                                    .header("Content-Type", "application/json")
                                    .POST(body))
                            .statusCode())
                    .isEqualTo(400);
        }
        assertThat(client.get("/" + "x".repeat(20_000)).statusCode()).isEqualTo(413);
    }

    @Test
    void aPackedBodyIsRefusedBeforeItIsThere() throws Exception {
        start();

        for (String path : List.of(CALLS, FACADE, "/observe/health/live", "/nowhere")) {
            // Not one byte of the body is sent: an answer that waits for it would be 408.
            for (String encoding : List.of("gzip", "X-GZIP", "identity, gzip", "identity\r\nContent-Encoding: br")) {
                assertThat(raw("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                + "Content-Encoding: " + encoding + "\r\nConnection: close\r\nContent-Length: 1\r\n"
                                + "Expect: 100-continue\r\n\r\n"))
                        .as(encoding)
                        .startsWith("HTTP/1.1 415")
                        .contains(
                                "application/problem+json",
                                "unsupported-type",
                                "Content-Encoding: found '" + encoding.replace("\r\nContent-Encoding:", ","),
                                "', expected none or identity");
            }
        }
        assertThat(client.post(call("0991"), "Content-Encoding", "Identity").statusCode())
                .isEqualTo(201);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void whoIsRefusedWhileHeStillSendsCanSendOnAndReadTheAnswer() throws Exception {
        start();
        String head = "POST " + CALLS + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        byte[] piece = ("4000\r\n" + "x".repeat(0x4000) + "\r\n").getBytes(ISO_8859_1);
        int pieces = 600;

        for (Map.Entry<String, String> refused : Map.of(
                        head + "Content-Length: " + pieces * piece.length + "\r\n\r\n", "HTTP/1.1 413",
                        head + "Transfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 413",
                        head + "Origin: http://evil.example\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 403")
                .entrySet()) {
            try (Socket socket = new Socket("127.0.0.1", client.base().getPort())) {
                socket.setSoTimeout((int) PATIENCE.toMillis());
                socket.getOutputStream().write(refused.getKey().getBytes(ISO_8859_1));
                for (int i = 0; i < pieces / 2; i++) {
                    socket.getOutputStream().write(piece);
                }
                InputStream in = socket.getInputStream();
                assertThat(new String(in.readNBytes(12), ISO_8859_1)).isEqualTo(refused.getValue());
                for (int i = 0; i < pieces / 2; i++) {
                    socket.getOutputStream().write(piece);
                }
                StringBuilder answer = new StringBuilder();
                while (answer.indexOf("}") < 0) {
                    int next = in.read();
                    assertThat(next).as("the end, after %s", answer).isNotNegative();
                    answer.append((char) next);
                }
                assertThat(answer).contains("application/problem+json", "\"status\":4");
            }
        }
    }

    @Test
    void slowClientsAreCutOffAndHoldUpNobody() throws Exception {
        start();
        ScheduledExecutorService drip = Executors.newSingleThreadScheduledExecutor();
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 300; i++) {
                Socket socket = new Socket("127.0.0.1", client.base().getPort());
                socket.setSoTimeout((int) PATIENCE.toMillis());
                socket.getOutputStream()
                        .write(("POST " + CALLS + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                        + "Content-Length: 1000\r\n\r\n{")
                                .getBytes(ISO_8859_1));
                slow.add(socket);
            }
            assertThat(client.post(call("0991")).statusCode()).isEqualTo(201);
            assertThat(client.get("/observe/health/ready").statusCode()).isEqualTo(200);
            Socket dripping = slow.get(0);
            drip.scheduleAtFixedRate(() -> drop(dripping), 200, 200, TimeUnit.MILLISECONDS);

            Socket headless = new Socket("127.0.0.1", client.base().getPort());
            headless.setSoTimeout((int) PATIENCE.toMillis());
            slow.add(headless);
            headless.getOutputStream().write("GET / HTTP/1.1\r\nHost: ".getBytes(ISO_8859_1));
            drip.scheduleAtFixedRate(() -> drop(headless), 200, 200, TimeUnit.MILLISECONDS);

            Socket refused = new Socket("127.0.0.1", client.base().getPort());
            slow.add(refused);
            refused.getOutputStream()
                    .write(("POST " + CALLS + " HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
                                    + "Content-Length: 1000\r\n\r\n")
                            .getBytes(ISO_8859_1));

            try (InputStream in = dripping.getInputStream()) {
                assertThat(new String(in.readNBytes(12), ISO_8859_1)).isEqualTo("HTTP/1.1 408");
            }
            assertThat(isCutOff(headless)).isTrue();
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(200)).until(() -> !drop(refused));
        } finally {
            drip.shutdownNow();
            for (Socket socket : slow) {
                socket.close();
            }
        }
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void clientsThatAreGoneInMidBodyTakeNoRoomAndHoldUpNoStop() throws Exception {
        start();
        for (int i = 0; i < 300; i++) {
            try (Socket socket = new Socket("127.0.0.1", client.base().getPort())) {
                socket.setSoLinger(true, 0); // a reset: there is nobody to tell anything
                socket.getOutputStream()
                        .write(("POST " + CALLS + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                        + "Content-Length: 1000\r\n\r\n{")
                                .getBytes(ISO_8859_1));
            }
        }

        assertThat(client.post(call("0991")).statusCode()).isEqualTo(201);
        long began = System.nanoTime();
        running.close();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(PATIENCE);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    private static boolean isCutOff(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true; // reset, because there was more to read
        }
    }

    /** Whether the other side still takes it. */
    private static boolean drop(Socket socket) {
        try {
            socket.getOutputStream().write('x');
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void whatIsNoHttpAndWhatIsNotThereIsToldWithoutEchoOrBanner() throws Exception {
        start();

        for (String request : List.of(
                "GET /<script>alert(1)</script> HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                "GET /%3Cscript%3E HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
                "GET /observe/health/%2e%2e%2f%2e%2e HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                "TRACE /api/agent-calls HTTP/1.1\r\nHost: localhost\r\nX-Secret: <script>\r\nConnection: close\r\n\r\n",
                "PUT /api/agent-calls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n",
                "<script> nonsense\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                "POST " + CALLS
                        + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n")) {
            assertThat(raw(request))
                    .as(request)
                    .containsPattern("^HTTP/1.1 4\\d\\d ")
                    .contains("urn:agentcall:problem:", "nosniff")
                    .doesNotContain("script", "etty", "Exception", "\tat ", "html", "Server:");
        }
        assertThat(client.send(client.request(CALLS).DELETE())
                        .headers()
                        .firstValue("Allow")
                        .orElse(""))
                .contains("GET", "POST");
    }

    @Test
    void manyClientsAtOnceAreAllServed() throws Exception {
        // As long as the client waits: how quick the ledger's disk is, is not what is asked here.
        start("agentcall.concurrency", "50", "agentcall.rest.wait", "60s");
        List<java.util.concurrent.CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            answers.add(client.postAsync(call("0991" + i, "agent", "agent" + i)));
        }

        assertThat(answers)
                .allSatisfy(answer -> assertThat(answer.join().statusCode()).isEqualTo(201));
        assertThat(simulator.received()).isEqualTo(300);
        await().atMost(PATIENCE).until(() -> running.successes().size() == 300);
    }
}
