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
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

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
        assertThat(post(FACADE_WITH_DATA, form(call("0991"))).body()).isEqualTo("0");
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

    // --- Its clients ----------------------------------------------------------------------------------------------

    @Test
    void okHttpWithABodyWrittenByHand() throws Exception {
        Request request = new Request.Builder()
                .url(client.base() + FACADE)
                .post(RequestBody.create(BY_HAND, MediaType.parse(FORM_TYPE)))
                .addHeader("Content-Type", FORM_TYPE)
                .addHeader("Authorization", "Basic " + RunningBundle.TOKEN)
                .build();
        try (Response answer = new OkHttpClient().newCall(request).execute()) {
            assertThat(answer.body().string()).matches(GUID);
        }
        assertArrivedAsWritten();
    }

    @Test
    void curlWithEveryFieldEncoded() throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "curl",
                "-sS",
                "--location",
                "--request",
                "POST",
                client.base() + FACADE,
                "--header",
                "Authorization: Basic " + RunningBundle.TOKEN,
                "--header",
                "Content-Type: " + FORM_TYPE));
        for (String field : BY_HAND.split("&")) {
            command.addAll(List.of("--data-urlencode", field));
        }
        assertThat(run(command)).matches(GUID);
        assertArrivedAsWritten();
    }

    @Test
    void pythonsHttpClientWithABodyWrittenByHand() throws Exception {
        String script = """
                import http.client, sys
                conn = http.client.HTTPConnection(sys.argv[1])
                conn.request("POST", sys.argv[2], sys.argv[3],
                    {"Authorization": "Basic " + sys.argv[4], "Content-Type": "application/x-www-form-urlencoded"})
                print(conn.getresponse().read().decode("utf-8"), end="")
                """;
        assertThat(run(List.of(
                        "python3", "-X", "utf8", "-c", script, authority(), FACADE, BY_HAND, RunningBundle.TOKEN)))
                .matches(GUID);
        assertArrivedAsWritten();
    }

    @Test
    void fetchWithUrlSearchParams() throws Exception {
        String script = """
                const [url, form, token] = process.argv.slice(1);
                const fields = new URLSearchParams();
                for (const pair of form.split("&")) fields.append(...pair.split("="));
                const headers = new Headers({ "Authorization": "Basic " + token,
                                              "Content-Type": "application/x-www-form-urlencoded" });
                fetch(url, { method: "POST", headers, body: fields, redirect: "follow" })
                  .then(answer => answer.text()).then(text => process.stdout.write(text));
                """;
        assertThat(run(List.of("node", "-e", script, client.base() + FACADE, BY_HAND, RunningBundle.TOKEN)))
                .matches(GUID);
        assertArrivedAsWritten();
    }

    private static String authority() {
        URI base = client.base();
        return base.getHost() + ":" + base.getPort();
    }

    private static String run(List<String> command) throws Exception {
        boolean installed = List.of(System.getenv("PATH").split(":")).stream()
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, command.get(0))));
        assumeTrue(installed, command.get(0) + " is not installed: this client is NOT tried");
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(new HashMap<>(Map.of("LC_ALL", "C.UTF-8")));
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(err).isZero();
        return out;
    }
}
