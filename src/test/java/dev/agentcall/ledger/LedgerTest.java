package dev.agentcall.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Field;
import dev.agentcall.call.Outcome;
import dev.agentcall.call.OutcomeJson;
import dev.agentcall.call.OutcomeKind;
import dev.agentcall.call.Source;
import dev.agentcall.config.Settings;
import dev.agentcall.config.ShippedSettings;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class LedgerTest {

    private static final Instant AT = Instant.parse("2026-11-22T19:18:00.123Z");

    @TempDir
    Path folder;

    private Ledger ledger;

    @BeforeEach
    void open() {
        ledger = openLedger();
    }

    @AfterEach
    void close() {
        ledger.close();
    }

    // --- Ids -------------------------------------------------------------------------------------------------------

    @Test
    void anIdInFlightCannotBeClaimedAgain() {
        Long claimed = ledger.claim(request("a"), null);

        assertThat(claimed).isNotNull();
        assertThat(ledger.claim(request("a"), null)).isNull();
        assertThat(ledger.claim(request("b"), null)).isNotNull();
        assertThat(ledger.findSpent("a").inFlight()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"PLACED", "UNKNOWN"})
    void anIdThatIsPlacedOrUnknownIsSpentForEver(OutcomeKind kind) {
        ledger.record(ledger.claim(request("a"), null), outcome(request("a"), kind));
        ledger.close();
        open();

        assertThat(ledger.claim(request("a"), null)).isNull();
        assertThat(ledger.findSpent("a").outcome().kind()).isEqualTo(kind);
    }

    @Test
    void theFirstDecisionOnAMessageIsFoundByTheMessageAndTheId() {
        long first = ledger.claim(request("a"), null, "ID:1");
        assertThat(ledger.findMessage("ID:1", "a")).isNull();
        ledger.record(first, outcome(request("a"), OutcomeKind.REJECTED));
        ledger.record(ledger.claim(request("a"), null, "ID:2"), outcome(request("a"), OutcomeKind.PLACED));
        ledger.add(outcome(request("a"), OutcomeKind.PLACED), null, "ID:1");

        assertThat(ledger.findMessage("ID:1", "a").id()).isEqualTo(first);
        assertThat(ledger.findMessage("ID:1", "a").outcome().kind()).isEqualTo(OutcomeKind.REJECTED);
        assertThat(ledger.findMessage("ID:2", "a").outcome().kind()).isEqualTo(OutcomeKind.PLACED);
        assertThat(ledger.findMessage("ID:1", "b")).isNull();
        assertThat(ledger.findMessage("ID:3", "a")).isNull();
    }

    @Test
    void aRejectedRequestFreesItsId() {
        ledger.record(ledger.claim(request("a"), null), outcome(request("a"), OutcomeKind.REJECTED));

        assertThat(ledger.findSpent("a")).isNull();
        assertThat(ledger.claim(request("a"), null)).isNotNull();
    }

    @Test
    void anInvalidRequestSpendsNothing() {
        ledger.add(outcome(request("a"), OutcomeKind.INVALID), null);
        ledger.add(outcome(request("a"), OutcomeKind.INVALID), null);

        assertThat(ledger.findSpent("a")).isNull();
        assertThat(ledger.claim(request("a"), null)).isNotNull();
    }

    @Test
    void aRequestThatWasNotTakenLeavesNoTrace() {
        long claimed = ledger.claim(request("a"), null);

        ledger.release(claimed);

        assertThat(ledger.find(claimed)).isNull();
        assertThat(ledger.findSpent("a")).isNull();
        assertThat(ledger.claim(request("a"), null)).isNotNull();
    }

    @Test
    void ofManyWhoClaimAnIdAtTheSameTimeOneGetsIt() throws Exception {
        try (Ledger other = openLedger()) {
            ExecutorService threads = Executors.newFixedThreadPool(8);
            try {
                List<Callable<Long>> claims = IntStream.range(0, 32)
                        .<Callable<Long>>mapToObj(i -> () -> (i % 2 == 0 ? ledger : other).claim(request("a"), null))
                        .toList();
                List<Long> claimed = new ArrayList<>();
                for (Future<Long> claim : threads.invokeAll(claims)) {
                    claimed.add(claim.get());
                }
                assertThat(claimed).filteredOn(Objects::nonNull).hasSize(1);
            } finally {
                threads.shutdown();
            }
        }
    }

    @Test
    void replaysAreKeptBesideWhatTheyRepeat() {
        CallRequest first = request("a");
        ledger.record(ledger.claim(first, null), outcome(first, OutcomeKind.PLACED));
        Outcome replay = outcome(first, OutcomeKind.PLACED).replayedFor(row("a", 7));
        FileRun run = ledger.startRun("calls.csv", "digest", "calls");

        ledger.add(replay, run.id());
        ledger.add(replay, null);

        assertThat(ledger.decidedRows(run)).isEqualTo(bits(7));
        assertThat(ledger.findSpent("a").outcome().replayed()).isFalse();
    }

    @Test
    void processesThatStartAtTheSameTimeMakeTheTablesOnce() throws Exception {
        Path fresh = folder.resolve("fresh.db");
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<Long>> opening = IntStream.range(0, 4)
                    .<Callable<Long>>mapToObj(i -> () -> {
                        try (Ledger one = new Ledger(settings(fresh))) {
                            return one.claim(request("id-" + i), null);
                        }
                    })
                    .toList();
            for (Future<Long> claim : threads.invokeAll(opening)) {
                assertThat(claim.get()).isNotNull();
            }
        } finally {
            threads.shutdown();
        }
    }

    // --- What is kept ----------------------------------------------------------------------------------------------

    @Test
    void anOutcomeComesBackAsItWasRecorded() {
        Map<String, Object> extra = new LinkedHashMap<>();
        extra.put("z", "ñ 😀\n");
        extra.put("amount", new BigDecimal("12345678901234567.10"));
        extra.put("nothing", null);
        extra.put("list", List.of(1, Map.of("x", true)));
        CallRequest request = new CallRequest("a", fields(), extra, new Source("rest", "receive-rest", null));
        Outcome outcome = new Outcome(
                request, OutcomeKind.UNKNOWN, null, "http-500", "HTTP 500, answer 'x'", 500, false, AT, 84L);
        long claimed = ledger.claim(request, null);

        ledger.record(claimed, outcome);

        Entry entry = ledger.find(claimed);
        assertThat(entry.outcome()).isEqualTo(outcome);
        assertThat(entry.request()).isEqualTo(OutcomeJson.fields(request));
        assertThat(OutcomeJson.write(entry.outcome())).isEqualTo(OutcomeJson.write(outcome));
    }

    @Test
    void aRowsOutcomeIsWhatStandsInResultFiles() throws IOException {
        Outcome invalid =
                new Outcome(row("a", 2), OutcomeKind.INVALID, null, "bad-number", "phone", null, false, AT, null);
        FileRun run = ledger.startRun("calls.csv", "digest", "calls");

        ledger.add(invalid, run.id());

        assertThat(outcomes(run, 2))
                .containsExactly(new Ledger.RowOutcome("a", OutcomeKind.INVALID, null, "bad-number", "phone", false));
    }

    @Test
    void anIdThatNobodyUsedIsNotSpent() {
        assertThat(ledger.findSpent("a")).isNull();
        assertThat(ledger.find(77)).isNull();
    }

    // --- File runs -------------------------------------------------------------------------------------------------

    @Test
    void aRunThatIsNotFinishedGoesOnForTheSameNameAndContent() {
        FileRun started = ledger.startRun("calls.csv", "digest", "calls.20261122T191800Z");
        ledger.close();
        open();

        FileRun resumed = ledger.findOpenRun("calls.csv", "digest");

        assertThat(started.resumed()).isFalse();
        assertThat(resumed).isEqualTo(new FileRun(started.id(), "calls.20261122T191800Z", true));
        assertThat(ledger.findOpenRun("calls.csv", "other")).isNull();
        assertThat(ledger.findOpenRun("other.csv", "digest")).isNull();
    }

    @Test
    void aFinishedRunIsOver() {
        FileRun run = ledger.startRun("calls.csv", "digest", "calls");
        assertThat(ledger.isResultNameTaken("calls")).isTrue();

        ledger.finishRun(run);

        assertThat(ledger.findOpenRun("calls.csv", "digest")).isNull();
        assertThat(ledger.isResultNameTaken("calls")).isFalse();
    }

    @Test
    void theDecidedRowsAreThoseWithAnOutcomeInThisRun() {
        FileRun run = ledger.startRun("calls.csv", "digest", "calls");
        FileRun other = ledger.startRun("other.csv", "digest", "other");
        decide(run, row("a", 2), OutcomeKind.PLACED);
        decide(run, row("b", 4), OutcomeKind.REJECTED);
        decide(run, row("c", 70_000), OutcomeKind.UNKNOWN);
        ledger.add(outcome(row("d", 5), OutcomeKind.INVALID), run.id());
        ledger.claim(row("e", 6), run.id());
        ledger.release(ledger.claim(row("f", 7), run.id()));
        decide(other, row("g", 8), OutcomeKind.PLACED);

        assertThat(ledger.decidedRows(run)).isEqualTo(bits(2, 4, 5, 70_000));
    }

    @Test
    void aRowHasOneOutcomeInARun() {
        FileRun run = ledger.startRun("calls.csv", "digest", "calls");
        decide(run, row("a", 2), OutcomeKind.REJECTED);

        assertThat(ledger.claim(row("a", 2), run.id())).isNull();
        FileRun next = ledger.startRun("calls.csv", "digest", "calls");
        assertThat(ledger.claim(row("a", 2), next.id())).isNotNull();
    }

    @Test
    void outcomesAreReadInTheOrderOfTheRowsHoweverTheyWereDecided() throws IOException {
        FileRun run = ledger.startRun("calls.csv", "digest", "calls");
        decide(run, row("c", 10), OutcomeKind.UNKNOWN);
        decide(run, row("a", 2), OutcomeKind.PLACED);
        decide(run, row("b", 9), OutcomeKind.REJECTED);
        ledger.claim(row("d", 3), run.id());

        assertThat(outcomes(run, 2, 3, 9, 10))
                .extracting(outcome -> outcome == null ? null : outcome.requestId())
                .containsExactly("a", null, "b", "c");
        assertThat(outcomes(run, 9, 11)).extracting(Objects::nonNull).containsExactly(true, false);
    }

    // --- Processes -------------------------------------------------------------------------------------------------

    @Test
    void whatWasInFlightWhenItsProcessEndedIsUnknown() {
        ledger.claim(row("a", 2), null);
        ledger.record(ledger.claim(request("b"), null), outcome(request("b"), OutcomeKind.PLACED));
        ledger.close();
        open();

        assertThat(ledger.recoverCrashed()).singleElement().satisfies(crashed -> {
            assertThat(crashed.kind()).isEqualTo(OutcomeKind.UNKNOWN);
            assertThat(crashed.reason()).isEqualTo("crash");
            assertThat(crashed.detail()).isNotBlank();
            assertThat(crashed.guid()).isNull();
            assertThat(crashed.request()).isEqualTo(row("a", 2));
        });
        assertThat(ledger.findSpent("a").outcome().reason()).isEqualTo("crash");
        assertThat(ledger.claim(request("a"), null)).isNull();
        assertThat(ledger.findSpent("b").outcome().kind()).isEqualTo(OutcomeKind.PLACED);
        assertThat(ledger.recoverCrashed()).isEmpty();
    }

    @Test
    void theRequestsOfAnotherProcessAreTouchedOnlyOnceItIsDead() throws Exception {
        Process neighbour = startNeighbour("crash-1");
        try {
            assertThat(ledger.recoverCrashed()).isEmpty();
            assertThat(ledger.findSpent("crash-1").inFlight()).isTrue();
            assertThat(ledger.claim(request("crash-1"), null)).isNull();
        } finally {
            neighbour.destroyForcibly().waitFor();
        }

        assertThat(ledger.recoverCrashed())
                .extracting(crashed -> crashed.request().requestId(), Outcome::reason)
                .containsExactly(tuple("crash-1", "crash"));
    }

    @Test
    void theRequestsOfAnotherLedgerInThisProcessAreNotTouched() throws Exception {
        try (Ledger other = openLedger()) {
            other.claim(request("a"), null);

            assertThat(ledger.recoverCrashed()).isEmpty();
            assertThat(ledger.findSpent("a").inFlight()).isTrue();
            // Nor has the look at it cost the other its sign of life.
            assertThat(recoverElsewhere()).isEqualTo("recovered 0");
        }
        assertThat(ledger.recoverCrashed()).hasSize(1);
    }

    @Test
    void ownRequestsAreNotTouched() {
        ledger.claim(request("a"), null);

        assertThat(ledger.recoverCrashed()).isEmpty();
        assertThat(ledger.findSpent("a").inFlight()).isTrue();
    }

    @Test
    void aProcessThatEndsInGoodOrderLeavesNoLockBehind() throws IOException {
        ledger.close();

        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.endsWith(".lock"));
        }
        open();
    }

    // --- Waiting ---------------------------------------------------------------------------------------------------

    @Test
    void whoWaitsForADecisionIsWokenByOne() throws Exception {
        long claimed = ledger.claim(request("a"), null);
        Thread waiting = new Thread(() -> {
            try {
                ledger.awaitDecision(60_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        waiting.start();
        await().until(() -> waiting.getState() == Thread.State.TIMED_WAITING);

        ledger.record(claimed, outcome(request("a"), OutcomeKind.PLACED));

        await().until(() -> !waiting.isAlive());
    }

    // --- Files that are no ledger ----------------------------------------------------------------------------------

    @Test
    void aFileThatIsNoDatabaseIsRefusedWithTheKeyToChange() throws IOException {
        Path file = Files.writeString(folder.resolve("notes.db"), "Dear diary, this is no database. ".repeat(100));

        assertRefused(file).withMessageContaining("not a database");
        assertThat(file).content().startsWith("Dear diary");
    }

    @Test
    void aFolderThatIsNotThereIsRefusedWithTheKeyToChange() {
        assertRefused(folder.resolve("no/such/folder/ledger.db"));
    }

    @Test
    void aLedgerOfANewerProgramIsLeftAlone() throws Exception {
        Path file = folder.resolve("newer.db");
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA user_version = 1000");
        }

        assertRefused(file).withMessageContaining("version 1000");
    }

    private static ThrowableAssertAlternative<LedgerException> assertRefused(Path file) {
        return assertThatExceptionOfType(LedgerException.class)
                .isThrownBy(() -> new Ledger(settings(file)).close())
                .withMessageStartingWith("agentcall.ledger.url: found jdbc:sqlite:" + file)
                .withMessageContaining("expected");
    }

    // --- Another process -------------------------------------------------------------------------------------------

    /** Opens the ledger; claims an id and stays until it is killed, or says how many requests it has recovered. */
    static final class Neighbour {
        public static void main(String[] args) throws IOException {
            Ledger ledger = new Ledger(settings(Path.of(args[0])));
            if (args.length > 1) {
                ledger.claim(request(args[1]), null);
                System.out.println("claimed");
                System.in.read();
            } else {
                System.out.println("recovered " + ledger.recoverCrashed().size());
                ledger.close();
            }
        }
    }

    private Process startNeighbour(String id) throws IOException {
        Process neighbour = start(folder.resolve("ledger.db").toString(), id);
        assertThat(neighbour.inputReader().readLine()).isEqualTo("claimed");
        return neighbour;
    }

    private String recoverElsewhere() throws Exception {
        Process neighbour = start(folder.resolve("ledger.db").toString());
        try {
            return neighbour.inputReader().readLine();
        } finally {
            neighbour.waitFor();
        }
    }

    private static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Neighbour.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
    }

    // --- Builders --------------------------------------------------------------------------------------------------

    private Ledger openLedger() {
        return new Ledger(settings(folder.resolve("ledger.db")));
    }

    private static Settings settings(Path file) {
        return ShippedSettings.with("agentcall.ledger.url", "jdbc:sqlite:" + file, "agentcall.node", "test");
    }

    private void decide(FileRun run, CallRequest request, OutcomeKind kind) {
        ledger.record(ledger.claim(request, run.id()), outcome(request, kind));
    }

    private List<Ledger.RowOutcome> outcomes(FileRun run, int... rows) throws IOException {
        List<Ledger.RowOutcome> read = new ArrayList<>();
        ledger.readRows(run, outcomes -> {
            for (int row : rows) {
                read.add(outcomes.of(row));
            }
        });
        return read;
    }

    private static BitSet bits(int... rows) {
        BitSet bits = new BitSet();
        IntStream.of(rows).forEach(bits::set);
        return bits;
    }

    private static Outcome outcome(CallRequest request, OutcomeKind kind) {
        return new Outcome(
                request, kind, kind == OutcomeKind.PLACED ? "guid" : null, "reason", "detail", 200, false, AT, 5L);
    }

    private static CallRequest request(String id) {
        return new CallRequest(id, fields(), Map.of(), new Source("rest", "receive-rest", null));
    }

    private static CallRequest row(String id, int row) {
        return new CallRequest(id, fields(), Map.of(), new Source("csv", "calls.csv", row));
    }

    private static Map<Field, String> fields() {
        Map<Field, String> fields = CallRequest.newFields();
        fields.put(Field.DESTINATION, "099123456");
        fields.put(Field.AGENT, "josé");
        return fields;
    }
}
