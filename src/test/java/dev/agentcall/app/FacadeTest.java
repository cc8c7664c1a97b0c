package dev.agentcall.app;

import static dev.agentcall.app.RestClient.FACADE;
import static dev.agentcall.app.RestClient.FACADE_WITH_DATA;
import static dev.agentcall.app.RestClient.call;
import static dev.agentcall.app.RestClient.form;
import static dev.agentcall.app.RestClient.problem;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.agentcall.simulator.ReceivedCall;
import dev.agentcall.simulator.Simulator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that were written for uContact get what they know from uContact when they are pointed here. */
@Timeout(120)
class FacadeTest {

    private static final String GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final String FORM_TYPE = "application/x-www-form-urlencoded";
    /** As a person writes it: nothing encoded. */
    private static final String BY_HAND = "callerid=59824001000&agent=eva.muñoz&phone=1001&tech=SIP&context=agentes"
            + "&outqueue=Ventas->&destination=59899123456";

    @TempDir
    private static Path data;

    private static Simulator simulator;
    private static RunningBundle running;
    private static RestClient client;

    @BeforeAll
    static void start() throws Exception {
        simulator = Simulator.start(Simulator.Options.defaults());
        Path users = Files.writeString(data.resolve("users"), "crm=p\n");
        running = RunningBundle.start(
                Bundle.Extent.ALL, data.resolve("data"), simulator.uri(), "agentcall.rest.users", users.toString());
        client = RestClient.of(running);
    }

    @AfterAll
    static void stop() throws IOException {
        running.close();
        simulator.close();
    }

    private static HttpResponse<String> post(String path, String form, String... headers) throws Exception {
        List<String> all = new ArrayList<>(List.of(headers));
        all.addAll(List.of("Authorization", "Basic " + RunningBundle.TOKEN));
        return client.postForm(path, form, all.toArray(String[]::new));
    }

    private static ReceivedCall last() {
        return simulator.calls().get(simulator.calls().size() - 1);
    }

    private static void assertArrivedAsWritten() {
        assertThat(last().fields())
                .isEqualTo(Map.of(
                        "callerid", "59824001000",
                        "agent", "eva.muñoz",
                        "phone", "1001",
                        "tech", "SIP",
                        "context", "agentes",
                        "outqueue", "Ventas->",
                        "destination", "59899123456"));
    }

    // --- What uContact answers ------------------------------------------------------------------------------------

    @Test
    void itAnswersTheGuidOrZeroAsTextAndOtherwiseWithAnotherStatus() throws Exception {
        HttpResponse<String> placed = post(FACADE, form(call("0991")));
        HttpResponse<String> rejected = post(FACADE, form(call("5550001")));
        HttpResponse<String> invalid = post(FACADE, form(call("5,98E+10")));
        HttpResponse<String> broken = post(FACADE, BY_HAND + "&x=%zz");
        HttpResponse<String> twice = post(FACADE, BY_HAND + "&agent=other");
        HttpResponse<String> empty = post(FACADE, "");
        int before = simulator.received();
        HttpResponse<String> unknown = post(FACADE, form(call("5550003")));

        assertThat(placed.statusCode()).isEqualTo(200);
        assertThat(placed.body()).matches(GUID);
        assertThat(placed.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain");
        assertThat(List.of(rejected, invalid, broken, twice, empty)).allSatisfy(answer -> {
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("0");
        });
        assertThat(before).isEqualTo(simulator.received() - 1);
        assertThat(unknown.statusCode()).isEqualTo(504);
        assertThat(problem(unknown)).isEqualTo("unknown");
    }

    @Test
    void dataGoesWithDataOnly() throws Exception {
        Map<String, Object> call = call("0991", "data", "{\"a\":\"ñ & +\"}");

        assertThat(post(FACADE_WITH_DATA, form(call)).body()).matches(GUID);
        assertThat(last().path()).isEqualTo(Simulator.AGENT_CALL_WITH_DATA);
        assertThat(last().fields()).containsEntry("data", "{\"a\":\"ñ & +\"}");
        assertThat(post(FACADE, form(call)).body()).matches(GUID);
        assertThat(last().path()).isEqualTo(Simulator.AGENT_CALL);
        int before = simulator.received();
        assertThat(post(FACADE_WITH_DATA, form(call("0991"))).body()).isEqualTo("0");
        for (String blank : List.of("", " \t", "\u00A0", "\uFEFF")) {
            assertThat(post(FACADE_WITH_DATA, form(call("0991", "data", blank))).body())
                    .isEqualTo("0");
        }
        assertThat(running.errors())
                .filteredOn(
                        outcome -> outcome.path("source").path("name").asText().equals(FACADE_WITH_DATA))
                .hasSize(5)
                .allSatisfy(outcome -> {
                    assertThat(outcome.path("reason").asText()).isEqualTo("missing-field");
                    assertThat(outcome.path("detail").asText()).contains("data is missing or blank");
                });
        assertThat(simulator.received()).isEqualTo(before);
    }

    @Test
    void everyPostIsANewRequestUnlessItHasAKey() throws Exception {
        int before = simulator.received();

        String first = post(FACADE, form(call("0995"))).body();
        String second = post(FACADE, form(call("0995"))).body();
        String keyed =
                post(FACADE, form(call("0995")), "Idempotency-Key", "f-1").body();
        String again =
                post(FACADE, form(call("0995")), "Idempotency-Key", "f-1").body();
        String other =
                post(FACADE, form(call("0996")), "Idempotency-Key", "f-1").body();

        assertThat(first).isNotEqualTo(second);
        assertThat(keyed).isEqualTo(again).isNotEqualTo(first);
        assertThat(other).isEqualTo("0");
        assertThat(simulator.received()).isEqualTo(before + 3);
    }

    @Test
    void aFormIsAFormWhateverItsContentTypeSaysButNotJson() throws Exception {
        for (String type :
                List.of(FORM_TYPE, FORM_TYPE.toUpperCase() + ";charset=ISO-8859-1", "text/plain;charset=UTF-8")) {
            HttpResponse<String> answer = client.send(
                    client.request(FACADE).header("Content-Type", type).POST(BodyPublishers.ofString(BY_HAND)),
                    "Authorization",
                    "Basic " + RunningBundle.TOKEN);
            assertThat(answer.body()).as(type).matches(GUID);
            assertArrivedAsWritten();
        }
        HttpResponse<String> none = client.send(
                client.request(FACADE).POST(BodyPublishers.ofString(BY_HAND)),
                "Authorization",
                "Basic " + RunningBundle.TOKEN);
        assertThat(none.body()).matches(GUID);
        for (String type : List.of("application/json", "multipart/form-data; boundary=x", "application/xml")) {
            assertThat(client.send(
                                    client.request(FACADE)
                                            .header("Content-Type", type)
                                            .POST(BodyPublishers.ofString("{}")),
                                    "Authorization",
                                    "Basic " + RunningBundle.TOKEN)
                            .statusCode())
                    .as(type)
                    .isEqualTo(415);
        }
    }

    @Test
    void theCharsetOfTheRequestIsNotThatOfTheAnswer() throws Exception {
        HttpResponse<String> answer = client.send(
                client.request(FACADE)
                        .header("Content-Type", FORM_TYPE + ";charset=utf-16")
                        .POST(BodyPublishers.ofString(BY_HAND)),
                "Authorization",
                "Basic " + RunningBundle.TOKEN);
        assertThat(answer.body()).matches(GUID);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/plain;charset=utf-8");

        assertThat(client.send(
                                client.request(FACADE)
                                        .header("Content-Type", FORM_TYPE + ";charset=no-such")
                                        .POST(BodyPublishers.ofString(BY_HAND)),
                                "Authorization",
                                "Basic " + RunningBundle.TOKEN)
                        .statusCode())
                .isEqualTo(415);
    }

    @Test
    void aBodyThatIsNotUtf8IsWindows1252() throws Exception {
        for (String body : List.of(BY_HAND, BY_HAND.replace("ñ", "%F1"), BY_HAND.replace("ñ", "%C3%B1"))) {
            HttpResponse<String> answer = client.send(
                    client.request(FACADE)
                            .header("Content-Type", FORM_TYPE)
                            .POST(BodyPublishers.ofByteArray(body.getBytes(Charset.forName("windows-1252")))),
                    "Authorization",
                    "Basic " + RunningBundle.TOKEN);
            assertThat(answer.body()).matches(GUID);
            assertArrivedAsWritten();
        }
    }

    // --- Its clients: the samples of examples/clients ----------------------------------------------------------------

    @Test
    void okHttpWithABodyWrittenByHand() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        assertThat(run(
                        java,
                        "-XX:TieredStopAtLevel=1",
                        "-Dfile.encoding=UTF-8",
                        "-cp",
                        System.getProperty("java.class.path"),
                        sample("OkHttpCall.java")))
                .matches(GUID);
        assertArrivedAsWritten();
    }

    @Test
    void curlWithEveryFieldEncoded() throws Exception {
        assumeInstalled("curl");
        assertThat(run("sh", sample("curl.sh"))).matches(GUID);
        assertArrivedAsWritten();
    }

    @Test
    void pythonsHttpClientWithABodyWrittenByHand() throws Exception {
        assumeInstalled("python3");
        assertThat(run("python3", "-X", "utf8", sample("http_client.py"))).matches(GUID);
        assertArrivedAsWritten();
    }

    @Test
    void fetchWithUrlSearchParams() throws Exception {
        assumeInstalled("node");
        assertThat(run("node", sample("fetch.mjs"))).matches(GUID);
        assertArrivedAsWritten();
    }

    @Test
    void postmansCollection() throws Exception {
        assumeInstalled("newman");
        run(
                "newman",
                "run",
                sample("postman_collection.json"),
                "--env-var",
                "url=" + client.base(),
                "--env-var",
                "token=" + RunningBundle.TOKEN);
        assertArrivedAsWritten();
    }

    /**
     * What .NET puts on the wire for the sample, since there is none here to run it: Framework asks first whether it may
     * send the body, Core does not.
     */
    @ParameterizedTest
    @ValueSource(strings = {"", "Expect: 100-continue\r\n"})
    void dotNetsHttpClientWithFormUrlEncodedContent(String expect) throws Exception {
        String body = "callerid=59824001000&agent=eva.mu%C3%B1oz&phone=1001&tech=SIP&context=agentes"
                + "&outqueue=Ventas-%3E&destination=59899123456";
        try (Socket socket = new Socket(client.base().getHost(), client.base().getPort())) {
            OutputStream out = socket.getOutputStream();
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
            out.write(("POST " + FACADE + " HTTP/1.1\r\nAuthorization: Basic " + RunningBundle.TOKEN
                            + "\r\nContent-Type: application/x-www-form-urlencoded\r\nHost: "
                            + client.base().getAuthority() + "\r\nContent-Length: " + body.length() + "\r\n" + expect
                            + "\r\n")
                    .getBytes(UTF_8));
            if (!expect.isEmpty()) {
                assertThat(in.readLine()).isEqualTo("HTTP/1.1 100 Continue");
                assertThat(in.readLine()).isEmpty();
            }
            out.write(body.getBytes(UTF_8));
            assertThat(in.readLine()).isEqualTo("HTTP/1.1 200 OK");
            while (!in.readLine().isEmpty()) {
                // the other headers
            }
            char[] answer = new char[36];
            assertThat(in.read(answer)).isEqualTo(36);
            assertThat(new String(answer)).matches(GUID);
        }
        assertArrivedAsWritten();
    }

    private static String sample(String name) {
        return Path.of("examples", "clients", name).toString();
    }

    private static void assumeInstalled(String program) {
        boolean installed = List.of(System.getenv("PATH").split(":")).stream()
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
        assumeTrue(installed, program + " is not installed: this client is NOT tried");
    }

    private static String run(String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment()
                .putAll(Map.of(
                        "LC_ALL",
                        "C.UTF-8",
                        "UCONTACT_URL",
                        client.base().toString(),
                        "UCONTACT_TOKEN",
                        RunningBundle.TOKEN));
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(out + err).isZero();
        return out;
    }
}
