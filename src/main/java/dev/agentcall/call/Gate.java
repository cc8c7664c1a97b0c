package dev.agentcall.call;

import dev.agentcall.config.Settings;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says which call may go now, for all sources of a process together: so many in flight, so many per agent with a rest
 * between two, so many per second, and, while uContact is unavailable, one probe at a time.
 *
 * <p>Those who wait stand in one line. Whenever something changes, the first of them who may go now is let in, and only
 * this one is woken; who comes later does not push in.
 */
public final class Gate {

    private static final Logger LOG = LoggerFactory.getLogger(Gate.class);

    private static final Duration LONGEST_PROBE_INTERVAL = Duration.ofSeconds(60);
    private static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(5);
    /** A waiting thread looks up this often, for a stop that nobody announces. */
    private static final long LOOK_UP_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    /** Times that a thread lets others run before it sleeps: on a busy machine one of them is about to make room. */
    private static final int YIELDS = 2;

    private final int concurrency;
    private final int perAgent;
    private final long pauseNanos;
    private final long rateNanos;
    private final Duration probeDelay;
    private final Stopping stopping;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<Waiter> line = new LinkedHashSet<>();
    private final Map<String, Integer> busy = new HashMap<>();
    private final Map<String, Integer> resting = new HashMap<>();
    private final PriorityQueue<Rest> rests = new PriorityQueue<>();
    private int inFlight;
    private long changes;
    private long calls;
    private long nextByRate = System.nanoTime();

    private Outage outage;
    private Long lastAnsweredSent;
    private Long lastAnswered;

    /**
     * The one gate of a process.
     *
     * @param stopping tells when no call may begin any more
     */
    public Gate(Settings settings, Stopping stopping) {
        this.concurrency = settings.concurrency();
        this.perAgent = settings.agentConcurrency();
        this.pauseNanos = settings.agentPause().toNanos();
        this.rateNanos = settings.rate() > 0 ? (long) (TimeUnit.SECONDS.toNanos(1) / settings.rate()) : 0;
        this.probeDelay = settings.retryDelay();
        this.stopping = stopping;
    }

    /**
     * How long someone waits.
     *
     * @param untilNanos a value of {@link System#nanoTime}; null for ever
     */
    public record Patience(Long untilNanos) {

        private static final Patience ENDLESS = new Patience(null);

        /** From now on. {@code null} is for ever, and through outages. */
        public static Patience of(Duration patience) {
            return patience == null ? ENDLESS : new Patience(System.nanoTime() + patience.toNanos());
        }

        /** True if it lasts for ever. */
        public boolean isEndless() {
            return untilNanos == null;
        }

        private boolean lasts(long nanos) {
            return untilNanos == null || nanos - untilNanos < 0;
        }

        private void throwIfOver(Outage outage) {
            if (isEndless()) {
                return;
            }
            if (outage != null) {
                throw new UnavailableException(outage.detail);
            }
            if (!lasts(System.nanoTime())) {
                throw new BusyException("the agent or all lines were busy for as long as a request waits");
            }
        }
    }

    /** A permit to place one call. To be given back exactly once; giving it back again does nothing. */
    public final class Permit {
        /** Null for none, or none yet. */
        private String agent;
        /** The outage that this call probes, null for none; it may be over by now, and another have begun. */
        private final Outage probed;

        private final boolean patient;
        private boolean returned;

        private Permit(String agent, Outage probed, boolean patient) {
            this.agent = agent;
            this.probed = probed;
            this.patient = patient;
        }

        private boolean isProbe() {
            return probed != null && probed == outage;
        }

        /** Makes a permit that has no agent yet one for this agent, if he is free. {@code null} always is. */
        public boolean tryAgent(String name) {
            lock.lock();
            try {
                endRests(System.nanoTime());
                if (!isFree(name)) {
                    return false;
                }
                agent = name;
                occupy(name);
                return true;
            } finally {
                lock.unlock();
            }
        }

        /**
         * Waits for the call's turn by the rate.
         *
         * @throws StoppingException if the process stops meanwhile
         * @throws BusyException if the turn comes too late; it is not taken then
         */
        public void awaitRate(Patience patience) throws InterruptedException {
            Gate.this.awaitRate(patience);
        }

        /**
         * For a call that has waited with its permit, for its turn by the rate.
         *
         * @throws UnavailableException if an outage has begun meanwhile, and this is not its probe
         */
        public void throwIfOutage() {
            lock.lock();
            try {
                if (outage != null && !isProbe()) {
                    throw new UnavailableException(outage.detail);
                }
            } finally {
                lock.unlock();
            }
        }

        /**
         * uContact answered: an outage that had begun when the call was sent is over.
         *
         * @param sentNanos when the call was sent, a value of {@link System#nanoTime}
         */
        public void answered(long sentNanos) {
            lock.lock();
            try {
                lastAnswered = System.nanoTime();
                if (lastAnsweredSent == null || sentNanos - lastAnsweredSent > 0) {
                    lastAnsweredSent = sentNanos;
                }
                if (outage != null && sentNanos - outage.since > 0) {
                    LOG.info("uContact answers again after {} s", outage.seconds());
                    outage = null;
                    change();
                }
            } finally {
                lock.unlock();
            }
        }

        /**
         * uContact did not take the call: from now on only probes pass.
         *
         * @param retryAfter what it asked for, null for nothing
         * @param detail for people
         */
        public void unavailable(Duration retryAfter, String detail) {
            lock.lock();
            try {
                long now = System.nanoTime();
                if (outage == null) {
                    LOG.warn("uContact is unavailable, calls wait: {}", detail);
                    outage = new Outage(now, detail);
                    outage.nextProbe(now, probeDelay, retryAfter, patient);
                } else if (isProbe()) {
                    outage.failedProbes++;
                    outage.detail = detail;
                    outage.nextProbe(now, probeDelay, retryAfter, patient);
                }
                change();
                wakeLine(); // who does not wait through an outage goes
            } finally {
                lock.unlock();
            }
        }

        /** Gives the permit back. {@code called}: the agent was rung, or may have been, and now rests. */
        public void giveBack(boolean called) {
            lock.lock();
            try {
                if (!returned) {
                    returned = true;
                    if (isProbe()) {
                        outage.probing = false;
                        if (called) { // and no answer came: the next one is no sooner than after one that was not taken
                            outage.nextProbe(System.nanoTime(), probeDelay, null, patient);
                        }
                    }
                    leave(agent, called);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Waits for a permit. Whoever does not wait for ever does not wait through an outage either; it may be the probe if
     * one is due.
     *
     * @param agent null for a request without one
     * @throws StoppingException if the process stops before there is one
     * @throws UnavailableException if there is an outage to wait for
     * @throws BusyException if it takes too long
     */
    public Permit enter(String agent, Patience patience) throws InterruptedException {
        return enter(new Waiter(agent, patience, () -> true));
    }

    /**
     * Waits for a permit for whichever agent it will be used; see {@link Permit#tryAgent}.
     *
     * @param wanted looked at again after each {@link #wakeUp}, with the gate closed: it must not wait for anything
     * @return null once it is not wanted any more, or the process stops
     */
    public Permit enterWhile(BooleanSupplier wanted) throws InterruptedException {
        try {
            return enter(new Waiter(null, Patience.ENDLESS, wanted));
        } catch (StoppingException e) {
            return null;
        }
    }

    private Permit enter(Waiter own) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            line.add(own);
            letIn();
            for (int i = 0; i < YIELDS && own.permit == null; i++) {
                lock.unlock();
                Thread.yield();
                lock.lock();
            }
            while (own.permit == null) {
                if (stopping.isStopping()) {
                    throw new StoppingException();
                }
                if (!own.wanted.getAsBoolean()) {
                    return null;
                }
                own.patience.throwIfOver(outage);
                own.turn.awaitNanos(untilNextEvent());
                letIn(); // time alone may have changed something
            }
            return own.permit;
        } catch (InterruptedException e) {
            if (own.permit != null) {
                own.permit.giveBack(false);
            }
            throw e;
        } finally {
            line.remove(own);
            lock.unlock();
        }
    }

    /** A number that grows with every change; see {@link #awaitChange}. */
    public long changes() {
        lock.lock();
        try {
            return changes;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until something has changed since {@code seen} was read, or time has changed something; may return early. */
    public void awaitChange(long seen) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (changes == seen) {
                changed.awaitNanos(untilNextEvent());
            }
        } finally {
            lock.unlock();
        }
    }

    /** Wakes everyone in {@link #awaitChange} and {@link #enterWhile}. */
    public void wakeUp() {
        lock.lock();
        try {
            change();
            wakeLine();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for so long, or until the process stops. */
    public void pause(Duration time) throws InterruptedException {
        sleepUntil(System.nanoTime() + time.toNanos());
    }

    /** True if calls are limited per second. */
    public boolean hasRate() {
        return rateNanos > 0;
    }

    public boolean isStopping() {
        return stopping.isStopping();
    }

    /** Calls that were made so far. */
    public long calls() {
        lock.lock();
        try {
            return calls;
        } finally {
            lock.unlock();
        }
    }

    /** Calls that hold a permit now. */
    public int inFlight() {
        lock.lock();
        try {
            return inFlight;
        } finally {
            lock.unlock();
        }
    }

    /** Calls that wait for a permit now. */
    public int waiting() {
        lock.lock();
        try {
            return line.size();
        } finally {
            lock.unlock();
        }
    }

    /** Times in a row that uContact did not take a call, 0 while it is available. */
    public int failedTries() {
        lock.lock();
        try {
            return outage == null ? 0 : 1 + outage.failedProbes;
        } finally {
            lock.unlock();
        }
    }

    /** Why uContact is unavailable, null while it is not. */
    public String outageDetail() {
        lock.lock();
        try {
            return outage == null ? null : outage.detail;
        } finally {
            lock.unlock();
        }
    }

    /** How long it is until a new call may try; negative since one could have; null while uContact is available. */
    public Duration untilNextTry() {
        lock.lock();
        try {
            return outage == null ? null : Duration.ofNanos(outage.impatientProbeAt - System.nanoTime());
        } finally {
            lock.unlock();
        }
    }

    /** True if a call was answered that was sent after this moment, a value of {@link System#nanoTime}. */
    public boolean hasAnsweredCallSentSince(long nanos) {
        lock.lock();
        try {
            return lastAnsweredSent != null && lastAnsweredSent - nanos > 0;
        } finally {
            lock.unlock();
        }
    }

    /** True if a call was answered after this moment, whenever it was sent. */
    public boolean hasAnsweredSince(long nanos) {
        lock.lock();
        try {
            return lastAnswered != null && lastAnswered - nanos > 0;
        } finally {
            lock.unlock();
        }
    }

    private boolean isFree(String agent) {
        return agent == null || busy.getOrDefault(agent, 0) + resting.getOrDefault(agent, 0) < perAgent;
    }

    /** Lets those in who may go now, in their order. */
    private void letIn() {
        long now = System.nanoTime();
        endRests(now);
        boolean open = !stopping.isStopping();
        for (Iterator<Waiter> waiters = line.iterator(); open && inFlight < concurrency && waiters.hasNext(); ) {
            Waiter waiter = waiters.next();
            boolean patient = waiter.patience.isEndless();
            if (isFree(waiter.agent) && (outage == null || outage.mayProbe(now, patient))) {
                waiters.remove();
                waiter.permit = enterNow(waiter.agent, patient);
                waiter.turn.signal();
            }
        }
    }

    private void wakeLine() {
        line.forEach(waiter -> waiter.turn.signal());
    }

    private void occupy(String agent) {
        if (agent != null) {
            busy.merge(agent, 1, Integer::sum);
        }
    }

    private Permit enterNow(String agent, boolean patient) {
        inFlight++;
        occupy(agent);
        if (outage != null) {
            outage.probing = true;
        }
        return new Permit(agent, outage, patient);
    }

    private void leave(String agent, boolean called) {
        inFlight--;
        calls += called ? 1 : 0;
        if (agent != null) {
            decrement(busy, agent);
            if (called && pauseNanos > 0) {
                resting.merge(agent, 1, Integer::sum);
                rests.add(new Rest(System.nanoTime() + pauseNanos, agent));
            }
            change();
        } else {
            letIn(); // nothing changed but that there is room
        }
    }

    private void endRests(long now) {
        while (!rests.isEmpty() && rests.peek().until - now <= 0) {
            decrement(resting, rests.poll().agent);
        }
    }

    private static void decrement(Map<String, Integer> counts, String agent) {
        counts.computeIfPresent(agent, (name, count) -> count == 1 ? null : count - 1);
    }

    private void awaitRate(Patience patience) throws InterruptedException {
        if (rateNanos == 0) {
            return;
        }
        long turn;
        lock.lock();
        try {
            turn = Math.max(System.nanoTime(), nextByRate);
            if (!patience.lasts(turn)) {
                throw new BusyException("by agentcall.rate it is not the request's turn for as long as it waits");
            }
            nextByRate = turn + rateNanos;
        } finally {
            lock.unlock();
        }
        if (!sleepUntil(turn)) {
            throw new StoppingException();
        }
    }

    /** False if the process stops meanwhile. */
    private boolean sleepUntil(long nanos) throws InterruptedException {
        for (long wait = nanos - System.nanoTime(); wait > 0; wait = nanos - System.nanoTime()) {
            if (stopping.isStopping()) {
                return false;
            }
            TimeUnit.NANOSECONDS.sleep(Math.min(wait, LOOK_UP_NANOS));
        }
        return true;
    }

    private void change() {
        changes++;
        letIn();
        changed.signalAll();
    }

    private long untilNextEvent() {
        long now = System.nanoTime();
        long wait = LOOK_UP_NANOS;
        if (!rests.isEmpty()) {
            wait = Math.min(wait, rests.peek().until - now);
        }
        if (outage != null && outage.probeAt - now > 0) {
            wait = Math.min(wait, outage.probeAt - now);
        }
        return Math.max(1, wait);
    }

    /** Somebody in the line. */
    private final class Waiter {
        private final String agent;
        private final Patience patience;
        private final BooleanSupplier wanted;
        private final Condition turn = lock.newCondition();
        private Permit permit;

        private Waiter(String agent, Patience patience, BooleanSupplier wanted) {
            this.agent = agent;
            this.patience = patience;
            this.wanted = wanted;
        }
    }

    private record Rest(long until, String agent) implements Comparable<Rest> {
        @Override
        public int compareTo(Rest other) {
            return Long.signum(until - other.until);
        }
    }

    private static final class Outage {
        private final long since;
        private String detail;
        /** From when on one of those may probe who wait through the outage. */
        private long probeAt;
        /** The same for those who do not. */
        private long impatientProbeAt;

        private int failedProbes;
        private boolean probing;

        private Outage(long since, String detail) {
            this.since = since;
            this.detail = detail;
        }

        private boolean mayProbe(long now, boolean patient) {
            return !probing && now - (patient ? probeAt : impatientProbeAt) >= 0;
        }

        /**
         * Doubles with each failed probe, up to a minute, and is spread by a fifth so that nodes do not probe in step.
         *
         * <p>Those who wait are always first in line. It may be one of them alone that uContact does not take, so after a
         * failed probe of theirs the second half of the time belongs to those who come meanwhile and do not wait.
         */
        private void nextProbe(long now, Duration delay, Duration retryAfter, boolean afterPatient) {
            double nanos = Math.min(
                    Math.max(LONGEST_PROBE_INTERVAL.toNanos(), delay.toNanos()),
                    delay.toNanos() * Math.pow(2, failedProbes));
            double impatientNanos = afterPatient ? Math.max(delay.toNanos(), nanos / 2) : nanos;
            double least = 0;
            if (retryAfter != null) {
                Duration capped = retryAfter.compareTo(LONGEST_RETRY_AFTER) < 0 ? retryAfter : LONGEST_RETRY_AFTER;
                least = capped.toNanos();
            }
            double spread = ThreadLocalRandom.current().nextDouble(1.0, 1.2);
            probeAt = now + (long) (Math.max(nanos, least) * spread);
            impatientProbeAt = now + (long) (Math.max(impatientNanos, least) * spread);
        }

        private long seconds() {
            return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since);
        }
    }
}
