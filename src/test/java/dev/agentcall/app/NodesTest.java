package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentcall.ledger.RealPostgres;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
