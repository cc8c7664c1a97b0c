package dev.agentcall.call;

import dev.agentcall.ledger.Entry;
import dev.agentcall.ledger.Ledger;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.Exchange;
import org.apache.camel.support.SynchronizationAdapter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that every outcome reaches its channel: marks in the ledger those that did, and gives those that did not
 * again. A channel gets an outcome at least once.
 */
public final class Deliveries {

    /** Exchange variable: the {@link Outcome} to deliver. */
    public static final String OUTCOME = "outcome";

    private static final String DELIVERY = "delivery";
    private static final Logger LOG = LoggerFactory.getLogger(Deliveries.class);
    private static final long QUIET_NANOS = Duration.ofMinutes(1).toNanos();

    private final Ledger ledger;
    /** When the success channel (true) and the error channel (false) failed last; nanoseconds. */
    private final Map<Boolean, Long> failedAt = new ConcurrentHashMap<>();

    private final AtomicLong quietUntil = new AtomicLong(System.nanoTime());

    public Deliveries(Ledger ledger) {
        this.ledger = ledger;
    }

    /**
     * Leaves the outcome as JSON as the body. When the exchange ends it is marked as delivered, or as missed if a channel
     * failed on the way.
     *
     * @param ledgerId the request's number in the ledger
     */
    public void begin(Exchange exchange, long ledgerId, Outcome outcome) {
        Delivery delivery = new Delivery();
        Object caughtBefore = exchange.getProperty(Exchange.EXCEPTION_CAUGHT);
        exchange.setVariable(OUTCOME, outcome);
        exchange.setVariable(DELIVERY, delivery);
        exchange.getMessage().setBody(OutcomeJson.write(outcome));
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange done) {
                if (delivery.failed
                        || done.getException() != null
                        || done.getProperty(Exchange.EXCEPTION_CAUGHT) != caughtBefore) {
                    ledger.missed(ledgerId);
                } else {
                    ledger.delivered(ledgerId);
                }
            }
        });
    }

    /** The outcome in the body could not be handed to a channel. Told once a minute at most. */
    public void failed(Exchange exchange) {
        Delivery delivery = exchange.getVariable(DELIVERY, Delivery.class);
        if (delivery != null) {
            delivery.failed = true;
        }
        long now = System.nanoTime();
        Outcome outcome = exchange.getVariable(OUTCOME, Outcome.class);
        if (outcome != null) {
            failedAt.put(outcome.placed(), now);
        }
        long until = quietUntil.get();
        if (now - until >= 0 && quietUntil.compareAndSet(until, now + QUIET_NANOS)) {
            LOG.error(
                    "channel {} fails, outcomes wait in the ledger until it is back: {}",
                    exchange.getProperty(Exchange.FAILURE_ENDPOINT, String.class),
                    String.valueOf(exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class)));
        }
    }

    /** The outcomes that their channels have missed, without those of a channel that fails again meanwhile. */
    public Iterator<Entry> missed() {
        long begun = System.nanoTime();
        return ledger.missed().stream()
                .filter(entry -> {
                    Long failed = failedAt.get(entry.outcome().placed());
                    return failed == null || failed - begun < 0;
                })
                .iterator();
    }

    /** Begins the delivery of a missed outcome, the body. */
    public void beginAgain(Exchange exchange) {
        Entry entry = exchange.getMessage().getBody(Entry.class);
        begin(exchange, entry.id(), entry.outcome());
    }

    private static final class Delivery {
        private volatile boolean failed;
    }
}
