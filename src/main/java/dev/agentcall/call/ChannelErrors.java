package dev.agentcall.call;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells of a channel that fails, once a minute at most. */
public final class ChannelErrors {

    private static final Logger LOG = LoggerFactory.getLogger(ChannelErrors.class);
    private static final long QUIET_NANOS = Duration.ofMinutes(1).toNanos();

    private final AtomicLong quietUntil = new AtomicLong(System.nanoTime());

    /** The outcome in the body could not be handed to a channel; it stays in the ledger. */
    public void failed(Exchange exchange) {
        long until = quietUntil.get();
        long now = System.nanoTime();
        if (now - until >= 0 && quietUntil.compareAndSet(until, now + QUIET_NANOS)) {
            Throwable failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
            LOG.error(
                    "channel {} fails, outcomes are in the ledger only: {}",
                    exchange.getProperty(Exchange.FAILURE_ENDPOINT, String.class),
                    described(failure));
        }
    }

    /** With its root: what wraps it may say no more than that something failed. */
    private static String described(Throwable failure) {
        Throwable root = failure;
        while (root != null && root.getCause() != null) {
            root = root.getCause();
        }
        return root == failure ? String.valueOf(failure) : failure + " because of " + root;
    }
}
