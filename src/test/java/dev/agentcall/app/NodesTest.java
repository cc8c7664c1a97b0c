package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentcall.call.Stopping;
import dev.agentcall.csv.FileSummary;
import dev.agentcall.ledger.RealPostgres;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several nodes with one ledger and one inbox. */
@Timeout(180)
class NodesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final String HEADER = "callerid;agent;phone;context;outqueue;destination\n";

    @TempDir
    Path folder;

    @Test
    void nodesOnOnePostgresLedgerShareAnInboxAndCallEachRowOnce() throws Exception {
        try (EmbeddedPostgres server = RealPostgres.start();
                CallStub stub = CallStub.start(call -> call.get("agent").startsWith("nobody")
                        ? new CallStub.Answer(200, "0")
                        : CallStub.Answer.placed())) {
            String ledger = server.getJdbcUrl("postgres", "postgres");
            Path data = folder.resolve("data");
            try (RunningBundle one = node(data, stub, ledger);
                    RunningBundle two = node(data, stub, ledger)) {
                for (int file = 0; file < 6; file++) {
                    drop(one.inbox(), "f" + file + ".csv", file, 30);
                }
                await().atMost(PATIENCE)
                        .until(() -> RunningBundle.names(one.done()).size() == 6);
                await().atMost(PATIENCE)
                        .until(() -> one.successes().size() + one.errors().size() == 180);

                assertThat(RunningBundle.names(one.inbox())).isEmpty();
                assertThat(RunningBundle.names(one.failed())).isEmpty();
                Map<String, Long> calls = stub.calls().stream()
                        .collect(Collectors.groupingBy(call -> call.get("destination"), Collectors.counting()));
                assertThat(calls).hasSize(180).allSatisfy((number, count) -> assertThat(count)
                        .as(number)
                        .isEqualTo(1L));
                for (int file = 0; file < 6; file++) {
                    ResultFiles results = ResultFiles.read(one.outbox(), "f" + file, ';');
                    assertThat(results.success()).hasSize(27);
                    assertThat(results.error()).hasSize(3);
                }
                assertThat(RunningBundle.names(one.outbox()))
                        .as("one set of results for each file")
                        .hasSize(6 * 3 + 2);
            }
        }
    }

    @Test
    void aFileThatGrowsIsLeftToTheNodeThatHasItAndGoesOnAsItWasWithAnother() throws Exception {
        String rows = HEADER
                + IntStream.range(0, 6)
                        .mapToObj(i -> "1;ana;1001;agentes;Ventas->;0991" + i + "\n")
                        .collect(Collectors.joining());
        try (EmbeddedPostgres server = RealPostgres.start();
                CallStub stub = CallStub.start(CallStub.placedFirst(3));
                RunningBundle one = nodeWithFoldersOfItsOwn("one", stub, server)) {
            Path file = one.inbox().resolve("f.csv");
            try (RunningBundle two = nodeWithFoldersOfItsOwn("two", stub, server)) {
                Files.writeString(file, rows);
                CompletableFuture<FileSummary> run = CompletableFuture.supplyAsync(() -> two.call(file));
                await().atMost(PATIENCE).until(() -> stub.calls().size() > 3);
                Files.writeString(file, "1;ana;1001;agentes;Ventas->;0999\n", StandardOpenOption.APPEND);

                assertThat(one.call(file)).as("it waits").isNull();

                two.bundle()
                        .context()
                        .getRegistry()
                        .findSingleByType(Stopping.class)
                        .stop();
                run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
            stub.answer(call -> CallStub.Answer.placed());

            await().atMost(PATIENCE).until(() -> one.call(file) != null);

            assertThat(stub.placed()).containsExactlyInAnyOrder("09910", "09911", "09912", "09913", "09914", "09915");
            assertThat(one.failed().resolve("f.csv")).content().contains("0999");
            assertThat(RunningBundle.names(one.inbox())).isEmpty();
        }
    }

    private RunningBundle nodeWithFoldersOfItsOwn(String name, CallStub stub, EmbeddedPostgres server)
            throws Exception {
        String[] settings = Stream.of("inbox", "outbox", "done", "failed")
                .flatMap(shared -> Stream.of(
                        "agentcall." + shared,
                        folder.resolve("one").resolve(shared).toString()))
                .toArray(String[]::new);
        List<String> all = new ArrayList<>(List.of(settings));
        all.addAll(List.of(
                "agentcall.ledger.url",
                server.getJdbcUrl("postgres", "postgres"),
                "agentcall.ucontact.connect-timeout",
                "1s",
                "agentcall.ucontact.response-timeout",
                "2s",
                "agentcall.concurrency",
                "1"));
        return RunningBundle.start(
                Bundle.Extent.WITHOUT_SOURCES, folder.resolve(name), stub.uri(), all.toArray(String[]::new));
    }

    /** One row in ten is rejected; a second run over the file would call it again. */
    private static void drop(Path inbox, String name, int file, int rows) throws Exception {
        Path part = Files.writeString(
                inbox.resolve("." + name),
                IntStream.range(0, rows)
                        .mapToObj(i -> "1;" + (i % 10 == 0 ? "nobody" : "agente") + i + ";1001;agentes;Ventas->;0991"
                                + file + String.format("%03d", i))
                        .collect(Collectors.joining("\n", HEADER, "\n")));
        Files.setLastModifiedTime(
                part,
                java.nio.file.attribute.FileTime.from(java.time.Instant.now().minusSeconds(60)));
        Files.move(part, inbox.resolve(name));
    }

    private static RunningBundle node(Path data, CallStub stub, String ledger) throws Exception {
        return RunningBundle.start(
                Bundle.Extent.ALL,
                data,
                stub.uri(),
                List.of("agentcall.ledger.url", ledger, "agentcall.concurrency", "2")
                        .toArray(String[]::new));
    }
}
