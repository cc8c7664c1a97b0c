package dev.agentcall.app;

import static dev.agentcall.app.RestClient.CALLS;
import static dev.agentcall.app.RestClient.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentcall.rest.ReadinessCheck;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an operator sees from outside: health, figures, logs. */
@Timeout(120)
class ObserveTest extends RestFixture {

    private String reason(String check, int status) throws Exception {
        HttpResponse<String> ready = client.get("/observe/health/ready");
        assertThat(ready.statusCode()).as(ready.body()).isEqualTo(status);
        for (JsonNode one : RestClient.read(ready).path("checks")) {
            if (one.path("name").asText().equals(check)) {
                return one.path("reason").asText(null);
            }
        }
        return "no such check in " + ready.body();
    }

    @Test
    void itIsNotReadyWhileUContactIsUnavailable() throws Exception {
        start("agentcall.retry.delay", "100ms");
        assertThat(reason("ucontact", 200)).isNull();
        assertThat(client.get("/observe/metrics").body().lines()).contains("agentcall_available 1.0");
        stub.answer(asked -> CallStub.Answer.unavailable());

        client.post(call("0991"));

        assertThat(reason("ucontact", 503)).contains("503");
        assertThat(client.get("/observe/metrics").body().lines()).contains("agentcall_available 0.0");
        assertThat(client.get("/observe/health/live").statusCode()).isEqualTo(200);
        stub.answer(asked -> CallStub.Answer.placed());
        await().atMost(PATIENCE).until(() -> client.post(call("0991")).statusCode() == 201);
        assertThat(reason("ucontact", 200)).isNull();
    }

    /** As many load balancers ask. */
    @Test
    void headIsAnsweredAsGetWithoutABody() throws Exception {
        start();

        for (String path : List.of("/observe/health/live", "/observe/health/ready", "/observe/metrics", CALLS)) {
            HttpResponse<String> head = client.send(client.request(path).method("HEAD", BodyPublishers.noBody()));

            assertThat(head.statusCode()).as(path).isEqualTo(200);
            assertThat(head.headers().firstValue("Content-Type"))
                    .isEqualTo(client.get(path).headers().firstValue("Content-Type"));
            assertThat(head.body()).as(path).isEmpty();
        }
    }

    @Test
    void itIsNotReadyWithoutOneOfItsRoutes() throws Exception {
        start();

        running.bundle().context().getRouteController().stopRoute("receive-csv");

        assertThat(reason("routes", 503)).contains("receive-csv");
    }

    @Test
    void itIsNotReadyWhenAnyOtherCheckSaysSo() throws Exception {
        start();
        running.bundle().context().getRegistry().bind("brokerCheck", new ReadinessCheck() {
            @Override
            public String name() {
                return "broker";
            }

            @Override
            public String notReady() {
                return "not connected";
            }
        });

        assertThat(reason("broker", 503)).isEqualTo("not connected");
    }

    @Test
    void callsAreCountedByOutcomeAndSourceAndRoutesByTheirNames() throws Exception {
        start();
        CountDownLatch seen = new CountDownLatch(1);
        client.post(call("0991", "requestId", "m-1"));
        client.post(call("0991", "requestId", "m-1"));
        client.post(call("no number"));
        running.call(Files.writeString(
                data.resolve("f.csv"),
                "callerid;agent;phone;context;outqueue;destination\n1;a;1;c;q;0991\n1;b;1;c;q;0992\n"));
        stub.answer(asked -> {
            seen.await();
            return CallStub.Answer.placed();
        });
        var inFlight = client.postAsync(call("0993"));
        await().atMost(PATIENCE).until(() -> stub.calls().size() == 4);

        String figures = client.get("/observe/metrics").body();

        assertThat(figures.lines())
                .contains(
                        "agentcall_outcomes_total{outcome=\"placed\",source=\"rest\"} 2.0",
                        "agentcall_outcomes_total{outcome=\"invalid\",source=\"rest\"} 1.0",
                        "agentcall_outcomes_total{outcome=\"placed\",source=\"csv\"} 2.0",
                        "agentcall_seconds_count 3",
                        "agentcall_inflight 1.0",
                        "agentcall_route_seconds_count{route=\"receive-rest-call\"} 3",
                        "agentcall_route_seconds_count{route=\"place-call\"} 5",
                        "agentcall_route_seconds_count{route=\"send-call\"} 3")
                .anyMatch(line -> line.startsWith("jvm_memory_used_bytes"));
        // Without the figures themselves, which may have any digits in them.
        assertThat(figures.replaceAll(" [0-9.E+-]+(?=\\n)", "")).doesNotContain("ana.garc", "m-1", "0991");
        seen.countDown();
        assertThat(inFlight.join().statusCode()).isEqualTo(201);
    }

    @Test
    void logsAreJsonWhereThatIsSet() throws Exception {
        Program program = Program.unpack(data, stub.uri()).configuration("agentcall.log.format=json");
        String err;
        try (Program.Running server = program.start()) {
            await().atMost(PATIENCE).until(() -> server.err().contains("serving") || !server.isAlive());
            client = new RestClient(URI.create(server.err().replaceFirst("(?s).*REST on ([^\"\\s]+).*", "$1")));
            client.post(call("no \"num\"\\ber 099123456", "requestId", "log-1"));
            server.terminate();
            err = server.end().err();
        }
        List<String> lines = err.lines().toList();
        assertThat(lines).allSatisfy(line -> assertThat(
                        new JsonMapper().readTree(line).path("level").asText())
                .isNotEmpty());
        assertThat(lines.stream().filter(line -> line.contains("log-1")))
                .singleElement()
                .satisfies(line -> {
                    JsonNode json = new JsonMapper().readTree(line);
                    assertThat(json.path("message").asText()).contains("log-1", "invalid", "bad-number", "456");
                    assertThat(line).doesNotContain("099123456");
                });
    }
}
