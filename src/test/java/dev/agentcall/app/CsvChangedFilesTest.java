package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentcall.call.Stopping;
import dev.agentcall.csv.FileSummary;
import dev.agentcall.csv.FileSummary.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a file that is another when its run goes on, or whose run ends badly: nobody is called twice. */
@Timeout(120)
class CsvChangedFilesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String HEADER = "callerid;agent;phone;context;outqueue;destination\n";
    private static final String GROWN = row("ana", "0999");

    @TempDir
    private Path folder;

    private CallStub ucontact;

    @BeforeEach
    void startStub() throws IOException {
        ucontact = CallStub.start(call -> CallStub.Answer.placed());
    }

    @AfterEach
    void stopStub() throws IOException {
        ucontact.close();
    }

    private RunningBundle start(String... settings) throws Exception {
        return RunningBundle.start(Bundle.Extent.WITHOUT_SOURCES, folder.resolve("data"), ucontact.uri(), settings);
    }

    private static String row(String agent, String destination) {
        return "59824001000;" + agent + ";1001;agentes;Ventas->;" + destination + "\n";
    }

    /** A file with the destinations 09910, 09911 and so on. */
    private static String rows(int count) {
        return HEADER
                + IntStream.range(0, count)
                        .mapToObj(i -> row("ana", "0991" + i))
                        .collect(Collectors.joining());
    }

    private static String[] numbers(int count) {
        return IntStream.range(0, count).mapToObj(i -> "0991" + i).toArray(String[]::new);
    }

    private static Path drop(RunningBundle bundle, String text) throws IOException {
        return Files.writeString(bundle.inbox().resolve("f.csv"), text);
    }

    private static void grow(Path file) throws IOException {
        Files.writeString(file, GROWN, StandardOpenOption.APPEND);
    }

    private List<String> called() {
        return ucontact.calls().stream().map(call -> call.get("destination")).toList();
    }

    /** A process that ends after three of six rows. The file's path. */
    private Path interrupted() throws Exception {
        ucontact.answer(CallStub.placedFirst(3));
        try (RunningBundle bundle = start("agentcall.concurrency", "1")) {
            Path file = drop(bundle, rows(6));
            CompletableFuture<FileSummary> run = CompletableFuture.supplyAsync(() -> bundle.call(file));
            await().atMost(PATIENCE).until(() -> ucontact.calls().size() > 3);
            bundle.bundle()
                    .context()
                    .getRegistry()
                    .findSingleByType(Stopping.class)
                    .stop();
            assertThat(run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).state()).isEqualTo(State.INTERRUPTED);
            return file;
        } finally {
            ucontact.answer(call -> CallStub.Answer.placed());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "callerid;agent\n1;ana\n", "callerid;agent;phone;context;outqueue;destination\n\"1;ana"})
    void aFileThatIsNoneOfCallsAnyMoreKeepsToWhatItBeganWith(String now) throws Exception {
        Path file = interrupted();
        Files.writeString(file, now);

        try (RunningBundle bundle = start()) {
            assertThat(bundle.call(file).state()).isEqualTo(State.DONE);

            assertThat(ucontact.placed()).containsExactlyInAnyOrder(numbers(6));
            assertThat(ResultFiles.read(bundle.outbox(), "f", ';').outcomes()).hasSize(6);
            assertThat(bundle.done().resolve("f.csv")).hasContent(rows(6));
            assertThat(bundle.failed().resolve("f.csv")).hasContent(now);
        }
    }

    @Test
    void aFileThatChangesWhileAnotherProcessHasItIsLeftToThat() throws Exception {
        CountDownLatch looked = new CountDownLatch(1);
        ucontact.answer(call -> {
            looked.await();
            return CallStub.Answer.placed();
        });
        try (RunningBundle one = start();
                RunningBundle other = start()) {
            Path file = drop(one, rows(2));
            CompletableFuture<FileSummary> run = CompletableFuture.supplyAsync(() -> one.call(file));
            await().atMost(PATIENCE).until(() -> !ucontact.calls().isEmpty());
            grow(file);

            assertThat(other.call(file)).as("it waits").isNull();
            looked.countDown();

            assertThat(run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).state()).isEqualTo(State.DONE);
            assertThat(called()).containsExactlyInAnyOrder(numbers(2));
            assertThat(one.failed().resolve("f.csv")).hasContent((rows(2) + GROWN).strip());
        }
    }

    /** The file is called, and cannot be moved to the folder done. */
    private Path notMoved(RunningBundle bundle) throws IOException {
        Path file = drop(bundle, rows(3));
        Files.delete(bundle.done());
        Files.createFile(bundle.done()); // no folder
        assertThat(bundle.fail(file)).isNotNull();
        Files.delete(bundle.done());
        Files.createDirectories(bundle.done());
        return file;
    }

    private static CallStub.Answer refuseFirst(Map<String, String> call) {
        return call.get("destination").equals("09910") ? new CallStub.Answer(200, "0") : CallStub.Answer.placed();
    }

    @Test
    void aFileThatChangesBetweenItsResultsAndItsMoveIsNotCalledAnew() throws Exception {
        Path file;
        try (RunningBundle bundle = start()) {
            file = notMoved(bundle);
        }
        grow(file);

        try (RunningBundle bundle = start()) {
            bundle.bundle().csvFiles().endMoved();
            assertThat(bundle.call(file).state()).isEqualTo(State.DONE);

            assertThat(called()).containsExactlyInAnyOrder(numbers(3));
            assertThat(bundle.done().resolve("f.csv")).hasContent(rows(3));
            assertThat(bundle.failed().resolve("f.csv")).content().contains("0999");
        }
    }

    @Test
    void aNodeWithAnInboxOfItsOwnDoesNotEndTheRunOfAnother() throws Exception {
        ucontact.answer(CsvChangedFilesTest::refuseFirst);
        Path file;
        try (RunningBundle bundle = start()) {
            file = notMoved(bundle);
        }
        try (RunningBundle other = RunningBundle.start(
                Bundle.Extent.WITHOUT_SOURCES,
                folder.resolve("other"),
                ucontact.uri(),
                "agentcall.ledger.url",
                "jdbc:sqlite:" + folder.resolve("data/ledger.db"))) {
            other.bundle().csvFiles().endMoved();
        }

        try (RunningBundle bundle = start()) {
            bundle.bundle().csvFiles().endMoved();
            assertThat(bundle.call(file).state()).isEqualTo(State.DONE);

            assertThat(called()).containsExactlyInAnyOrder(numbers(3));
            assertThat(RunningBundle.names(bundle.outbox()))
                    .containsExactlyInAnyOrder(
                            "f.success.csv", "f.error.csv", "f.unknown.csv", "success.jsonl", "error.jsonl");
        }
    }

    @Test
    void anOriginalThatIsHalfMovedToAnotherFileSystemGetsItsName() throws Exception {
        try (RunningBundle bundle = start()) {
            Path file = notMoved(bundle);
            Files.move(file, bundle.done().resolve(".f.csv.part"));
        }
        try (RunningBundle bundle = start()) {
            bundle.bundle().csvFiles().endMoved();

            assertThat(RunningBundle.names(bundle.done())).containsExactly("f.csv");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFileThatChangedAndCannotBePutAsideIsTriedAgainWithoutACall(boolean killed) throws Exception {
        CountDownLatch changed = new CountDownLatch(1);
        ucontact.answer(call -> {
            changed.await();
            return refuseFirst(call);
        });
        RunningBundle bundle = start();
        try {
            Path file = drop(bundle, rows(3));
            Files.delete(bundle.failed());
            Files.createFile(bundle.failed()); // no folder
            RunningBundle first = bundle;
            CompletableFuture<Exception> run = CompletableFuture.supplyAsync(() -> first.fail(file));
            await().atMost(PATIENCE).until(() -> !ucontact.calls().isEmpty());
            grow(file);
            changed.countDown();
            assertThat(run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isNotNull();
            assertThat(bundle.fail(file)).isNotNull();
            Files.delete(bundle.failed());
            Files.createDirectories(bundle.failed());
            if (killed) {
                bundle.close();
                bundle = start();
                bundle.bundle().csvFiles().endMoved();
            }

            assertThat(bundle.call(file).state()).isEqualTo(State.DONE);

            assertThat(called()).containsExactlyInAnyOrder(numbers(3));
            assertThat(RunningBundle.names(bundle.done())).containsExactly("f.csv");
            assertThat(RunningBundle.names(bundle.failed())).containsExactly("f.csv", "f.error.txt");
            assertThat(RunningBundle.names(bundle.outbox())).hasSize(5);
        } finally {
            bundle.close();
        }
    }

    private void awaitTakenOut(RunningBundle bundle, long run) {
        await().atMost(PATIENCE).until(() -> {
            bundle.bundle().csvFiles().endTakenOut();
            return bundle.bundle().ledger().fileRuns().findOpen(run) == null;
        });
    }

    private static long runOf(RunningBundle bundle) {
        return bundle.bundle()
                .ledger()
                .fileRuns()
                .findOthers("f.csv", "")
                .get(0)
                .run()
                .id();
    }

    @Test
    void aFileThatIsTakenOutInAnOutageIsNotCalledAfterIt() throws Exception {
        ucontact.answer(call -> CallStub.Answer.unavailable());
        try (RunningBundle bundle = start()) {
            Path file = drop(bundle, rows(6));
            CompletableFuture<FileSummary> run = CompletableFuture.supplyAsync(() -> bundle.call(file));
            await().atMost(PATIENCE).until(() -> ucontact.calls().size() > 3);
            Files.delete(file);

            awaitTakenOut(bundle, runOf(bundle));
            ucontact.answer(call -> CallStub.Answer.placed());

            assertThat(run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).state()).isEqualTo(State.INTERRUPTED);
            assertThat(ucontact.placed()).isEmpty();
            assertThat(bundle.call(drop(bundle, HEADER + row("eva", "0995"))).state())
                    .isEqualTo(State.DONE);
            assertThat(ucontact.placed()).containsExactly("0995");
        }
    }

    @Test
    void aFileThatIsTakenOutInsteadOfMovedHasNothingToDoWithTheNextOfItsName() throws Exception {
        try (RunningBundle bundle = start()) {
            Path file = notMoved(bundle);
            long run = runOf(bundle);
            Files.delete(file);
            awaitTakenOut(bundle, run);

            assertThat(bundle.call(drop(bundle, HEADER + row("eva", "0995"))).state())
                    .isEqualTo(State.DONE);

            assertThat(called()).containsExactlyInAnyOrder("09910", "09911", "09912", "0995");
            assertThat(RunningBundle.names(bundle.failed())).isEmpty();
        }
    }

    @Test
    void aFileThatAnotherNodeHasFinishedHasNothingToDoWithTheNextOfItsName() throws Exception {
        ucontact.answer(CsvChangedFilesTest::refuseFirst);
        try (RunningBundle bundle = start()) {
            Path file = notMoved(bundle);
            execute("UPDATE file_run SET process_id = 999, finished_at = started_at"); // it took this one for dead
            Files.move(file, bundle.done().resolve("f.csv"));

            assertThat(bundle.call(drop(bundle, HEADER + row("eva", "0995"))).state())
                    .isEqualTo(State.DONE);

            assertThat(called()).containsExactlyInAnyOrder("09910", "09911", "09912", "0995");
            assertThat(RunningBundle.names(bundle.failed())).isEmpty();
        }
    }

    private void execute(String statement) throws SQLException {
        try (Connection ledger = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/ledger.db"));
                Statement sql = ledger.createStatement()) {
            sql.execute(statement);
        }
    }

    @Test
    void theNextFileOfANameIsCalledEvenIfTheEndOfTheLastOneCouldNotBeWritten() throws Exception {
        try (RunningBundle bundle = start()) {
            execute("CREATE TRIGGER broken BEFORE UPDATE OF finished_at ON file_run"
                    + " BEGIN SELECT RAISE(FAIL, 'broken'); END");
            assertThat(bundle.call(drop(bundle, rows(2))).state()).isEqualTo(State.DONE);
            assertThat(bundle.call(drop(bundle, HEADER + row("eva", "0994"))).state())
                    .as("while it cannot be written")
                    .isEqualTo(State.DONE);
            execute("DROP TRIGGER broken");

            assertThat(bundle.call(drop(bundle, HEADER + row("eva", "0995"))).state())
                    .isEqualTo(State.DONE);

            assertThat(called()).containsExactlyInAnyOrder("09910", "09911", "0994", "0995");
            assertThat(RunningBundle.names(bundle.failed())).isEmpty();
        }
    }

    @Test
    void aFileThatTakesTheNameOfAResultMeanwhileIsLeftAsItIs() throws Exception {
        CountDownLatch written = new CountDownLatch(1);
        ucontact.answer(call -> {
            written.await();
            return CallStub.Answer.placed();
        });
        try (RunningBundle bundle = start()) {
            Path file = drop(bundle, rows(1));
            CompletableFuture<FileSummary> run = CompletableFuture.supplyAsync(() -> bundle.call(file));
            await().atMost(PATIENCE).until(() -> !ucontact.calls().isEmpty());
            Path mine = Files.writeString(bundle.outbox().resolve("f.error.csv"), "mine");
            written.countDown();

            FileSummary summary = run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

            assertThat(mine).hasContent("mine");
            assertThat(summary.files())
                    .hasSize(3)
                    .allSatisfy(result -> assertThat(result).exists())
                    .allSatisfy(result -> assertThat(result.getFileName().toString())
                            .matches("f[.]\\d{8}T\\d{6}Z[.](success|error|unknown)[.]csv"));
        }
    }

    @Test
    void whatSomebodyHasLeftInTheFolderWorkIsNoHindrance() throws Exception {
        try (RunningBundle bundle = start()) {
            Path work = Files.createDirectories(folder.resolve("data/work"));
            Files.createDirectories(work.resolve("3.bak"));
            Files.createFile(work.resolve(".run-2-ok.csv"));

            bundle.bundle().csvFiles().endMoved();
            assertThat(bundle.call(drop(bundle, rows(1))).state()).isEqualTo(State.DONE);
        }
    }

    @Test
    void aFolderThatIsNotThereIsToldWhereAFileIsRefused() throws Exception {
        try (RunningBundle bundle = start()) {
            Files.delete(bundle.failed());

            assertThat(bundle.fail(drop(bundle, "no file of calls"))).hasMessageContaining("failed");
        }
    }
}
