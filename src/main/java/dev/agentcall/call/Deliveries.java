package dev.agentcall.call;

import dev.agentcall.ledger.Entry;
import dev.agentcall.ledger.Ledger;
import dev.agentcall.ledger.LedgerException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
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

    private static final Logger LOG = LoggerFactory.getLogger(Deliveries.class);

    /** Between two tries of a channel that fails: doubles from the first to the second. */
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);

    /** Missed outcomes that are looked at in a pass, for each channel. */
    private static final int TOGETHER = 1_000;

    private final Ledger ledger;
    private final LongSupplier nanoTime;
    private final Tries success = new Tries();
    private final Tries error = new Tries();
    private volatile boolean ledgerAway;
    private volatile Duration tolerance = Duration.ofMinutes(1);

    public Deliveries(Ledger ledger) {
        this(ledger, System::nanoTime);
    }

    /** With a clock, by which channels that fail are tried again. */
    Deliveries(Ledger ledger, LongSupplier nanoTime) {
        this.ledger = ledger;
        this.nanoTime = nanoTime;
    }

    /**
     * Leaves the outcome as JSON as the body. If the exchange ends before {@link #end}, the outcome is marked as missed.
     *
     * @param ledgerId the request's number in the ledger
     */
    public void begin(Exchange exchange, long ledgerId, Outcome outcome) {
        begin(exchange, Delivery.first(ledgerId, OutcomeJson.write(outcome)), outcome);
    }

    private void begin(Exchange exchange, Delivery delivery, Outcome outcome) {
        exchange.setVariable(OUTCOME, outcome);
        exchange.setVariable(Delivery.VARIABLE, delivery);
        exchange.getMessage().setBody(delivery.json());
        exchange.removeProperty(Exchange.CHARSET_NAME); // the source's, of a file for one; JSON is UTF-8
        // With this mark, left by a doTry of the source, a recipient list would hand its failures to that doTry.
        exchange.removeProperty(ExchangePropertyKey.TRY_ROUTE_BLOCK);
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange done) {
                if (!delivery.isEnded()) {
                    ledger.missed(delivery.ledgerId(), null);
                }
            }
        });
    }

    /**
     * After the channel: marks the outcome as delivered, or as missed by those endpoints of the channel that failed. Leaves
     * it as the body again, whatever the channel has made of it.
     */
    public void end(Exchange exchange) {
        Delivery delivery = exchange.getVariable(Delivery.VARIABLE, Delivery.class);
        delivery.end();
        exchange.getMessage().setBody(delivery.json());
        if (delivery.isFailed()) {
            ledger.missed(delivery.ledgerId(), delivery.failedEndpoints());
        } else {
            ledger.delivered(delivery.ledgerId());
        }
        Tries tries = tries(exchange.getVariable(OUTCOME, Outcome.class));
        if (tries.outages.areThere()) {
            tries.outages.worked(delivery.workedAt());
        }
        if (delivery.isRepeated()) {
            tries.tried(delivery.ledgerId(), delivery.isFailed());
        }
    }

    /** The outcome in the body could not be handed to a channel. Told once an outage. */
    public void failed(Exchange exchange) {
        Delivery delivery = exchange.getVariable(Delivery.VARIABLE, Delivery.class);
        if (delivery == null || isNews(exchange, delivery)) {
            LOG.error(
                    "channel {} fails, outcomes wait in the ledger until it is back: {}",
                    EndpointUri.shown(String.valueOf(exchange.getProperty(Exchange.FAILURE_ENDPOINT))),
                    EndpointUri.allShown(
                            Text.withRoot(exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class))));
        }
    }

    private boolean isNews(Exchange exchange, Delivery delivery) {
        int place = delivery.failed(exchange.getProperty(Exchange.RECIPIENT_LIST_ENDPOINT, String.class));
        return tries(exchange.getVariable(OUTCOME, Outcome.class)).outages.failed(place);
    }

    /** How long an outcome may wait for a channel that fails, before {@link #overdue} tells; without this, a minute. */
    public void setTolerance(Duration tolerance) {
        this.tolerance = tolerance;
    }

    /** Which channels fail for so long, for people; null if none does. As of the last time that somebody looked. */
    public String overdue() {
        String overdue = Stream.of(success.overdue("success", tolerance), error.overdue("error", tolerance))
                .filter(Objects::nonNull)
                .collect(Collectors.joining("; "));
        return overdue.isEmpty() ? null : overdue;
    }

    /** Outcomes that wait for the success channel, as of the last time that somebody looked; not all, if more than 1,000. */
    public int waitingForSuccess() {
        return success.waiting();
    }

    /** The same for the error channel. */
    public int waitingForError() {
        return error.waiting();
    }

    /**
     * The outcomes that their channels have missed, as long as their channel does not fail again; first those that it has
     * not refused yet, so that one that it never takes holds up no other.
     */
    public Iterator<Entry> missed() {
        List<Ledger.Missed> missed = readMissed();
        for (Tries channel : List.of(success, error)) {
            channel.waiting(missed.stream().filter(one -> tries(one) == channel).toList());
        }
        List<Ledger.Missed> inTurn = missed.stream()
                .sorted(Comparator.comparingInt(one -> tries(one).refusals(one.id())))
                .toList();
        return inTurn.stream()
                .filter(one -> tries(one).isDue())
                .map(this::read)
                .filter(Objects::nonNull)
                .iterator();
    }

    private List<Ledger.Missed> readMissed() {
        int refused = Math.max(success.refused(), error.refused());
        List<Ledger.Missed> missed = fromLedger(() -> ledger.missed(TOGETHER + refused));
        return missed == null ? List.of() : missed;
    }

    /** One at a time: they may be large. */
    private Entry read(Ledger.Missed missed) {
        return fromLedger(() -> ledger.find(missed.id()));
    }

    private <T> T fromLedger(Supplier<T> reading) {
        try {
            T found = reading.get();
            ledgerAway = false;
            return found;
        } catch (LedgerException e) {
            if (!ledgerAway) {
                LOG.error("what channels have missed cannot be looked up until the ledger is back: {}", e.getMessage());
            }
            ledgerAway = true;
            return null;
        }
    }

    /** Begins the delivery of a missed outcome, the body, to the endpoints that have missed it. */
    public void beginAgain(Exchange exchange) {
        Entry entry = exchange.getMessage().getBody(Entry.class);
        begin(
                exchange,
                Delivery.again(entry.id(), OutcomeJson.write(entry.outcome()), entry.missedBy()),
                entry.outcome());
    }

    private Tries tries(Ledger.Missed missed) {
        return missed.placed() ? success : error;
    }

    private Tries tries(Outcome outcome) {
        return outcome.placed() ? success : error;
    }

    /** What a channel has missed, and when it is tried again with that. */
    private final class Tries {
        private Duration pause = Duration.ZERO;
        /** Null before the first try. */
        private Long dueNanos;

        private int waiting;
        private Instant since;
        private final ChannelOutages outages = new ChannelOutages();
        /** How often an outcome was refused in a row. */
        private final Map<Long, Integer> refusals = new HashMap<>();

        private synchronized int waiting() {
            return waiting;
        }

        private synchronized void waiting(List<Ledger.Missed> missed) {
            waiting = missed.size();
            refusals.keySet().retainAll(missed.stream().map(Ledger.Missed::id).collect(Collectors.toSet()));
            since = missed.stream()
                    .map(Ledger.Missed::since)
                    .min(Comparator.naturalOrder())
                    .orElse(null);
        }

        /** So many more have to be looked at, or those that are always refused would hide the others. */
        private synchronized int refused() {
            return refusals.size();
        }

        private synchronized String overdue(String channel, Duration tolerance) {
            return since == null || since.plus(tolerance).isAfter(Instant.now())
                    ? null
                    : waiting + (waiting < TOGETHER ? "" : " or more")
                            + " not delivered to channel " + channel + ", the first one since "
                            + OutcomeJson.instant(since) + "; why it fails is in the log";
        }

        private synchronized boolean isDue() {
            return dueNanos == null || nanoTime.getAsLong() - dueNanos >= 0;
        }

        private synchronized int refusals(long id) {
            return refusals.getOrDefault(id, 0);
        }

        private synchronized void tried(long id, boolean failed) {
            if (failed) {
                refusals.merge(id, 1, Integer::sum);
                Duration longer = pause.isZero() ? FIRST_PAUSE : pause.multipliedBy(2);
                pause = longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
            } else {
                pause = Duration.ZERO;
            }
            dueNanos = nanoTime.getAsLong() + pause.toNanos();
        }
    }
}
