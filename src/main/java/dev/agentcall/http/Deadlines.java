package dev.agentcall.http;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends what takes too long. One thread looks every {@value #TICK_MILLIS} ms, so that a deadline is up to that late and
 * setting and lifting one wakes nobody.
 */
final class Deadlines implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Deadlines.class);
    private static final long TICK_MILLIS = 20;

    private final Set<Deadline> set = ConcurrentHashMap.newKeySet();
    private final Thread watch = new Thread(this::watch, "agentcall-deadlines");
    private volatile boolean closed;

    Deadlines() {
        watch.setDaemon(true);
        watch.start();
    }

    /** A time by which something must have ended. */
    final class Deadline {
        private final long at;
        private final Runnable end;
        private volatile boolean over;

        private Deadline(long at, Runnable end) {
            this.at = at;
            this.end = end;
        }

        /** True once the time is over and {@code end} is run. */
        boolean isOver() {
            return over;
        }

        /** It has ended by itself. */
        void lift() {
            set.remove(this);
        }
    }

    /** Runs {@code end} after {@code time}, unless the deadline is lifted before. */
    Deadline set(Duration time, Runnable end) {
        Deadline deadline = new Deadline(System.nanoTime() + time.toNanos(), end);
        set.add(deadline);
        return deadline;
    }

    private void watch() {
        while (!closed) {
            try {
                TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
            } catch (InterruptedException e) {
                return; // closed
            }
            long now = System.nanoTime();
            for (Deadline deadline : set) {
                if (deadline.at - now <= 0 && set.remove(deadline)) {
                    deadline.over = true;
                    end(deadline);
                }
            }
        }
    }

    private static void end(Deadline deadline) {
        try {
            deadline.end.run();
        } catch (RuntimeException | Error e) {
            LOG.warn("a call that takes too long could not be ended", e); // the others still need the watch
        }
    }

    @Override
    public void close() {
        closed = true;
        watch.interrupt();
    }
}
