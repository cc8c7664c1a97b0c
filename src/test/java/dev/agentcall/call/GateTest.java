package dev.agentcall.call;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.agentcall.config.ShippedSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GateTest {

    /** Waiters of their own, so that none waits for another's thread. */
    private static final Executor NEW_THREAD = task -> {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
    };

    private static CamelContext camel;

    private Stopping stopping;

    @BeforeAll
    static void startCamel() {
        Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
        camel = new DefaultCamelContext();
        camel.start();
    }

    @AfterAll
    static void stopCamel() {
        camel.stop();
    }

    @BeforeEach
    void run() {
        stopping = new Stopping();
        stopping.setCamelContext(camel);
    }

    // --- Concurrency -----------------------------------------------------------------------------------------------

    @Test
    void noMoreCallsAreInFlightThanAllowed() {
        Gate gate = gate("agentcall.concurrency", "2");

        Gate.Permit first = tryEnter(gate, "a");
        Gate.Permit second = tryEnter(gate, "b");

        assertThat(tryEnter(gate, "c")).isNull();
        assertThat(hasRoom(gate)).isFalse();
        assertThat(gate.inFlight()).isEqualTo(2);

        first.giveBack(true);

        assertThat(hasRoom(gate)).isTrue();
        assertThat(tryEnter(gate, "c")).isNotNull();
        second.giveBack(true);
        assertThat(gate.inFlight()).isEqualTo(1);
    }

    @Test
    void aPermitGivenBackTwiceCountsOnce() {
        Gate gate = gate("agentcall.concurrency", "2");
        Gate.Permit first = tryEnter(gate, "a");
        tryEnter(gate, "b");

        first.giveBack(true);
        first.giveBack(true);

        assertThat(gate.inFlight()).isEqualTo(1);
        assertThat(tryEnter(gate, "a")).isNotNull();
        assertThat(tryEnter(gate, "c")).isNull();
    }

    @Test
    void whoWaitsGoesOnWhenAPermitIsGivenBack() {
        Gate gate = gate("agentcall.concurrency", "1");
        Gate.Permit held = tryEnter(gate, "a");
        CompletableFuture<Gate.Permit> waiting = enter(gate, "b");

        await().during(Duration.ofMillis(100)).until(() -> !waiting.isDone());
        held.giveBack(true);

        assertThat(waiting.join()).isNotNull();
    }

    @Test
    void whoCameFirstGoesFirst() {
        Gate gate = gate("agentcall.concurrency", "1");
        Gate.Permit held = tryEnter(gate, "a");
        List<CompletableFuture<Gate.Permit>> line = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            line.add(enter(gate, "b" + i));
            int expected = i;
            await().until(() -> gate.waiting() == expected);
        }

        for (CompletableFuture<Gate.Permit> next : line) {
            assertThat(next).isNotDone();
            held.giveBack(true);
            held = next.join();
        }
    }

    @Test
    void whoWaitsForABusyAgentLetsOthersPass() {
        Gate gate = gate("agentcall.concurrency", "2");
        Gate.Permit maria = tryEnter(gate, "maria");
        CompletableFuture<Gate.Permit> waiting = enter(gate, "maria");
        await().until(() -> gate.waiting() == 1);

        assertThat(enter(gate, "jose").join()).isNotNull();
        assertThat(waiting).isNotDone();

        maria.giveBack(true);
        assertThat(waiting.join()).isNotNull();
    }

    @Test
    void aPermitForAnyAgentIsForOneWhoIsFree() {
        Gate gate = gate("agentcall.concurrency", "2");
        tryEnter(gate, "maria");
        Gate.Permit any = tryEnter(gate, null);

        assertThat(any.tryAgent("maria")).isFalse();
        assertThat(any.tryAgent("jose")).isTrue();
        any.giveBack(true);

        assertThat(tryEnter(gate, "maria")).isNull();
        assertThat(tryEnter(gate, "jose")).isNotNull();
    }

    @Test
    void whoIsNotWantedAnyMoreLeavesTheLine() {
        Gate gate = gate("agentcall.concurrency", "1");
        tryEnter(gate, "a");
        AtomicBoolean wanted = new AtomicBoolean(true);
        CompletableFuture<Gate.Permit> waiting = waiting(() -> gate.enterWhile(wanted::get));
        await().until(() -> gate.waiting() == 1);

        wanted.set(false);
        gate.wakeUp();

        assertThat(waiting.join()).isNull();
        assertThat(gate.waiting()).isZero();
    }

    @Test
    void whoDoesNotWaitThroughAnOutageGoesWhenOneBegins() {
        Gate gate = gate("agentcall.concurrency", "2", "agentcall.retry.delay", "1h");
        Gate.Permit maria = tryEnter(gate, "maria");
        CompletableFuture<Gate.Permit> waiting =
                waiting(() -> gate.enter("maria", Gate.Patience.of(Duration.ofMinutes(10))));
        await().until(() -> gate.waiting() == 1);

        maria.unavailable(null, "HTTP 503");

        assertThatThrownBy(waiting::join).hasCauseInstanceOf(UnavailableException.class);
    }

    // --- Agents ----------------------------------------------------------------------------------------------------

    @Test
    void anAgentHasOneCallAtATimeAndOthersGoOn() {
        Gate gate = gate();
        Gate.Permit maria = tryEnter(gate, "maria");

        assertThat(tryEnter(gate, "maria")).isNull();
        assertThat(hasRoom(gate)).isTrue();
        assertThat(tryEnter(gate, "jose")).isNotNull();

        maria.giveBack(true);

        assertThat(tryEnter(gate, "maria")).isNotNull();
    }

    @Test
    void anAgentMayHaveMoreCallsWhereTheSettingsSaySo() {
        Gate gate = gate("agentcall.agent.concurrency", "2");

        assertThat(tryEnter(gate, "maria")).isNotNull();
        assertThat(tryEnter(gate, "maria")).isNotNull();
        assertThat(tryEnter(gate, "maria")).isNull();
    }

    @Test
    void requestsWithoutAnAgentDoNotWaitForEachOther() {
        Gate gate = gate();

        assertThat(tryEnter(gate, null)).isNotNull();
        assertThat(tryEnter(gate, null)).isNotNull();
    }

    @Test
    void anAgentRestsBetweenTwoCalls() {
        Gate gate = gate("agentcall.agent.pause", "300ms");
        Gate.Permit first = tryEnter(gate, "maria");
        long before = System.nanoTime();
        first.giveBack(true);

        assertThat(tryEnter(gate, "jose")).isNotNull();
        enter(gate, "maria").join();

        assertThat(millisSince(before)).isGreaterThanOrEqualTo(300);
    }

    @Test
    void anAgentWhoWasNotRungNeedsNoRest() {
        Gate gate = gate("agentcall.agent.pause", "1h");
        tryEnter(gate, "maria").giveBack(false);

        assertThat(tryEnter(gate, "maria")).isNotNull();
    }

    @Test
    void aRestingLineIsABusyOne() {
        Gate gate = gate("agentcall.agent.concurrency", "2", "agentcall.agent.pause", "1h");
        tryEnter(gate, "maria").giveBack(true);

        assertThat(tryEnter(gate, "maria")).isNotNull();
        assertThat(tryEnter(gate, "maria")).isNull();
    }

    // --- Rate ------------------------------------------------------------------------------------------------------

    @Test
    void callsAreAsFarApartAsTheRateSays() throws InterruptedException {
        Gate gate = gate("agentcall.rate", "20");
        long before = System.nanoTime();

        for (int i = 0; i < 5; i++) {
            tryEnter(gate, null).awaitRate(Gate.Patience.of(null));
        }

        assertThat(millisSince(before)).isGreaterThanOrEqualTo(4 * 50);
    }

    @Test
    void whoHasWaitedWithAPermitIsToldOfAnOutageThatBeganMeanwhile() {
        Gate gate = gate("agentcall.rate", "1", "agentcall.retry.delay", "1ms");
        Gate.Permit waited = tryEnter(gate, "a");
        Gate.Permit other = tryEnter(gate, "b");
        waited.throwIfOutage();

        other.unavailable(null, "HTTP 503");
        other.giveBack(false);

        assertThatThrownBy(waited::throwIfOutage)
                .isInstanceOf(UnavailableException.class)
                .hasMessage("HTTP 503");
        waited.giveBack(false);
        enter(gate, "a").join().throwIfOutage(); // the probe
    }

    @Test
    void aRateMayBeBelowOnePerSecond() throws InterruptedException {
        Gate gate = gate("agentcall.rate", "0.001");
        tryEnter(gate, null).awaitRate(Gate.Patience.of(null));
        Gate.Permit second = tryEnter(gate, null);

        CompletableFuture<Void> turn = awaitRate(second);

        await().during(Duration.ofMillis(200)).until(() -> !turn.isDone());
        stopping.stop();
        assertThatThrownBy(turn::join).hasCauseInstanceOf(StoppingException.class);
    }

    // --- uContact is unavailable -----------------------------------------------------------------------------------

    @Test
    void whileUContactIsUnavailableEveryoneWaits() {
        Gate gate = gate("agentcall.retry.delay", "1h");
        unavailable(gate, "a");

        assertThat(hasRoom(gate)).isFalse();
        assertThat(tryEnter(gate, "b")).isNull();
        assertThat(gate.failedTries()).isEqualTo(1);
        assertThat(gate.outageDetail()).isEqualTo("HTTP 503");
    }

    @Test
    void afterTheDelayOneProbeGoesAtATime() {
        Gate gate = gate("agentcall.retry.delay", "300ms");
        long before = System.nanoTime();
        unavailable(gate, "a");

        Gate.Permit probe = enter(gate, "b").join();

        assertThat(millisSince(before)).isGreaterThanOrEqualTo(300);
        assertThat(tryEnter(gate, "c")).isNull();
        probe.unavailable(null, "HTTP 503");
        probe.giveBack(false);
        assertThat(gate.failedTries()).isEqualTo(2);
    }

    @Test
    void theIntervalBetweenProbesDoubles() {
        Gate gate = gate("agentcall.retry.delay", "100ms");
        unavailable(gate, "a");
        for (int expected = 200; expected <= 400; expected *= 2) {
            Gate.Permit probe = enter(gate, "b").join();
            long before = System.nanoTime();
            probe.unavailable(null, "HTTP 503");
            probe.giveBack(false);
            enter(gate, "c").join().giveBack(false);
            assertThat(millisSince(before)).isGreaterThanOrEqualTo(expected);
        }
    }

    @Test
    void oneWhoseProbesAllFailDoesNotKeepThoseFromTryingWhoDoNotWait() {
        Gate gate = gate("agentcall.retry.delay", "1s");
        AtomicReference<CompletableFuture<Gate.Permit>> waiting = new AtomicReference<>();
        Runnable fails = () -> {
            Gate.Permit probe = waiting.get().join();
            probe.unavailable(null, "HTTP 404");
            probe.giveBack(false);
        };
        for (int i = 0; i < 2; i++) {
            waiting.set(enter(gate, "always first in line"));
            fails.run();
        }
        waiting.set(enter(gate, "always first in line"));

        // In the second half of the 2 s until the next probe; of the 4 s until the one after it, if this one was
        // missed.
        Gate.Permit guest = await().pollInterval(Duration.ofMillis(5))
                .until(
                        () -> {
                            Gate.Permit permit = tryEnter(gate, "does not wait");
                            if (permit == null && waiting.get().isDone()) {
                                fails.run();
                                waiting.set(enter(gate, "always first in line"));
                            }
                            return permit;
                        },
                        Objects::nonNull);
        int before = gate.failedTries();
        assertThat(waiting.get()).isNotDone();
        guest.unavailable(null, "HTTP 503");
        guest.giveBack(false);
        fails.run();
        assertThat(gate.failedTries()).isEqualTo(before + 2);
    }

    @Test
    void thoseWhoDoNotWaitAndFailWaitForTheNextProbeAsAll() {
        Gate gate = gate("agentcall.retry.delay", "100ms");
        unavailable(gate, "a");
        for (int expected = 200; expected <= 400; expected *= 2) {
            await().pollInterval(Duration.ofMillis(5)).until(() -> hasRoom(gate));
            long before = System.nanoTime();
            unavailable(gate, "b");
            await().pollInterval(Duration.ofMillis(5)).until(() -> hasRoom(gate));
            assertThat(millisSince(before)).isGreaterThanOrEqualTo(expected);
        }
    }

    @Test
    void retryAfterIsHeeded() {
        Gate gate = gate("agentcall.retry.delay", "1ms");
        Gate.Permit permit = tryEnter(gate, "a");
        long before = System.nanoTime();
        permit.unavailable(Duration.ofMillis(400), "HTTP 429");
        permit.giveBack(false);

        await().pollInterval(Duration.ofMillis(5)).until(() -> hasRoom(gate));
        assertThat(millisSince(before)).isGreaterThanOrEqualTo(400);
        enter(gate, "b").join();
        assertThat(millisSince(before)).isGreaterThanOrEqualTo(400);
    }

    @Test
    void aDateFarAwayIsNoReasonToWaitForEver() {
        Gate gate = gate("agentcall.retry.delay", "1ms");
        Gate.Permit permit = tryEnter(gate, "a");

        permit.unavailable(Duration.ofSeconds(Long.MAX_VALUE), "HTTP 503");
        permit.giveBack(false);

        assertThat(gate.untilNextTry()).isBetween(Duration.ofMinutes(4), Duration.ofMinutes(6));
    }

    @Test
    void anAnswerEndsTheOutageForAll() {
        Gate gate = gate("agentcall.retry.delay", "1ms");
        unavailable(gate, "a");
        Gate.Permit probe = enter(gate, "b").join();
        long before = System.nanoTime();
        CompletableFuture<Gate.Permit> waiting = enter(gate, "c");

        probe.answered(System.nanoTime());

        assertThat(waiting.join()).isNotNull();
        assertThat(tryEnter(gate, "d")).isNotNull();
        assertThat(gate.failedTries()).isZero();
        assertThat(gate.outageDetail()).isNull();
        assertThat(gate.hasAnsweredCallSentSince(before)).isTrue();
    }

    @Test
    void anAnswerToACallThatWasSentBeforeTheOutageDoesNotEndIt() {
        Gate gate = gate("agentcall.retry.delay", "1h");
        Gate.Permit other = tryEnter(gate, "b");
        long sent = System.nanoTime();
        unavailable(gate, "a");

        other.answered(sent);

        assertThat(hasRoom(gate)).isFalse();
        assertThat(gate.failedTries()).isEqualTo(1);
    }

    @Test
    void callsThatWereInFlightWhenTheOutageBeganAreNoProbes() {
        Gate gate = gate("agentcall.retry.delay", "1h");
        Gate.Permit other = tryEnter(gate, "b");
        unavailable(gate, "a");

        other.unavailable(null, "connection refused");
        other.giveBack(false);

        assertThat(gate.failedTries()).isEqualTo(1);
    }

    @Test
    void aProbeThatWasNotSentAtAllLetsTheNextOneGo() {
        Gate gate = gate("agentcall.retry.delay", "1ms");
        unavailable(gate, "a");

        enter(gate, "b").join().giveBack(false);

        assertThat(enter(gate, "c").join()).isNotNull();
        assertThat(gate.failedTries()).isEqualTo(1);
    }

    @Test
    void afterAProbeWithoutAnAnswerTheNextOneWaitsToo() {
        Gate gate = gate("agentcall.retry.delay", "300ms");
        unavailable(gate, "a");
        Gate.Permit probe = enter(gate, "b").join();
        long before = System.nanoTime();

        probe.giveBack(true);
        enter(gate, "c").join();

        assertThat(millisSince(before)).isGreaterThanOrEqualTo(300);
    }

    @Test
    void aProbeOfAnEarlierOutageLetsNoSecondProbeIntoThisOne() {
        Gate gate = gate("agentcall.retry.delay", "1ms");
        Gate.Permit early = tryEnter(gate, "early");
        unavailable(gate, "a");
        Gate.Permit oldProbe = enter(gate, "b").join();
        early.answered(System.nanoTime());
        unavailable(gate, "a");
        Gate.Permit probe = enter(gate, "c").join();

        oldProbe.unavailable(null, "HTTP 503");
        oldProbe.giveBack(false);

        assertThat(gate.failedTries()).isEqualTo(1);
        await().during(Duration.ofMillis(100)).until(() -> !hasRoom(gate));
        probe.answered(System.nanoTime());
        assertThat(hasRoom(gate)).isTrue();
    }

    // --- Stopping --------------------------------------------------------------------------------------------------

    @Test
    void noCallBeginsOnceTheProcessStops() {
        Gate gate = gate("agentcall.concurrency", "1");
        tryEnter(gate, "a");
        CompletableFuture<Gate.Permit> waiting = enter(gate, "b");

        stopping.stop();

        assertThatThrownBy(waiting::join).hasCauseInstanceOf(StoppingException.class);
        assertThat(hasRoom(gate)).isFalse();
        assertThat(tryEnter(gate(), "c")).isNull();
    }

    @Test
    void whoWaitsForAChangeIsWokenByOne() {
        Gate gate = gate();
        long seen = gate.changes();

        gate.wakeUp();

        assertThat(gate.changes()).isGreaterThan(seen);
        CompletableFuture.runAsync(() -> awaitChange(gate, seen), NEW_THREAD).join();
    }

    private Gate gate(String... changes) {
        return new Gate(ShippedSettings.with(changes), stopping);
    }

    /** Null if it would have to wait. */
    private static Gate.Permit tryEnter(Gate gate, String agent) {
        try {
            return gate.enter(agent, Gate.Patience.of(Duration.ZERO));
        } catch (BusyException | UnavailableException | StoppingException e) {
            return null;
        } catch (InterruptedException e) {
            throw new CompletionException(e);
        }
    }

    private static boolean hasRoom(Gate gate) {
        Gate.Permit permit = tryEnter(gate, null);
        if (permit != null) {
            permit.giveBack(false);
        }
        return permit != null;
    }

    private static void unavailable(Gate gate, String agent) {
        Gate.Permit permit = tryEnter(gate, agent);
        permit.unavailable(null, "HTTP 503");
        permit.giveBack(false);
    }

    private static CompletableFuture<Gate.Permit> enter(Gate gate, String agent) {
        return waiting(() -> gate.enter(agent, Gate.Patience.of(null)));
    }

    private static CompletableFuture<Void> awaitRate(Gate.Permit permit) {
        return waiting(() -> {
            permit.awaitRate(Gate.Patience.of(null));
            return null;
        });
    }

    private static <T> CompletableFuture<T> waiting(Callable<T> task) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return task.call();
                    } catch (RuntimeException e) {
                        throw e;
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    }
                },
                NEW_THREAD);
    }

    private static void awaitChange(Gate gate, long seen) {
        try {
            gate.awaitChange(seen);
        } catch (InterruptedException e) {
            throw new CompletionException(e);
        }
    }

    private static long millisSince(long nanos) {
        return MILLISECONDS.convert(System.nanoTime() - nanos, NANOSECONDS);
    }
}
