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
     * Leaves the outcome as JSON as the body. If the exchange ends before {@link #end}, the outcome is marked as missed.
     *
     * @param ledgerId the request's number in the ledger
     */
    public void begin(Exchange exchange, long ledgerId, Outcome outcome) {
        Delivery delivery = new Delivery(ledgerId, OutcomeJson.write(outcome));
        exchange.setVariable(OUTCOME, outcome);
        exchange.setVariable(DELIVERY, delivery);
        exchange.getMessage().setBody(delivery.json);
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange done) {
                if (!delivery.ended) {
                    ledger.missed(ledgerId);
                }
            }
        });
    }

    /**
     * After the channel: marks the outcome as delivered, or as missed if an endpoint of the channel failed. Leaves it as the
     * body again, whatever the channel has made of it.
     */
    public void end(Exchange exchange) {
        Delivery delivery = exchange.getVariable(DELIVERY, Delivery.class);
        delivery.ended = true;
        exchange.getMessage().setBody(delivery.json);
        if (delivery.failed) {
            ledger.missed(delivery.ledgerId);
        } else {
            ledger.delivered(delivery.ledgerId);
        }
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
                    described(exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class)));
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

    /** With its root: what wraps it may say no more than that something failed. */
    private static String described(Throwable failure) {
        Throwable root = failure;
        while (root != null && root.getCause() != null) {
            root = root.getCause();
        }
        return root == failure ? String.valueOf(failure) : failure + " because of " + root;
    }

    private static final class Delivery {
        private final long ledgerId;
        private final String json;
        private volatile boolean failed;
        private boolean ended;

        private Delivery(long ledgerId, String json) {
            this.ledgerId = ledgerId;
            this.json = json;
        }
    }
}
