package dev.agentcall.app;

import static dev.agentcall.app.RestClient.CALLS;
import static dev.agentcall.app.RestClient.call;
import static dev.agentcall.app.RestClient.problem;
import static dev.agentcall.app.RestClient.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentcall.call.OutcomeKind;
import dev.agentcall.csv.FileSummary;
import dev.agentcall.simulator.Simulator;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests as JSON over HTTP: what becomes of them, and when. */
@Timeout(120)
class RestTest extends RestFixture {

    @Test
    void aPlacedCallIsAnsweredWithItsOutcomeWhichTheChannelHasToo() throws Exception {
        start();

        HttpResponse<String> answer =
                client.post(call("+598 99 123-456", "requestId", "id 1".replace(' ', '%'), "crm", 7));

        assertThat(answer.statusCode()).isEqualTo(201);
        JsonNode outcome = read(answer);
        assertThat(outcome.path("outcome").asText()).isEqualTo("placed");
        assertThat(outcome.path("request").path("destination").asText()).isEqualTo("+59899123456");
        assertThat(outcome.path("extra").path("crm").asInt()).isEqualTo(7);
        assertThat(outcome.path("source").path("kind").asText()).isEqualTo("rest");
        assertThat(stub.calls()).singleElement().satisfies(form -> assertThat(form)
                .containsEntry("agent", "ana.garcía")
                .containsEntry("destination", "+59899123456"));
        assertThat(running.successes()).singleElement().isEqualTo(outcome);
        HttpResponse<String> again =
                client.get(answer.headers().firstValue("Location").orElseThrow());
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(read(again)).isEqualTo(outcome);
    }

    @Test
    void aChannelThatFailsChangesNoAnswerAndOnlyWhatMissedAnOutcomeGetsItAgain() throws Exception {
        Path blocked = Files.writeString(data.resolve("blocked"), "");
        start(
                "agentcall.channel.success",
                "jsonl:{{agentcall.outbox}}/success.jsonl jsonl:" + blocked + "/missed.jsonl",
                "agentcall.channel.error",
                "jsonl:" + blocked + "/missed.jsonl jsonl:{{agentcall.outbox}}/error.jsonl");

        HttpResponse<String> placed = client.post(call("0991"));
        HttpResponse<String> invalid = client.post(call("5,98E+10"));
        HttpResponse<String> form = client.postForm(RestClient.FACADE, RestClient.form(call("0992")));
        HttpResponse<String> zero = client.postForm(RestClient.FACADE, RestClient.form(call("5,98E+10")));

        assertThat(placed.statusCode()).isEqualTo(201);
        assertThat(placed.headers().firstValue("Location")).isPresent();
        assertThat(invalid.statusCode()).isEqualTo(400);
        assertThat(form.body()).matches("[0-9a-f-]{36}");
        assertThat(zero.body()).isEqualTo("0");
        Files.delete(blocked);
        Path missed = blocked.resolve("missed.jsonl");
        await().atMost(PATIENCE)
                .until(() -> Files.exists(missed) && Files.readAllLines(missed).size() >= 4);
        await().atMost(PATIENCE)
                .until(() -> running.bundle().ledger().missed(10).isEmpty());
        assertThat(Files.readAllLines(missed)).hasSize(4).doesNotHaveDuplicates();
        assertThat(running.successes()).hasSize(2);
        assertThat(running.errors()).hasSize(2);
    }

    @Test
    void theSameIdRingsOnceAlsoWhenAllComeAtTheSameTime() throws Exception {
        start();
        stub.answer(CallStub.placedAfter(Duration.ofMillis(200)));

        List<CompletableFuture<HttpResponse<String>>> answers = IntStream.range(0, 8)
                .mapToObj(i -> async(call("099123456", "requestId", "same")))
                .toList();

        assertThat(answers.stream().map(answer -> answer.join().statusCode()))
                .containsExactlyInAnyOrder(201, 200, 200, 200, 200, 200, 200, 200);
        assertThat(answers.stream()
                        .map(answer -> outcome(answer.join()).path("guid").asText())
                        .distinct())
                .hasSize(1);
        assertThat(stub.calls()).hasSize(1);
    }

    private CompletableFuture<HttpResponse<String>> async(Map<String, Object> call) {
        try {
            return client.postAsync(call);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode outcome(HttpResponse<String> answer) {
        try {
            return read(answer);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void theHeaderIdempotencyKeyIsTheId() throws Exception {
        start();

        assertThat(client.post(call("0991"), "Idempotency-Key", "k-1").statusCode())
                .isEqualTo(201);
        // As the draft of the standard writes it, and with the same id in the body.
        assertThat(client.post(call("0991"), "Idempotency-Key", "\"k-1\"").statusCode())
                .isEqualTo(200);
        assertThat(client.post(call("0991", "requestId", "k-1"), "Idempotency-Key", "k-1")
                        .statusCode())
                .isEqualTo(200);
        HttpResponse<String> two = client.post(call("0991", "requestId", "k-2"), "Idempotency-Key", "k-1");
        assertThat(two.statusCode()).isEqualTo(400);
        assertThat(read(two).path("detail").asText()).contains("Idempotency-Key", "'k-1'", "'k-2'");
        HttpResponse<String> twoKeys =
                client.post(call("0991"), "Idempotency-Key", "k-1", "Idempotency-Key", "k-2", "Idempotency-Key", "k-2");
        assertThat(twoKeys.statusCode()).isEqualTo(400);
        assertThat(read(twoKeys).path("detail").asText())
                .isEqualTo("there are 2 different Idempotency-Key headers ('k-1', 'k-2'), expected one id");
        assertThat(client.post(call("0992"), "Idempotency-Key", "k-1").statusCode())
                .isEqualTo(409);
        assertThat(stub.calls()).hasSize(1);
    }

    @Test
    void everyIdThatIsTakenCanBeAskedFor() throws Exception {
        start();

        for (String id :
                List.of("a\\b", "\\", "..\\", "...", ".a", "a;b", "a?b#c", "%2F", "%5C", "+", "ñ-日", "\"<&>\"")) {
            HttpResponse<String> placed = client.post(call("0991", "requestId", id));
            assertThat(placed.statusCode()).as(placed.body()).isEqualTo(201);
            HttpResponse<String> found =
                    client.get(placed.headers().firstValue("Location").orElseThrow());
            assertThat(found.body()).as(id).isEqualTo(placed.body());
        }
        int called = stub.calls().size();
        for (String id : List.of(".", "..")) {
            for (HttpResponse<String> answer : List.of(
                    client.post(call("0991", "requestId", id)), client.post(call("0991"), "Idempotency-Key", id))) {
                assertThat(answer.statusCode()).as(id).isEqualTo(400);
                assertThat(problem(answer)).isEqualTo("invalid");
                assertThat(read(answer).path("detail").asText()).contains("requestId '" + id + "'");
            }
        }
        assertThat(stub.calls()).hasSize(called);
    }

    @Test
    void whatIsNoRequestIsToldSoAndIsInTheErrorChannel() throws Exception {
        start();

        for (String body : List.of("", "{", "[]", "null", "{\"agent\":\"a\"} {}", "{\"agent\":{}}")) {
            HttpResponse<String> answer = client.send(client.request(CALLS)
                    .header("Content-Type", "application/json; charset=utf-8")
                    .POST(BodyPublishers.ofString(body)));
            assertThat(answer.statusCode()).as(body).isEqualTo(400);
            assertThat(problem(answer)).isEqualTo("invalid");
            assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        }
        HttpResponse<String> latin = client.send(client.request(CALLS)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray("{\"agent\":\"ñ\"}".getBytes(StandardCharsets.ISO_8859_1))));
        assertThat(read(latin).path("detail").asText()).contains("UTF-8");
        assertThat(running.errors()).hasSize(7).allSatisfy(outcome -> assertThat(
                        outcome.path("outcome").asText())
                .isEqualTo("invalid"));
        assertThat(stub.calls()).isEmpty();
    }

    @Test
    void theNewestRequestsAreListed() throws Exception {
        start();
        for (String id : List.of("a", "b", "c")) {
            client.post(call("0991", "requestId", id));
        }
        client.post(call("no number", "requestId", "d"));

        assertThat(ids("")).containsExactly("d", "c", "b", "a");
        assertThat(ids("?limit=2")).containsExactly("d", "c");
        assertThat(ids("?outcome=invalid")).containsExactly("d");
        assertThat(ids("?outcome=unknown&limit=100000")).isEmpty();
        for (String query : List.of("limit=0", "limit=many", "outcome=lost")) {
            assertThat(client.get(CALLS + "?" + query).statusCode()).as(query).isEqualTo(400);
        }
    }

    /** In a process of its own: what it logs. */
    @Test
    void aQueryThatCannotBeReadIsTheClientsFault() throws Exception {
        Program program = Program.unpack(data, stub.uri());
        try (Program.Running server = program.start()) {
            await().atMost(PATIENCE).until(() -> server.err().contains("REST on") || !server.isAlive());
            client = new RestClient(URI.create(server.err().replaceFirst("(?s).*REST on (\\S+).*", "$1")));

            for (String query : List.of("outcome=%zz", "%zz", "limit=5&x=%", "outcome=%F")) {
                String answer = raw("GET " + CALLS + "?" + query);
                assertThat(answer)
                        .as(query)
                        .startsWith("HTTP/1.1 400")
                        .contains(
                                "application/problem+json",
                                "bad-request",
                                "query: found '" + query + "', expected two hex digits behind each %");
            }
            // Where no query is read there is nothing wrong with it.
            assertThat(raw("GET " + CALLS + "/x?%zz")).startsWith("HTTP/1.1 404");
            assertThat(raw("GET /observe/health/live?%zz")).startsWith("HTTP/1.1 200");
            assertThat(client.get(CALLS + "?outc%6Fme=place%64&x=%F1&&limit").statusCode())
                    .as("limit is empty")
                    .isEqualTo(400);
            assertThat(client.get(CALLS + "?outc%6Fme=place%64&x=%F1&&limit=%35&limit=x")
                            .statusCode())
                    .isEqualTo(200);
            server.terminate();
            assertThat(server.end().err()).doesNotContain("ERROR", "WARN", "\tat ");
        }
    }

    private String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", client.base().getPort())) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.getOutputStream()
                    .write((request + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private List<String> ids(String query) throws Exception {
        return read(client.get(CALLS + query)).path("items").findValuesAsText("requestId");
    }

    @Test
    void aRequestWaitsForItsAgentButNotForEver() throws Exception {
        start("agentcall.rest.wait", "300ms");
        CountDownLatch hangUp = new CountDownLatch(1);
        stub.answer(asked -> {
            hangUp.await();
            return CallStub.Answer.placed();
        });
        CompletableFuture<HttpResponse<String>> first = client.postAsync(call("0991"));
        await().atMost(PATIENCE).until(() -> stub.calls().size() == 1);

        HttpResponse<String> second = client.post(call("0992"));

        assertThat(second.statusCode()).isEqualTo(503);
        assertThat(problem(second)).isEqualTo("busy");
        assertThat(second.headers().firstValueAsLong("Retry-After").orElseThrow())
                .isPositive();
        hangUp.countDown();
        assertThat(first.join().statusCode()).isEqualTo(201);
        assertThat(client.post(call("0992")).statusCode()).isEqualTo(201);
        assertThat(stub.calls()).hasSize(2);
    }

    @Test
    void aRequestThatWaitsGoesAsSoonAsItsAgentIsFree() throws Exception {
        start("agentcall.rest.wait", "30s");
        stub.answer(CallStub.placedAfter(Duration.ofMillis(300)));

        Stream.of(client.postAsync(call("0991")), client.postAsync(call("0992")), client.postAsync(call("0993")))
                .forEach(answer -> assertThat(answer.join().statusCode()).isEqualTo(201));

        assertThat(stub.agentsCalledTwiceAtOnce()).isEmpty();
    }

    @Test
    void aBusyAgentDoesNotHoldUpWhatIsKnownAlready() throws Exception {
        start("agentcall.rest.wait", "20s", "agentcall.agent.pause", "1h");
        client.post(call("0991", "requestId", "known"));

        assertThat(client.post(call("0991", "requestId", "known")).statusCode()).isEqualTo(200);
    }

    @Test
    void anOutageIsToldAtOnceAndEndsWithTheRequestThatFindsItOver() throws Exception {
        start("agentcall.retry.delay", "50s", "agentcall.rest.wait", "50s");
        stub.answer(asked -> CallStub.Answer.unavailable());

        HttpResponse<String> first = client.post(call("0991", "requestId", "r"));
        long begin = System.nanoTime();
        HttpResponse<String> second = client.post(call("0992"));

        assertThat(List.of(first, second)).allSatisfy(answer -> {
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(problem(answer)).isEqualTo("unavailable");
            assertThat(answer.headers().firstValueAsLong("Retry-After").orElseThrow())
                    .isBetween(1L, 61L);
        });
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(PATIENCE);
        assertThat(stub.calls()).hasSize(1);
        assertThat(client.get(CALLS + "/r").statusCode()).isEqualTo(404);
        assertThat(running.errors()).isEmpty();

        running.close();
        start("agentcall.retry.delay", "10ms");
        assertThat(client.post(call("0991", "requestId", "r")).statusCode()).isEqualTo(503);
        stub.answer(asked -> CallStub.Answer.placed());
        await().atMost(PATIENCE)
                .until(() -> client.post(call("0991", "requestId", "r")).statusCode() == 201);
        assertThat(stub.placed()).containsExactly("0991");
    }

    @Test
    void aRowThatAloneIsNeverTakenDoesNotKeepRequestsFromBeingTried() throws Exception {
        start("agentcall.retry.delay", "300ms");
        stub.answer(asked ->
                asked.get("agent").equals("gone") ? new CallStub.Answer(404, "not here") : CallStub.Answer.placed());
        Path file = Files.writeString(
                data.resolve("f.csv"), "callerid;agent;phone;context;outqueue;destination\n1;gone;2;c;q;0991\n");
        CompletableFuture<FileSummary> row = CompletableFuture.supplyAsync(() -> running.call(file));
        await().atMost(PATIENCE).until(() -> stub.calls().size() >= 3);

        await().atMost(PATIENCE).until(() -> client.post(call("0992")).statusCode() == 201);

        assertThat(row.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).count(OutcomeKind.REJECTED))
                .isEqualTo(1);
        assertThat(stub.placed()).containsExactly("0992");
    }

    @Test
    void aClientThatGoesAwayDoesNotLoseTheOutcome() throws Exception {
        start();
        CountDownLatch gone = new CountDownLatch(1);
        stub.answer(asked -> {
            gone.await();
            return CallStub.Answer.placed();
        });
        String body = "{\"requestId\":\"gone\",\"callerid\":\"1\",\"agent\":\"a\",\"phone\":\"1\",\"context\":\"c\","
                + "\"outqueue\":\"q\",\"destination\":\"0991\"}";
        try (Socket socket = new Socket("127.0.0.1", client.base().getPort())) {
            socket.getOutputStream()
                    .write(("POST " + CALLS + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                    + "Content-Length: " + body.length() + "\r\n\r\n" + body)
                            .getBytes(StandardCharsets.US_ASCII));
            await().atMost(PATIENCE).until(() -> stub.calls().size() == 1);
        }
        gone.countDown();

        await().atMost(PATIENCE).until(() -> running.successes("gone").size() == 1);
        assertThat(client.get(CALLS + "/gone").statusCode()).isEqualTo(200);
    }

    @Test
    void headersOfARequestChangeNothingAboutWhatIsSentNorWhere() throws Exception {
        try (Simulator decoy = Simulator.start(Simulator.Options.defaults());
                Simulator ucontact =
                        Simulator.start(Simulator.Options.defaults().withToken(RunningBundle.TOKEN))) {
            running = RunningBundle.start(Bundle.Extent.ALL, data, ucontact.uri());
            client = RestClient.of(running);
            String elsewhere = decoy.uri() + Simulator.AGENT_CALL;
            String[] headers = {
                "CamelHttpUri",
                elsewhere,
                "CAmelHttpUri",
                elsewhere,
                "camelhttpuri",
                elsewhere,
                "CAMELHTTPURI",
                elsewhere,
                "CamelRestHttpUri",
                elsewhere,
                "CamelHttpUrl",
                elsewhere,
                "CamelHttpBaseUri",
                elsewhere,
                "CamelHttpPath",
                "/elsewhere",
                "CAMELHTTPPATH",
                "/elsewhere",
                "CamelHttpQuery",
                "a=b",
                "CamelHttpRawQuery",
                "a=b",
                "cAMELhTTPqUERY",
                "a=b",
                "CamelHttpMethod",
                "GET",
                "camelHttpMethod",
                "DELETE",
                "CamelHttpHost",
                "elsewhere",
                "CamelHttpPort",
                String.valueOf(decoy.port()),
                "CamelFileName",
                "../stolen.txt",
                "camelfilename",
                "stolen.txt",
                "CamelOverruleFileName",
                "stolen.txt",
                "CamelSqlQuery",
                "DELETE FROM request",
                "CamelToEndpoint",
                elsewhere,
                "CamelRecipientList",
                elsewhere,
                "CamelJmsDestinationName",
                "stolen",
                "CamelBeanMethodName",
                "getClass",
                "CamelCharsetName",
                "UTF-16",
                "Authorization",
                "Basic c3RvbGVu",
                "breadcrumbId",
                "b",
                "Host",
                "localhost",
                "X-Forwarded-Host",
                "elsewhere",
                "Cookie",
                "a=b",
                "User-Agent",
                "mine",
                "Accept",
                "text/html",
                "Content-Encoding",
                "identity",
                "JMSReplyTo",
                "stolen",
                "agent",
                "other",
                "toSend",
                "false"
            };
            client.post(call("0990"));
            HttpResponse<String> answer = client.post(call("0990"), headers);
            HttpResponse<String> form = client.postForm(
                    RestClient.FACADE + "?CamelHttpUri=" + elsewhere + "&agent=other",
                    RestClient.form(call("0990", "CamelHttpUri", elsewhere, "camelhttpquery", "a=b")),
                    headers);

            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
            assertThat(form.statusCode()).isEqualTo(200);
            assertThat(decoy.requests()).isZero();
            assertThat(ucontact.requests()).isEqualTo(3);
            assertThat(ucontact.calls().stream().distinct())
                    .as("three equal calls")
                    .hasSize(1);
            assertThat(answer.headers().map().keySet())
                    .allMatch(name -> Stream.of("camel", "jms", "breadcrumb", "agent", "authorization")
                            .noneMatch(name.toLowerCase()::startsWith));
            assertThat(running.outbox().toFile().list()).containsExactlyInAnyOrder("success.jsonl");
            assertThat(data.resolve("stolen.txt")).doesNotExist();
            assertThat(running.successes()).hasSize(3);
        }
    }

    @Test
    void oneShotRunsAndChecksOpenNoPort() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            running = RunningBundle.start(
                    Bundle.Extent.WITHOUT_SOURCES,
                    data,
                    stub.uri(),
                    "agentcall.rest.port",
                    String.valueOf(taken.getLocalPort()));

            assertThat(running.place(call("0991")).path("outcome").asText()).isEqualTo("placed");
            assertThat(running.bundle().rest().port()).isEqualTo(-1);
        }
    }

    @Test
    void withoutAPortThereIsNoRest() throws Exception {
        running = RunningBundle.start(Bundle.Extent.ALL, data, stub.uri(), "agentcall.rest.port", "");

        assertThat(running.bundle().rest().port()).isEqualTo(-1);
        assertThat(running.place(call("0991")).path("outcome").asText()).isEqualTo("placed");
    }

    /** In a process of its own: how it ends. */
    @Test
    void sigtermLetsTheRequestInWorkEndRefusesNewOnesAndAnswersWhoAsks() throws Exception {
        CountDownLatch refused = new CountDownLatch(1);
        stub.answer(asked -> {
            refused.await();
            return CallStub.Answer.placed();
        });
        Program program = Program.unpack(data, stub.uri()).environment("AGENTCALL_UCONTACT_RESPONSE_TIMEOUT", "20s");
        try (Program.Running server = program.start()) {
            await().atMost(PATIENCE).until(() -> server.err().contains("REST on") || !server.isAlive());
            client = new RestClient(URI.create(server.err().replaceFirst("(?s).*REST on (\\S+).*", "$1")));
            CompletableFuture<HttpResponse<String>> inWork = client.postAsync(call("0991", "requestId", "inWork"));
            await().atMost(PATIENCE).until(() -> stub.calls().size() == 1);
            CompletableFuture<HttpResponse<String>> waiting = client.postAsync(call("0992", "requestId", "waiting"));

            server.terminate();

            await().atMost(PATIENCE).until(() -> server.err().contains("stopping"));
            HttpResponse<String> late = client.post(call("0993", "agent", "other"));
            assertThat(late.statusCode()).isEqualTo(503);
            assertThat(problem(late)).isEqualTo("stopping");
            assertThat(problem(waiting.join())).isEqualTo("stopping");
            assertThat(client.get("/observe/health/live").statusCode()).isEqualTo(200);
            HttpResponse<String> ready = client.get("/observe/health/ready");
            assertThat(ready.statusCode()).isEqualTo(503);
            assertThat(ready.headers().firstValue("Content-Type")).hasValue("application/json");
            assertThat(read(ready).path("checks").findValuesAsText("reason")).containsExactly("stopping");
            assertThat(client.get(CALLS + "/inWork").statusCode()).isEqualTo(202);
            assertThat(client.get(CALLS + "/waiting").statusCode()).isEqualTo(404);
            assertThat(read(client.get(CALLS)).path("items")).hasSize(1);
            refused.countDown();
            assertThat(inWork.join().statusCode()).isEqualTo(201);
            Program.Ended ended = server.end();
            assertThat(ended.code()).as(ended.err()).isZero();
            assertThat(ended.err()).doesNotContain("ERROR", "WARN", "\tat ");
        }
        assertThat(stub.calls()).hasSize(1);
    }

    @Test
    void atAStopARequestThatWaitsForItsTwinIsToldWhatBecameOfIt() throws Exception {
        start();
        CountDownLatch stopped = new CountDownLatch(1);
        stub.answer(asked -> {
            stopped.await();
            return CallStub.Answer.placed();
        });
        CompletableFuture<HttpResponse<String>> first = client.postAsync(call("0991", "requestId", "twin"));
        await().atMost(PATIENCE).until(() -> stub.calls().size() == 1);
        CompletableFuture<HttpResponse<String>> second = client.postAsync(call("0991", "requestId", "twin"));
        await().atMost(PATIENCE)
                .until(() -> running.bundle().context().getInflightRepository().size("place-call") == 2);

        running.bundle().stopCalls();

        await().atMost(PATIENCE).during(Duration.ofMillis(500)).until(() -> !second.isDone());
        stopped.countDown();
        assertThat(first.join().statusCode()).isEqualTo(201);
        assertThat(second.join().statusCode()).isEqualTo(200);
        assertThat(read(second.join()).path("guid"))
                .isEqualTo(read(first.join()).path("guid"));
        assertThat(stub.calls()).hasSize(1);
    }

    @Test
    void aStopDoesNotWaitForATwinInAnotherProcessForLongerThanAnAnswerMayTake() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        start("agentcall.ucontact.response-timeout", "500ms");
        stub.answer(asked -> {
            told.await();
            return CallStub.Answer.placed();
        });
        try (RunningBundle other = RunningBundle.start(Bundle.Extent.WITHOUT_SOURCES, data, stub.uri())) {
            CompletableFuture<JsonNode> first = CompletableFuture.supplyAsync(() -> {
                try {
                    return other.place(call("0991", "requestId", "twin"));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            await().atMost(PATIENCE).until(() -> stub.calls().size() == 1);
            CompletableFuture<HttpResponse<String>> second = client.postAsync(call("0991", "requestId", "twin"));
            await().atMost(PATIENCE)
                    .until(() ->
                            running.bundle().context().getInflightRepository().size("place-call") == 1);

            running.bundle().stopCalls();

            HttpResponse<String> answer = second.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(answer.statusCode()).isEqualTo(504);
            assertThat(read(answer).path("detail").asText()).contains("in flight in another process");
            told.countDown();
            assertThat(first.join().path("outcome").asText()).isEqualTo("placed");
        }
        assertThat(stub.calls()).hasSize(1);
    }

    @Test
    void aPortThatIsTakenIsABadConfiguration() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            Program.Ended ended = Program.unpack(data, stub.uri())
                    .environment("AGENTCALL_REST_PORT", String.valueOf(taken.getLocalPort()))
                    .run();

            assertThat(ended.code()).isEqualTo(2);
            assertThat(ended.err())
                    .contains(
                            "agentcall.rest.port", String.valueOf(taken.getLocalPort()), "expected a port that is free")
                    .doesNotContain("\tat ");
        }
    }
}
