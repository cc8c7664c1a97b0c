package dev.agentcall.call;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** For what would fill the log: of all who ask within a minute, one is to tell it. */
public final class OnceAMinute {

    private static final long QUIET_NANOS = Duration.ofMinutes(1).toNanos();

    private final AtomicLong quietUntil = new AtomicLong(System.nanoTime());

    /** True for the first, and then for the first after each minute. */
    public boolean isDue() {
        long until = quietUntil.get();
        long now = System.nanoTime();
        return now - until >= 0 && quietUntil.compareAndSet(until, now + QUIET_NANOS);
    }
}
