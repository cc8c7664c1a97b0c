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
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every database. */
@Timeout(60)
abstract class LedgerTest {

    private static final Instant AT = Instant.parse("2026-11-22T19:18:00.123Z");

    Ledger ledger;

    /** A database of this test's own that nobody has used. */
    abstract String newDatabase() throws Exception;

    /** The same for the whole test. */
    private String url;

    String url() {
        return url;
    }

    @BeforeAll
    static void patience() {
        Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
    }

    @BeforeEach
    void openFirst() throws Exception {
        url = newDatabase();
        open();
    }

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
    void aClaimThatCannotBeTakenBackNowIsTakenBackLater() throws Exception {
        long claimed = ledger.claim(request("a"), null);
        administer("ALTER TABLE request RENAME TO gone");

        ledger.release(claimed);

        administer("ALTER TABLE gone RENAME TO request");
        assertThat(ledger.claim(request("a"), null)).isNotNull();
        assertThat(ledger.find(claimed)).isNull();
    }

    @Test
    void whatCannotTakeARequestIsNotWritableUntilItHasTakenOne() throws Exception {
        administer("ALTER TABLE request RENAME TO gone");
        assertThatExceptionOfType(LedgerException.class).isThrownBy(() -> ledger.claim(request("a"), null));

        assertThatExceptionOfType(LedgerException.class).isThrownBy(ledger::checkWritable);
        administer("ALTER TABLE gone RENAME TO request");
        ledger.claim(request("a"), null);

        ledger.checkWritable();
    }

    @Test
    void aClaimIsTakenBackByNobodyButItsOwner() {
        try (Ledger other = openLedger()) {
            FileRun run = other.fileRuns().start("f.csv", "content", false, "f");
            long claimed = other.claim(row("f", 3), run.id());

            ledger.release(claimed);

            assertThat(other.find(claimed).inFlight()).isTrue();
        }
    }

    /** The same database, for one who waits as long as it takes until nobody writes. */
    String patientUrl() {
        return url;
    }

    void administer(String statement) throws SQLException {
        try (Connection connection = DriverManager.getConnection(patientUrl());
                Statement sql = connection.createStatement()) {
            sql.execute(statement);
        }
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
        FileRun run = ledger.fileRuns().start("calls.csv", "digest", false, "calls");

        ledger.add(replay, run.id());
        ledger.add(replay, null);

        assertThat(ledger.fileRuns().decidedRows(run)).isEqualTo(bits(7));
        assertThat(ledger.findSpent("a").outcome().replayed()).isFalse();
    }

    @Test
    void processesThatStartAtTheSameTimeMakeTheTablesOnce() throws Exception {
        String fresh = newDatabase();
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
        assertThat(entry.fields()).isEqualTo(OutcomeJson.fields(request));
        assertThat(OutcomeJson.write(entry.outcome())).isEqualTo(OutcomeJson.write(outcome));
    }

    @Test
    void aRowsOutcomeIsWhatStandsInResultFiles() throws IOException {
        Outcome invalid =
                new Outcome(row("a", 2), OutcomeKind.INVALID, null, "bad-number", "phone", null, false, AT, null);
        FileRun run = ledger.fileRuns().start("calls.csv", "digest", false, "calls");

        ledger.add(invalid, run.id());

        assertThat(outcomes(run, 2))
                .containsExactly(new FileRuns.RowOutcome("a", OutcomeKind.INVALID, null, "bad-number", "phone", false));
    }

    @Test
    void anIdThatNobodyUsedIsNotSpent() {
        assertThat(ledger.findSpent("a")).isNull();
        assertThat(ledger.find(77)).isNull();
    }

    // --- File runs -------------------------------------------------------------------------------------------------

    @Test
    void aRunThatIsNotFinishedGoesOnForTheSameNameAndContent() {
        FileRun started = ledger.fileRuns().start("calls.csv", "digest", false, "calls.20261122T191800Z");
        ledger.close();
        open();

        List<FileRun> resumed = ledger.fileRuns().findOpen("calls.csv", "digest");

        assertThat(started.resumed()).isFalse();
        assertThat(resumed)
                .containsExactly(new FileRun(started.id(), started.processId(), "calls.20261122T191800Z", null, true));
        assertThat(ledger.fileRuns().takeOver(resumed.get(0))).isTrue();
        assertThat(ledger.fileRuns().findOpen("calls.csv", "other")).isEmpty();
        assertThat(ledger.fileRuns().findOpen("other.csv", "digest")).isEmpty();
    }

    @Test
    void aFinishedRunIsOver() {
        FileRun run = ledger.fileRuns().start("calls.csv", "digest", false, "calls");
        assertThat(ledger.fileRuns().isResultNameTaken("calls")).isTrue();

        ledger.fileRuns().finish(run);

        assertThat(ledger.fileRuns().findOpen("calls.csv", "digest")).isEmpty();
        assertThat(ledger.fileRuns().isResultNameTaken("calls")).isFalse();
    }

    @Test
    void theDecidedRowsAreThoseWithAnOutcomeInThisRun() {
        FileRun run = ledger.fileRuns().start("calls.csv", "digest", false, "calls");
        FileRun other = ledger.fileRuns().start("other.csv", "digest", false, "other");
        decide(run, row("a", 2), OutcomeKind.PLACED);
        decide(run, row("b", 4), OutcomeKind.REJECTED);
        decide(run, row("c", 70_000), OutcomeKind.UNKNOWN);
        ledger.add(outcome(row("d", 5), OutcomeKind.INVALID), run.id());
        ledger.claim(row("e", 6), run.id());
        ledger.release(ledger.claim(row("f", 7), run.id()));
        decide(other, row("g", 8), OutcomeKind.PLACED);

        assertThat(ledger.fileRuns().decidedRows(run)).isEqualTo(bits(2, 4, 5, 70_000));
    }

    @Test
    void aRowHasOneOutcomeInARun() {
        FileRun run = ledger.fileRuns().start("calls.csv", "digest", false, "calls");
        decide(run, row("a", 2), OutcomeKind.REJECTED);

        assertThat(ledger.claim(row("a", 2), run.id())).isNull();
        ledger.fileRuns().finish(run);
        FileRun next = ledger.fileRuns().start("calls.csv", "digest", false, "calls");
        assertThat(ledger.claim(row("a", 2), next.id())).isNotNull();
    }

    @Test
    void outcomesAreReadInTheOrderOfTheRowsHoweverTheyWereDecided() throws IOException {
        FileRun run = ledger.fileRuns().start("calls.csv", "digest", false, "calls");
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
        long delivered = ledger.claim(request("b"), null);
        ledger.record(delivered, outcome(request("b"), OutcomeKind.PLACED));
        ledger.delivered(delivered);
        ledger.close();
        open();

        assertThat(recoverCrashed()).singleElement().satisfies(crashed -> {
            assertThat(crashed.kind()).isEqualTo(OutcomeKind.UNKNOWN);
            assertThat(crashed.reason()).isEqualTo("crash");
            assertThat(crashed.detail()).isNotBlank();
            assertThat(crashed.guid()).isNull();
            assertThat(crashed.request()).isEqualTo(row("a", 2));
        });
        assertThat(ledger.findSpent("a").outcome().reason()).isEqualTo("crash");
        assertThat(ledger.claim(request("a"), null)).isNull();
        assertThat(ledger.findSpent("b").outcome().kind()).isEqualTo(OutcomeKind.PLACED);
        assertThat(recoverCrashed()).isEmpty();
    }

    @Test
    void theRequestsOfAnotherProcessAreTouchedOnlyOnceItIsDead() throws Exception {
        Process neighbour = startNeighbour("crash-1");
        try {
            assertThat(recoverCrashed()).isEmpty();
            assertThat(ledger.findSpent("crash-1").inFlight()).isTrue();
            assertThat(ledger.claim(request("crash-1"), null)).isNull();
        } finally {
            neighbour.destroyForcibly().waitFor();
        }

        List<Outcome> recovered = new ArrayList<>();
        await().until(() -> recovered.addAll(recoverCrashed()));
        assertThat(recovered)
                .extracting(crashed -> crashed.request().requestId(), Outcome::reason)
                .containsExactly(tuple("crash-1", "crash"));
    }

    @Test
    void theRequestsOfAnotherLedgerInThisProcessAreNotTouched() throws Exception {
        try (Ledger other = openLedger()) {
            other.claim(request("a"), null);

            assertThat(recoverCrashed()).isEmpty();
            assertThat(ledger.findSpent("a").inFlight()).isTrue();
            // Nor has the look at it cost the other its sign of life.
            assertThat(recoverElsewhere()).isEqualTo("recovered 0");
        }
        assertThat(recoverCrashed()).hasSize(1);
    }

    @Test
    void whatAChannelMissedIsGivenAgainUntilItIsDelivered() {
        long missed = ledger.claim(request("a"), null);
        ledger.record(missed, outcome(request("a"), OutcomeKind.PLACED));
        ledger.missed(missed, null);
        long rejected = ledger.add(outcome(request("b"), OutcomeKind.INVALID), null);
        ledger.missed(rejected, null);
        ledger.delivered(ledger.add(outcome(request("c"), OutcomeKind.INVALID), null));
        ledger.add(outcome(request("d"), OutcomeKind.INVALID), null); // on its way
        ledger.claim(request("e"), null);

        awaitMissed(missed, rejected);
        ledger.delivered(missed);
        awaitMissed(rejected);
    }

    @Test
    void whatADeadProcessHadNotDeliveredIsGivenToWhoFindsIt() {
        ledger.record(ledger.claim(request("a"), null), outcome(request("a"), OutcomeKind.PLACED));
        long missed = ledger.add(outcome(request("b"), OutcomeKind.INVALID), null);
        ledger.missed(missed, null);
        ledger.close();
        open();

        ledger.recoverCrashed();

        assertThat(ledger.missed(10))
                .extracting(one -> ledger.find(one.id()).request().requestId())
                .containsExactly("a", "b");
    }

    @Test
    void ownRequestsAreNotTouched() {
        ledger.claim(request("a"), null);

        assertThat(recoverCrashed()).isEmpty();
        assertThat(ledger.findSpent("a").inFlight()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"PLACED", "REJECTED"})
    void aRealAnswerThatComesLateReplacesACrash(OutcomeKind kind) throws Exception {
        Long claimed = ledger.claim(request("a"), null);
        // as one does who took this process for dead
        administer("UPDATE request SET outcome = 'unknown', reason = 'crash', at = '2026-11-22T19:18:00.000Z',"
                + " process_id = 4711, delivered = 1");

        ledger.record(claimed, outcome(request("a"), kind));
        ledger.missed(claimed, null);

        assertThat(ledger.find(claimed).outcome()).isEqualTo(outcome(request("a"), kind));
        awaitMissed(claimed);
        assertThat(ledger.claim(request("a"), null) == null).isEqualTo(kind == OutcomeKind.PLACED);
    }

    @Test
    void aFileIsInWorkOnceAndGoesToWhoFindsItsProcessDead() {
        FileRun run;
        try (Ledger other = openLedger()) {
            run = other.fileRuns().start("calls.csv", "digest", false, "calls");
            other.claim(row("a", 2), run.id());

            assertThat(ledger.fileRuns().start("calls.csv", "digest", false, "calls2"))
                    .isNull();
            assertThat(ledger.fileRuns().takeOver(run)).isFalse();
            assertThat(ledger.fileRuns().start("calls.csv", "digest", true, "calls2"))
                    .isNotNull();
        }

        // PostgreSQL drops the lock of a session that has ended a moment later.
        await().until(() -> ledger.fileRuns().takeOver(run));
        assertThat(ledger.fileRuns().decidedRows(run)).isEqualTo(bits(2));
        assertThat(ledger.fileRuns().takeOver(run)).as("by the number it had").isFalse();
    }

    @Test
    void noTwoUnfinishedRunsHaveTheSameNamesForTheirResults() {
        ledger.fileRuns().start("calls.csv", "digest", false, "calls");

        assertThat(ledger.fileRuns().start("Calls.CSV", "other", false, "calls"))
                .isNull();
    }

    // --- Settled by a human ----------------------------------------------------------------------------------------

    @Test
    void anUnknownRequestThatWasNotPlacedMayBeSentAgain() {
        ledger.record(ledger.claim(request("a"), null), outcome(request("a"), OutcomeKind.UNKNOWN));

        assertThat(ledger.settle("a", false, null, "ana", "the agent's phone was off"))
                .isTrue();

        assertThat(ledger.findSpent("a")).isNull();
        Entry entry = ledger.findLatest("a");
        assertThat(entry.outcome().kind()).isEqualTo(OutcomeKind.UNKNOWN);
        assertThat(entry.settled().placed()).isFalse();
        assertThat(entry.settled().by()).isEqualTo("ana");
        assertThat(entry.settled().note()).isEqualTo("the agent's phone was off");
        assertThat(ledger.claim(request("a"), null)).isNotNull();
    }

    @Test
    void anUnknownRequestThatWasPlacedStaysSpentAndCountsAsPlaced() {
        ledger.record(ledger.claim(request("a"), null), outcome(request("a"), OutcomeKind.UNKNOWN));

        assertThat(ledger.settle("a", true, "8cf8570e-60e7-44ed-b799-3baab211b04d", "ana", null))
                .isTrue();

        assertThat(ledger.claim(request("a"), null)).isNull();
        assertThat(ledger.findSpent("a").finalOutcome().kind()).isEqualTo(OutcomeKind.PLACED);
        assertThat(ledger.findSpent("a").finalOutcome().guid()).isEqualTo("8cf8570e-60e7-44ed-b799-3baab211b04d");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anUnknownRequestThatWasRepeatedIsListedOnceAndSettledWithItsRepetitions(boolean placed) {
        Outcome unknown = outcome(request("a"), OutcomeKind.UNKNOWN);
        ledger.record(ledger.claim(request("a"), null), unknown);
        long repetition = ledger.add(unknown.replayedFor(row("a", 7)), null);
        ledger.delivered(repetition);

        assertThat(ids(ledger.recent(OutcomeKind.UNKNOWN, null, 10))).containsExactly("a");

        ledger.settle("a", placed, null, "ana", null);

        assertThat(ledger.recent(OutcomeKind.UNKNOWN, null, 10)).isEmpty();
        assertThat(ledger.findLatest("a").settled()).isNotNull();
        await().until(() -> {
            ledger.prune(Instant.now().plusSeconds(1));
            return ledger.find(repetition) == null;
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"PLACED", "REJECTED"})
    void onlyAnUnknownRequestCanBeSettledAndOnlyOnce(OutcomeKind kind) {
        ledger.record(ledger.claim(request("a"), null), outcome(request("a"), kind));
        ledger.record(ledger.claim(request("b"), null), outcome(request("b"), OutcomeKind.UNKNOWN));
        ledger.claim(request("c"), null);
        ledger.settle("b", true, null, "ana", null);

        assertThat(ledger.settle("a", false, null, "ana", null)).isFalse();
        assertThat(ledger.settle("b", false, null, "ana", null)).isFalse();
        assertThat(ledger.settle("c", false, null, "ana", null)).isFalse();
        assertThat(ledger.settle("nobody", false, null, "ana", null)).isFalse();
    }

    // --- The newest, and the oldest --------------------------------------------------------------------------------

    @Test
    void theNewestRequestsComeFirstAndSettledOnesAreUnknownNoMore() {
        for (String id : List.of("a", "b", "c")) {
            ledger.record(ledger.claim(request(id), null), outcome(request(id), OutcomeKind.UNKNOWN));
        }
        ledger.claim(request("d"), null);
        ledger.settle("b", true, null, "ana", null);

        assertThat(ids(ledger.recent(null, null, 10))).containsExactly("d", "c", "b", "a");
        assertThat(ids(ledger.recent(null, null, 2))).containsExactly("d", "c");
        assertThat(ids(ledger.recent(OutcomeKind.UNKNOWN, null, 10))).containsExactly("c", "a");
        assertThat(ids(ledger.recent(OutcomeKind.UNKNOWN, Instant.now().plusSeconds(60), 10)))
                .isEmpty();
    }

    @Test
    void oldRequestsArePrunedButNotThoseThatSomebodyStillHasToSeeTo() {
        FileRun run = ledger.fileRuns().start("calls.csv", "digest", false, "calls");
        deliver(ledger.claim(row("of a file in work", 2), run.id()), OutcomeKind.PLACED);
        deliver(ledger.claim(request("unknown"), null), OutcomeKind.UNKNOWN);
        deliver(ledger.claim(request("settled"), null), OutcomeKind.UNKNOWN);
        ledger.settle("settled", true, null, "ana", null);
        deliver(ledger.claim(request("placed"), null), OutcomeKind.PLACED);
        ledger.record(ledger.claim(request("not delivered"), null), outcome(request("a"), OutcomeKind.PLACED));
        ledger.claim(request("in flight"), null);

        ledger.prune(Instant.now().minusSeconds(60));
        assertThat(ledger.recent(null, null, 100)).hasSize(6);
        await().untilAsserted(() -> {
            ledger.prune(Instant.now().plusSeconds(60));

            assertThat(ids(ledger.recent(null, null, 100)))
                    .containsExactlyInAnyOrder("in flight", "not delivered", "unknown", "of a file in work");
        });
    }

    @Test
    void aFileThatNobodyComesBackWithIsForgottenOnceItIsOld() {
        FileRun run = ledger.fileRuns().start("calls.csv", "digest", false, "calls");
        deliver(ledger.claim(row("a", 2), run.id()), OutcomeKind.PLACED);
        ledger.prune(Instant.now().plusSeconds(60));
        assertThat(ledger.fileRuns().isResultNameTaken("calls"))
                .as("its process lives")
                .isTrue();
        ledger.close();
        open();

        await().until(() -> {
            ledger.recoverCrashed();
            ledger.prune(Instant.now().plusSeconds(60)); // twice: its requests come after it
            ledger.prune(Instant.now().plusSeconds(60));
            return !ledger.fileRuns().isResultNameTaken("calls")
                    && ledger.recent(null, null, 10).isEmpty();
        });
    }

    private void deliver(long id, OutcomeKind kind) {
        ledger.record(id, outcome(request("any"), kind));
        ledger.delivered(id);
    }

    private static List<String> ids(List<Entry> entries) {
        return entries.stream().map(entry -> entry.request().requestId()).toList();
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

    // --- Another process -------------------------------------------------------------------------------------------

    /** Opens the ledger; claims an id and stays until it is killed, or says how many requests it has recovered. */
    static final class Neighbour {
        public static void main(String[] args) throws IOException {
            Ledger ledger = new Ledger(settings(args[0]));
            if (args.length > 1) {
                ledger.claim(request(args[1]), null);
                System.out.println("claimed");
                System.in.read();
            } else {
                ledger.recoverCrashed();
                System.out.println("recovered " + ledger.missed(10).size());
                ledger.close();
            }
        }
    }

    private Process startNeighbour(String id) throws IOException {
        Process neighbour = start(url, id);
        assertThat(neighbour.inputReader().readLine()).isEqualTo("claimed");
        return neighbour;
    }

    private String recoverElsewhere() throws Exception {
        Process neighbour = start(url);
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

    Ledger openLedger() {
        return new Ledger(settings(url));
    }

    static Settings settings(String url) {
        return ShippedSettings.with(
                "agentcall.ledger.url", url,
                "agentcall.node", "test",
                "agentcall.ucontact.connect-timeout", "100ms",
                "agentcall.ucontact.response-timeout", "100ms");
    }

    /** What is noted about deliveries is there within a second. */
    private void awaitMissed(Long... ids) {
        await().untilAsserted(() ->
                assertThat(ledger.missed(10)).extracting(Ledger.Missed::id).containsExactly(ids));
    }

    /** The outcomes of what was in flight in processes that have died since the last time. */
    List<Outcome> recoverCrashed() {
        ledger.recoverCrashed();
        List<Entry> missed =
                ledger.missed(10).stream().map(one -> ledger.find(one.id())).toList();
        missed.forEach(entry -> ledger.delivered(entry.id()));
        awaitMissed();
        return missed.stream().map(Entry::outcome).toList();
    }

    private void decide(FileRun run, CallRequest request, OutcomeKind kind) {
        ledger.record(ledger.claim(request, run.id()), outcome(request, kind));
    }

    private List<FileRuns.RowOutcome> outcomes(FileRun run, int... rows) throws IOException {
        List<FileRuns.RowOutcome> read = new ArrayList<>();
        ledger.fileRuns().readRows(run, outcomes -> {
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

    static Outcome outcome(CallRequest request, OutcomeKind kind) {
        return new Outcome(
                request, kind, kind == OutcomeKind.PLACED ? "guid" : null, "reason", "detail", 200, false, AT, 5L);
    }

    static CallRequest request(String id) {
        return new CallRequest(id, fields(), Map.of(), new Source("rest", "receive-rest", null));
    }

    private static CallRequest row(String id, int row) {
        return new CallRequest(id, fields(), Map.of(), new Source("csv", "calls.csv", row));
    }

    private static Map<Field, String> fields() {
        Map<Field, String> fields = new EnumMap<>(Field.class);
        fields.put(Field.DESTINATION, "099123456");
        fields.put(Field.AGENT, "josé");
        return fields;
    }
}
