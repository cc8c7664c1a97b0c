package dev.agentcall.call;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** For what would fill the log: of all who ask within a minute, one is to tell it. */
public final class OnceAMinute {

    private static final long QUIET_NANOS = Duration.ofMinutes(1).toNanos();

    private final LongSupplier clock;
    private final AtomicLong quietUntil;

    public OnceAMinute() {
        this(System::nanoTime);
    }

    /** With a clock like {@link System#nanoTime}. */
    OnceAMinute(LongSupplier clock) {
        this.clock = clock;
        this.quietUntil = new AtomicLong(clock.getAsLong());
    }

    /** True for the first, and then for the first after each minute. */
    public boolean isDue() {
        long until = quietUntil.get();
        long now = clock.getAsLong();
        return now - until >= 0 && quietUntil.compareAndSet(until, now + QUIET_NANOS);
    }
}
