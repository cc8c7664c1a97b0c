package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentcall.app.Program.Running;
import dev.agentcall.simulator.Fault;
import dev.agentcall.simulator.Reply;
import dev.agentcall.simulator.Simulator;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What happens when route files are saved while the program runs. */
@Timeout(300)
class ReloadTest {

    private static final int ROWS = 3000;
    /** So often routes are replaced at least while rows are called. */
    private static final int VERSIONS = 3;

    private static final String TICK = """
            - route:
                id: tick
                from:
                  uri: timer
                  parameters:
                    timerName: tick
                    period: 50
                  steps:
                    - setBody:
                        expression:
                          constant:
                            expression: one
                    - to:
                        uri: "jsonl:{{agentcall.outbox}}/ticks.jsonl"
            """;

    @TempDir
    private Path home;

    private static ConditionFactory patience() {
        return await().atMost(Duration.ofSeconds(60));
    }

    private static Running serve(Program program) throws IOException {
        Running server = program.environment("AGENTCALL_RELOAD", "true").start();
        patience().untilAsserted(() -> assertThat(server.err()).contains("serving"));
        return server;
    }

    private Path route(String name) {
        return home.resolve("routes").resolve(name + ".camel.yaml");
    }

    /** As some editors save: another file takes the name. */
    private void renameOver(Path file, String text) throws IOException {
        Path other = Files.writeString(file.resolveSibling(".saving~"), text);
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private String lastTick() throws IOException {
        List<String> ticks = Files.readAllLines(home.resolve("data/outbox/ticks.jsonl"));
        return ticks.get(ticks.size() - 1);
    }

    @Test
    void aFileThatIsSavedTakesOverAndABrokenOneDoesNot() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            Program program = Program.unpack(home, simulator.uri());
            try (Running server = serve(program)) {
                Files.writeString(route("tick"), TICK);
                patience().ignoreExceptions().until(() -> lastTick().equals("one"));

                Files.writeString(route("tick"), TICK.replace("one", "two"));
                patience().until(() -> lastTick().equals("two"));

                renameOver(route("tick"), TICK.replace("setBody", "setBoddy"));
                patience().until(() -> server.err()
                        .contains("routes/tick.camel.yaml:9: found setBoddy, expected setBody"));
                long before = Files.size(home.resolve("data/outbox/ticks.jsonl"));
                patience().until(() -> Files.size(home.resolve("data/outbox/ticks.jsonl")) > before);
                assertThat(lastTick()).isEqualTo("two");

                renameOver(route("tick"), TICK.replace("one", "two"));
                patience().until(() -> server.err().contains("no file is refused any more"));
                renameOver(route("tick"), TICK.replace("setBody", "setBoddy"));
                patience().until(() -> server.err().split("found setBoddy", -1).length == 3);

                renameOver(route("tick"), TICK.replace("one", "three"));
                patience().until(() -> lastTick().equals("three"));

                Files.writeString(route("tick"), TICK.replace("one", "tré"), StandardCharsets.ISO_8859_1);
                patience().until(() -> server.err()
                        .contains("routes/tick.camel.yaml:12: found bytes that are no UTF-8, expected UTF-8"));
                Files.writeString(route("tick"), TICK.replace("one", "four"));
                patience().until(() -> lastTick().equals("four"));
                assertThat(Files.readAllLines(home.resolve("data/outbox/ticks.jsonl")))
                        .containsOnly("one", "two", "three", "four");

                // A jar is missing in lib
                Files.writeString(
                        route("half"), TICK.replace("tick", "half").replaceFirst("\"jsonl:.*", "half-there:x"));
                patience().until(() -> server.err()
                        .contains("routes/half.camel.yaml: lib: found no class org.acme.Client"));
                Files.delete(route("half"));

                // Nothing but Camel itself finds this one out
                Files.writeString(route("tick"), TICK.replace("period: 50", "period: soon"));
                patience().until(() -> server.err().contains("soon"));
                long then = Files.size(home.resolve("data/outbox/ticks.jsonl"));
                patience().until(() -> Files.size(home.resolve("data/outbox/ticks.jsonl")) > then);

                Files.delete(route("tick"));
                patience().until(() -> server.err().contains("routes/tick.camel.yaml is gone"));

                Files.delete(route("send-call"));
                patience().until(() -> server.err().contains("found direct:send-call in the route place-call"));

                Files.writeString(
                        route("beans"),
                        Files.readString(route("beans")) + "    - name: mine\n      type: java.lang.Object\n");
                patience().until(() -> server.err()
                        .lines()
                        .anyMatch(line -> line.contains("routes/beans.camel.yaml") && line.contains("restart")));

                server.terminate();
                assertThat(server.end().code()).isZero();
            }
        }
    }

    @Test
    void callsInFlightComeToTheirEndAndNoneIsLostOrMadeTwice() throws Exception {
        AtomicInteger version = new AtomicInteger();
        // Slowly at first, so that there is something in flight whenever a file is saved, however long that takes.
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults()
                .withAnswers(call -> new Reply(
                        null,
                        200,
                        UUID.randomUUID().toString(),
                        Map.of(),
                        version.get() > VERSIONS ? Duration.ZERO : Duration.ofMillis(300))))) {
            Program program = Program.unpack(home, simulator.uri()).environment("AGENTCALL_RATE", "400");
            try (Running server = serve(program)) {
                StringBuilder csv = new StringBuilder("callerid,agent,phone,context,outqueue,destination\n");
                for (int i = 0; i < ROWS; i++) {
                    csv.append("59824001000,agent%d,1001,agentes,Ventas->,59899%06d%n".formatted(i % 50, i));
                }
                drop(csv.toString());

                String success = Files.readString(route("deliver-success"));
                Path results = home.resolve("data/outbox/rows.success.csv");
                while (!Files.exists(results)) {
                    int now = version.incrementAndGet();
                    for (String name : List.of("place-call", "send-call", "deliver-success", "channel-errors")) {
                        renameOver(
                                route(name),
                                Files.readString(route(name))
                                        .replaceFirst("description: .*", "description: Version " + now + "."));
                    }
                    renameOver(
                            route("deliver-success"),
                            success + "        - to:\n            uri: \"jsonl:{{agentcall.outbox}}/v" + now
                                    + ".jsonl\"\n");
                    patience()
                            .until(() -> Files.exists(results)
                                    || Files.exists(home.resolve("data/outbox/v" + now + ".jsonl")));
                }

                assertThat(version).hasValueGreaterThan(VERSIONS);
                assertThat(Files.readAllLines(results)).hasSize(1 + ROWS);
                assertThat(simulator.calls().stream().map(call -> call.fields().get("destination")))
                        .hasSize(ROWS)
                        .doesNotHaveDuplicates();
                assertThat(Files.readAllLines(home.resolve("data/outbox/success.jsonl")))
                        .hasSize(ROWS);
                assertThat(server.err()).doesNotContain("ERROR");
            }
        }
    }

    @Test
    void routesOfOneFileThatCallEachOtherAreReplaced() throws Exception {
        String routes = """
                - route:
                    id: inside
                    from:
                      uri: timer:inside?period=20
                      steps:
                        - to:
                            uri: direct:first
                - route:
                    id: first
                    from:
                      uri: direct:first
                      steps:
                        - to:
                            uri: direct:second
                - route:
                    id: second
                    from:
                      uri: direct:second
                      steps:
                        - choice:
                            when:
                              - simple: "${header.back} == null"
                                steps:
                                  - setHeader:
                                      name: back
                                      constant: "yes"
                                  - delay:
                                      constant: 20
                                  - to:
                                      uri: direct:first
                            otherwise:
                              steps:
                                - setBody:
                                    simple: "${exchange.fromRouteId} one"
                                - to:
                                    uri: "jsonl:{{agentcall.outbox}}/ticks.jsonl"
                """;
        String outside = """
                - route:
                    id: outside
                    from:
                      uri: timer:outside?period=20
                      steps:
                        - to:
                            uri: direct:first
                """;
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            Program program = Program.unpack(home, simulator.uri());
            program.file("routes/called.camel.yaml", routes);
            program.file("routes/calling.camel.yaml", outside);
            Path ticks = home.resolve("data/outbox/ticks.jsonl");
            try (Running server = serve(program)) {
                patience()
                        .until(() ->
                                Files.exists(ticks) && Files.readAllLines(ticks).size() > 10);

                renameOver(route("called"), routes.replace("fromRouteId} one", "fromRouteId} two"));

                patience().until(() -> Files.readAllLines(ticks).containsAll(List.of("inside two", "outside two")));
                assertThat(server.err())
                        .contains("called.camel.yaml is reloaded")
                        .doesNotContain("ERROR");
            }
        }
    }

    /** Camel by itself would wait for as long as its shutdown may take, and then cut them off. */
    @Test
    void aCallThatTakesLongComesToItsEndInTheOldRoute() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            Program program = Program.unpack(home, simulator.uri()).configuration("camel.main.shutdownTimeout=1");
            try (Running server = serve(program)) {
                StringBuilder csv = new StringBuilder("callerid,agent,phone,context,outqueue,destination\n");
                for (int i = 0; i < 4; i++) {
                    csv.append("59824001000,agent%d,1001,agentes,Ventas->,%s%n".formatted(i, Fault.SLOW.destination()));
                }
                drop(csv.toString());
                patience().until(() -> simulator.calls().size() == 4);
                for (String name : List.of("place-call", "post-form")) {
                    Files.writeString(
                            route(name),
                            Files.readString(route(name)).replaceFirst("description: .*", "description: New."));
                }

                patience().until(() -> Files.exists(home.resolve("data/outbox/rows.success.csv")));

                assertThat(Files.readAllLines(home.resolve("data/outbox/rows.success.csv")))
                        .hasSize(1 + 4);
                assertThat(simulator.calls()).hasSize(4);
                patience().until(() -> server.err().contains("routes/post-form.camel.yaml is reloaded"));
            }
        }
    }

    /** A long file keeps its route for hours. */
    @Test
    void whatIsSavedWhileARouteWaitsForItsEndIsLookedAt() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (CallStub stub = CallStub.start(call -> {
            end.await();
            return CallStub.Answer.placed();
        })) {
            Program program = Program.unpack(home, stub.uri());
            try (Running server = serve(program)) {
                drop("callerid,agent,phone,context,outqueue,destination\n"
                        + "59824001000,agent1,1001,agentes,Ventas->,59899000001\n");
                patience().until(() -> stub.calls().size() == 1);
                renameOver(
                        route("place-call"),
                        Files.readString(route("place-call")).replaceFirst("description: .*", "description: New."));
                patience().until(() -> server.err().contains("routes/place-call.camel.yaml takes over when"));

                renameOver(route("tick"), TICK.replace("setBody", "setBoddy"));
                patience().until(() -> server.err().contains("found setBoddy, expected setBody"));
                renameOver(route("tick"), TICK);
                patience().ignoreExceptions().until(() -> lastTick().equals("one"));
                assertThat(server.err()).doesNotContain("routes/place-call.camel.yaml is reloaded");

                end.countDown();
                patience().until(() -> server.err().contains("routes/place-call.camel.yaml is reloaded"));
                patience().until(() -> Files.exists(home.resolve("data/outbox/rows.success.csv")));
                assertThat(stub.calls()).hasSize(1);
            } finally {
                end.countDown();
            }
        }
    }

    /** Camel makes routes of a template when all else is replaced already. */
    @Test
    void aTemplateThatNoRouteCanBeMadeOfTakesNoRouteAway() throws Exception {
        try (CallStub stub = CallStub.start(call -> CallStub.Answer.placed())) {
            Program program = Program.unpack(home, stub.uri());
            try (Running server = serve(program)) {
                RestClient client = new RestClient(URI.create(address(server)));
                String shipped = Files.readString(route("post-form"));
                renameOver(route("post-form"), shipped.replace("httpMethod: POST", "httpMethod: POTS"));
                patience().until(() -> server.err().contains("what ran before is back"));

                assertThat(client.post(RestClient.call("0991")).statusCode()).isEqualTo(201);
                assertThat(client.post(RestClient.call("0992", "data", "x")).statusCode())
                        .isEqualTo(201);
                assertThat(ready(server)).contains("200");

                renameOver(route("post-form"), shipped.replaceFirst("description: One", "description: An"));
                patience().until(() -> server.err().contains("routes/post-form.camel.yaml is reloaded"));
                assertThat(client.post(RestClient.call("0993", "data", "x")).statusCode())
                        .isEqualTo(201);
            }
        }
    }

    /** One call may be in flight; the row before the door has its permit, and the request behind the door waits for it. */
    @Test
    void aRequestThatWaitsInTheOldRouteDoesNotWaitForWhoeverIsBeforeTheNewOne() throws Exception {
        try (CallStub stub = CallStub.start(call -> CallStub.Answer.placed())) {
            Program program = Program.unpack(home, stub.uri())
                    .environment("AGENTCALL_CONCURRENCY", "1")
                    .environment("AGENTCALL_AGENT_PAUSE", "8s")
                    .environment("AGENTCALL_REST_WAIT", "5m");
            try (Running server = serve(program)) {
                RestClient client = new RestClient(URI.create(address(server)));
                assertThat(client.post(RestClient.call("0991")).statusCode()).isEqualTo(201);
                CompletableFuture<HttpResponse<String>> resting = client.postAsync(RestClient.call("0992"));
                List<String> sent = new ArrayList<>(List.of("0991", "0992", "0993"));
                String waits = "routes/place-call.camel.yaml takes over when";
                for (int saved = 1;
                        !server.err().contains(waits);
                        saved++) { // again, if it was there before the request
                    if (resting.isDone()) { // the agent has had his rest before the file was looked at
                        sent.add("0994" + saved);
                        resting = client.postAsync(RestClient.call("0994" + saved));
                    }
                    renameOver(
                            route("place-call"),
                            Files.readString(route("place-call"))
                                    .replaceFirst("description: .*", "description: New " + saved + "."));
                    int times = saved;
                    patience()
                            .until(() -> server.err().contains(waits)
                                    || server.err().split("place-call.camel.yaml is reloaded", -1).length > times);
                }

                drop("callerid,agent,phone,context,outqueue,destination\n"
                        + "59824001000,agent1,1001,agentes,Ventas->,0993\n");

                assertThat(resting.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(201);
                patience().until(() -> Files.exists(home.resolve("data/outbox/rows.success.csv")));
                patience().until(() -> server.err().contains("routes/place-call.camel.yaml is reloaded"));
                assertThat(stub.placed()).containsExactlyInAnyOrderElementsOf(sent);
            }
        }
    }

    @Test
    void readinessIsAboutTheRoutesThatAreInPlaceNow() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            Program program = Program.unpack(home, simulator.uri());
            Files.writeString(route("tick"), TICK);
            try (Running server = serve(program)) {
                patience().untilAsserted(() -> assertThat(ready(server)).contains("200"));

                Files.writeString(route("tick"), TICK.replace("id: tick", "id: tock"));
                patience().until(() -> server.err().contains("routes/tick.camel.yaml is reloaded"));
                assertThat(ready(server)).contains("200");

                Files.writeString(route("end-tock"), """
                        - route:
                            id: end-tock
                            from:
                              uri: timer
                              parameters:
                                timerName: end-tock
                                repeatCount: 1
                              steps:
                                - to:
                                    uri: controlbus:route?routeId=tock&action=stop
                        """);
                patience().untilAsserted(() -> assertThat(ready(server)).contains("503", "not started: [tock]"));

                Files.delete(route("tick"));
                patience().until(() -> server.err().contains("routes/tick.camel.yaml is gone"));
                assertThat(ready(server)).contains("200");
            }
        }
    }

    private static String ready(Running server) throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(address(server) + "/observe/health/ready"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }

    private static String address(Running server) throws IOException {
        Matcher address = Pattern.compile("REST on (\\S+)").matcher(server.err());
        assertThat(address.find()).isTrue();
        return address.group(1);
    }

    private void drop(String csv) throws IOException {
        Path file = Files.writeString(home.resolve("rows.csv"), csv);
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(60)));
        Files.move(file, home.resolve("data/inbox/rows.csv"));
    }
}
