package dev.agentcall.call;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.agentcall.config.ShippedSettings;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
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

        Gate.Permit first = gate.tryEnter("a");
        Gate.Permit second = gate.tryEnter("b");

        assertThat(gate.tryEnter("c")).isNull();
        assertThat(gate.hasRoom()).isFalse();
        assertThat(gate.inFlight()).isEqualTo(2);

        first.giveBack(true);

        assertThat(gate.hasRoom()).isTrue();
        assertThat(gate.tryEnter("c")).isNotNull();
        second.giveBack(true);
        assertThat(gate.inFlight()).isEqualTo(1);
    }

    @Test
    void aPermitGivenBackTwiceCountsOnce() {
        Gate gate = gate("agentcall.concurrency", "2");
        Gate.Permit first = gate.tryEnter("a");
        gate.tryEnter("b");

        first.giveBack(true);
        first.giveBack(true);

        assertThat(gate.inFlight()).isEqualTo(1);
        assertThat(gate.tryEnter("a")).isNotNull();
        assertThat(gate.tryEnter("c")).isNull();
    }

    @Test
    void whoWaitsGoesOnWhenAPermitIsGivenBack() {
        Gate gate = gate("agentcall.concurrency", "1");
        Gate.Permit held = gate.tryEnter("a");
        CompletableFuture<Gate.Permit> waiting = enter(gate, "b");

        await().during(Duration.ofMillis(100)).until(() -> !waiting.isDone());
        held.giveBack(true);

        assertThat(waiting.join()).isNotNull();
    }

    // --- Agents ----------------------------------------------------------------------------------------------------

    @Test
    void anAgentHasOneCallAtATimeAndOthersGoOn() {
        Gate gate = gate();
        Gate.Permit maria = gate.tryEnter("maria");

        assertThat(gate.tryEnter("maria")).isNull();
        assertThat(gate.hasRoom()).isTrue();
        assertThat(gate.tryEnter("jose")).isNotNull();

        maria.giveBack(true);

        assertThat(gate.tryEnter("maria")).isNotNull();
    }

    @Test
    void anAgentMayHaveMoreCallsWhereTheSettingsSaySo() {
        Gate gate = gate("agentcall.agent.concurrency", "2");

        assertThat(gate.tryEnter("maria")).isNotNull();
        assertThat(gate.tryEnter("maria")).isNotNull();
        assertThat(gate.tryEnter("maria")).isNull();
    }

    @Test
    void requestsWithoutAnAgentDoNotWaitForEachOther() {
        Gate gate = gate();

        assertThat(gate.tryEnter(null)).isNotNull();
        assertThat(gate.tryEnter(null)).isNotNull();
    }

    @Test
    void anAgentRestsBetweenTwoCalls() {
        Gate gate = gate("agentcall.agent.pause", "300ms");
        Gate.Permit first = gate.tryEnter("maria");
        long before = System.nanoTime();
        first.giveBack(true);

        assertThat(gate.tryEnter("jose")).isNotNull();
        enter(gate, "maria").join();

        assertThat(millisSince(before)).isGreaterThanOrEqualTo(300);
    }

    @Test
    void anAgentWhoWasNotRungNeedsNoRest() {
        Gate gate = gate("agentcall.agent.pause", "1h");
        gate.tryEnter("maria").giveBack(false);

        assertThat(gate.tryEnter("maria")).isNotNull();
    }

    @Test
    void aRestingLineIsABusyOne() {
        Gate gate = gate("agentcall.agent.concurrency", "2", "agentcall.agent.pause", "1h");
        gate.tryEnter("maria").giveBack(true);

        assertThat(gate.tryEnter("maria")).isNotNull();
        assertThat(gate.tryEnter("maria")).isNull();
    }

    // --- Rate ------------------------------------------------------------------------------------------------------

    @Test
    void callsAreAsFarApartAsTheRateSays() throws InterruptedException {
        Gate gate = gate("agentcall.rate", "20");
        long before = System.nanoTime();

        for (int i = 0; i < 5; i++) {
            gate.tryEnter(null).awaitRate(Gate.Patience.of(null));
        }

        assertThat(millisSince(before)).isGreaterThanOrEqualTo(4 * 50);
    }

    @Test
    void aRateMayBeBelowOnePerSecond() throws InterruptedException {
        Gate gate = gate("agentcall.rate", "0.001");
        gate.tryEnter(null).awaitRate(Gate.Patience.of(null));
        Gate.Permit second = gate.tryEnter(null);

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

        assertThat(gate.hasRoom()).isFalse();
        assertThat(gate.tryEnter("b")).isNull();
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
        assertThat(gate.tryEnter("c")).isNull();
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
            await().pollInterval(Duration.ofMillis(5)).until(gate::hasRoom);
            assertThat(millisSince(before)).isGreaterThanOrEqualTo(expected);
        }
    }

    @Test
    void retryAfterIsHeeded() {
        Gate gate = gate("agentcall.retry.delay", "1ms");
        Gate.Permit permit = gate.tryEnter("a");
        long before = System.nanoTime();
        permit.unavailable(Duration.ofMillis(400), "HTTP 429");
        permit.giveBack(false);

        enter(gate, "b").join();

        assertThat(millisSince(before)).isGreaterThanOrEqualTo(400);
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
        assertThat(gate.tryEnter("d")).isNotNull();
        assertThat(gate.failedTries()).isZero();
        assertThat(gate.outageDetail()).isNull();
        assertThat(gate.hasAnsweredSince(before)).isTrue();
    }

    @Test
    void anAnswerToACallThatWasSentBeforeTheOutageDoesNotEndIt() {
        Gate gate = gate("agentcall.retry.delay", "1h");
        Gate.Permit other = gate.tryEnter("b");
        long sent = System.nanoTime();
        unavailable(gate, "a");

        other.answered(sent);

        assertThat(gate.hasRoom()).isFalse();
        assertThat(gate.failedTries()).isEqualTo(1);
    }

    @Test
    void callsThatWereInFlightWhenTheOutageBeganAreNoProbes() {
        Gate gate = gate("agentcall.retry.delay", "1h");
        Gate.Permit other = gate.tryEnter("b");
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
        Gate.Permit early = gate.tryEnter("early");
        unavailable(gate, "a");
        Gate.Permit oldProbe = enter(gate, "b").join();
        early.answered(System.nanoTime());
        unavailable(gate, "a");
        Gate.Permit probe = enter(gate, "c").join();

        oldProbe.unavailable(null, "HTTP 503");
        oldProbe.giveBack(false);

        assertThat(gate.failedTries()).isEqualTo(1);
        await().during(Duration.ofMillis(100)).until(() -> !gate.hasRoom());
        probe.answered(System.nanoTime());
        assertThat(gate.hasRoom()).isTrue();
    }

    // --- Stopping --------------------------------------------------------------------------------------------------

    @Test
    void noCallBeginsOnceTheProcessStops() {
        Gate gate = gate("agentcall.concurrency", "1");
        gate.tryEnter("a");
        CompletableFuture<Gate.Permit> waiting = enter(gate, "b");

        stopping.stop();

        assertThatThrownBy(waiting::join).hasCauseInstanceOf(StoppingException.class);
        assertThat(gate.hasRoom()).isFalse();
        assertThat(gate().tryEnter("c")).isNull();
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

    private static void unavailable(Gate gate, String agent) {
        Gate.Permit permit = gate.tryEnter(agent);
        permit.unavailable(null, "HTTP 503");
        permit.giveBack(false);
    }

    private static CompletableFuture<Gate.Permit> enter(Gate gate, String agent) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return gate.enter(agent, Gate.Patience.of(null));
                    } catch (InterruptedException e) {
                        throw new CompletionException(e);
                    }
                },
                NEW_THREAD);
    }

    private static CompletableFuture<Void> awaitRate(Gate.Permit permit) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        permit.awaitRate(Gate.Patience.of(null));
                    } catch (InterruptedException e) {
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
