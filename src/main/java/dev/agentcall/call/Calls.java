package dev.agentcall.call;

import dev.agentcall.config.Settings;
import dev.agentcall.form.FormBody;
import dev.agentcall.http.UcontactHttp;
import dev.agentcall.ledger.Entry;
import dev.agentcall.ledger.Ledger;
import dev.agentcall.ledger.LedgerException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.TypeConversionException;
import org.apache.camel.spi.Synchronization;
import org.apache.camel.support.ExchangeHelper;
import org.apache.camel.support.SynchronizationAdapter;
import org.apache.camel.util.ObjectHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps of the route place-call that need a memory: the ledger before and after the POST, the permit,
 * and what an answer means. The decision itself, what is a success, is in the route.
 *
 * <p>The order is what keeps a request from being sent twice: permit and rate first, then the claim in the ledger, then
 * the POST, then the outcome in the ledger, then the channel. Nobody waits for another's outcome with a permit in hand.
 */
public final class Calls {

    /** Exchange variable: true if the request is to be sent, to AgentCall. */
    public static final String TO_SEND = "toSend";
    /** Exchange variable: true if the request is to be sent, to AgentCallwithData. */
    public static final String TO_SEND_WITH_DATA = "toSendWithData";

    /** Exchange variable that a source may set: the id of a request that brings none. */
    private static final String REQUEST_ID = "requestId";
    /** Exchange variable that a source may set: the delivery that this is; the same one again is the same request again. */
    private static final String MESSAGE_ID = "messageId";

    private static final String CALL = "call";
    private static final Logger LOG = LoggerFactory.getLogger(Calls.class);
    private static final long WAIT_MILLIS = 100;
    private static final int REMEMBERED_TRIES = 10_000;

    private final Validation validation;
    private final Gate gate;
    private final Ledger ledger;
    private final Deliveries deliveries;
    private final int attempts;
    private final Duration responseTimeout;
    private volatile Duration patience = Duration.ofDays(365_000);
    private volatile Consumer<Outcome> observer = outcome -> {};
    /** However an exchange ends, nobody keeps the agent's line busy, and nothing stays in flight. */
    private final Synchronization end = new SynchronizationAdapter() {
        @Override
        public void onDone(Exchange done) {
            brokenOff(done, call(done));
        }
    };

    private final Map<String, Tries> tries = new LinkedHashMap<>();

    public Calls(Settings settings, Validation validation, Gate gate, Ledger ledger, Deliveries deliveries) {
        this.validation = validation;
        this.gate = gate;
        this.ledger = ledger;
        this.deliveries = deliveries;
        this.attempts = settings.retryAttempts();
        this.responseTimeout = settings.responseTimeout();
    }

    /** How long an answer that cannot be recorded is held; without this, for as long as it takes. */
    public void setPatience(Duration patience) {
        this.patience = patience;
    }

    /** Who is told each outcome that is decided here, replayed ones included; on the thread that decides. */
    public void setObserver(Consumer<Outcome> observer) {
        this.observer = observer;
    }

    /**
     * Reads the request in the body, checks it, and claims it in the ledger. Leaves the form as the body if it is to be
     * sent; else its outcome is known already: it is in the variable {@value Deliveries#OUTCOME}, and the body is the answer
     * that led to it, null if none did.
     *
     * @throws StoppingException if the process stops first
     * @throws ExpiredException if it had to wait for too long
     * @throws BusyException if it has waited as long as its sender does
     * @throws UnavailableException if its sender does not wait through an outage, and there is one
     * @throws LedgerException if it cannot be claimed
     */
    public void accept(Exchange exchange) throws InterruptedException {
        Call before = call(exchange);
        brokenOff(exchange, before); // the same exchange may try again
        Call call = new Call(submission(exchange));
        exchange.setVariable(CALL, call);
        exchange.removeProperty(UcontactHttp.ANSWER); // of an earlier try
        exchange.removeVariable(Operation.ANSWER);
        exchange.removeVariable(UcontactHttp.LEAVES);
        if (!exchange.getExchangeExtension().containsOnCompletion(end)) { // else it tries again
            exchange.getExchangeExtension().addOnCompletion(end);
        }
        Incoming checked = validation.check(call.incoming());
        call.request = withId(checked.request(), before);
        try {
            if (checked.faults().isEmpty()) {
                claim(call);
            } else {
                decideUnsent(call, Outcome.invalid(call.request, checked.faults(), Instant.now()));
            }
        } catch (RuntimeException | InterruptedException e) {
            call.giveBack(false); // the same exchange may try again, and would wait for itself
            throw e;
        }
        boolean toSend = call.outcome == null;
        boolean withData = call.request.get(Field.DATA) != null;
        if (toSend) {
            exchange.setVariable(UcontactHttp.LEAVES, call.leaves);
        }
        exchange.setVariable(TO_SEND, toSend && !withData);
        exchange.setVariable(TO_SEND_WITH_DATA, toSend && withData);
        exchange.setVariable(Deliveries.OUTCOME, call.outcome);
        exchange.getMessage().setBody(toSend ? FormBody.encode(call.request.fields()) : call.outcome.guid());
        call.sentNanos = System.nanoTime();
    }

    /** The route may have ended between the claim and the outcome: its predicate cannot be evaluated, for one. */
    private void brokenOff(Exchange done, Call call) {
        if (call == null) {
            return;
        }
        call.giveBack(false);
        Exception failure = done.getException() != null
                ? done.getException()
                : done.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        if (call.ledgerId == null || call.outcome != null || failure instanceof LedgerException) {
            return; // a ledger that cannot be written has the claim, which is for the next process to see to
        }
        try {
            if (call.leaves.compareAndSet(false, true)) {
                ledger.release(call.ledgerId);
                return;
            }
            Verdict verdict = Verdict.unknown(
                    Reason.CRASH, "place-call broke off after the call was sent: " + Text.withRoot(failure), null);
            call.brokenOff = true;
            decide(call, verdict, false);
            ledger.missed(call.ledgerId, null);
        } catch (LedgerException e) {
            LOG.error("request {} was sent and has no outcome: {}", call.request.requestId(), e.getMessage());
        }
    }

    /**
     * A request without an id gets one, and keeps it if the same exchange comes with it again: so its tries can be counted,
     * and one that broke off after it was sent is not sent again.
     */
    private static CallRequest withId(CallRequest request, Call before) {
        if (request.requestId() != null) {
            return request;
        }
        boolean again = before != null
                && before.request != null
                && (before.outcome == null || before.brokenOff)
                && before.request.fields().equals(request.fields());
        return request.withRequestId(
                again ? before.request.requestId() : UUID.randomUUID().toString());
    }

    private static Submission submission(Exchange exchange) {
        Message message = exchange.getMessage();
        Object body = message.getBody();
        if (body instanceof Submission submission) {
            return submission;
        }
        String scheme = exchange.getFromEndpoint() == null
                ? "direct"
                : exchange.getFromEndpoint().getEndpointBaseUri().replaceAll(":.*", "");
        Source source = new Source(scheme, exchange.getFromRouteId(), null);
        Incoming incoming;
        if (body instanceof Map<?, ?> map) {
            incoming = RequestReader.readMap(map, source);
        } else {
            incoming = json(exchange, source);
        }
        CallRequest request = incoming.request();
        String id = exchange.getVariable(REQUEST_ID, String.class);
        return Submission.ofMessage(
                request.requestId() != null || id == null || id.isBlank()
                        ? incoming
                        : new Incoming(request.withRequestId(id.strip()), incoming.faults()),
                exchange.getVariable(MESSAGE_ID, String.class),
                null);
    }

    private static Incoming json(Exchange exchange, Source source) {
        Message message = exchange.getMessage();
        try {
            if (message.getBody() instanceof byte[] || message.getBody() instanceof InputStream) {
                // Not as text, in which Camel puts another character in the place of each that it cannot read.
                return RequestReader.readJson(
                        message.getBody(byte[].class), ExchangeHelper.getCharset(exchange), source);
            }
            String json = message.getBody(String.class);
            return json == null
                    ? RequestReader.malformed("expected a JSON object or a map, found nothing", source)
                    : RequestReader.readJson(json, source);
        } catch (TypeConversionException e) {
            if (ObjectHelper.getException(CharacterCodingException.class, e) != null) {
                return RequestReader.malformed("not JSON: expected UTF-8", source);
            }
            throw e; // a file that cannot be read now
        }
    }

    private void claim(Call call) throws InterruptedException {
        // With the permit in hand and no rate to wait for, the claim itself tells whether the id is spent; one that was
        // made just now is not.
        boolean lookFirst = call.incoming().request().requestId() != null && (call.permit == null || gate.hasRate());
        while (true) {
            if (lookFirst && replayed(call)) {
                return;
            }
            if (call.permit == null) {
                call.permit = gate.enter(call.request.get(Field.AGENT), call.patience);
            }
            if (gate.hasRate()) {
                call.permit.awaitRate(call.patience);
                call.permit.throwIfOutage();
            }
            call.throwIfExpired();
            call.ledgerId = ledger.claim(call.request, call.runId, call.submission.messageId());
            if (call.ledgerId != null) {
                // It may have come a second time while it waited the first time, and been rejected meanwhile.
                long claimed = call.ledgerId;
                boolean again = true;
                try {
                    again = recordedForMessage(call);
                } finally {
                    if (again) {
                        ledger.release(claimed);
                        call.ledgerId = call.outcome == null ? null : call.ledgerId;
                    }
                }
                return;
            }
            if (decidedBefore(call)) {
                return;
            }
            lookFirst = true;
        }
    }

    /** True if another process goes on with the same file and has decided this row; then the row has that outcome. */
    private boolean decidedBefore(Call call) {
        Entry entry = call.runId == null
                ? null
                : ledger.findRow(call.runId, call.request.source().row());
        if (entry == null || entry.inFlight()) {
            return false;
        }
        call.ledgerId = entry.id();
        call.decide(entry.outcome());
        call.giveBack(false);
        return true;
    }

    /** True if the id is spent; then the call has the outcome that it was spent by, or is in conflict with it. */
    private boolean replayed(Call call) throws InterruptedException {
        Entry spent = ledger.findSpent(call.request.requestId());
        if (spent != null && spent.inFlight()) {
            call.giveBack(false);
            spent = awaitOutcome(call, spent);
        }
        if (spent != null) {
            decideUnsent(call, replay(call.request, spent));
        }
        return spent != null || recordedForMessage(call);
    }

    /** True if this very message was decided before, be it rejected; then the call has the outcome that it had then. */
    private boolean recordedForMessage(Call call) {
        String messageId = call.submission.messageId();
        Entry recorded = messageId == null ? null : ledger.findMessage(messageId, call.request.requestId());
        boolean same = recorded != null && recorded.fields().equals(OutcomeJson.fields(call.request));
        if (same) {
            decideUnsent(call, replay(call.request, recorded));
        }
        return same;
    }

    /**
     * The decided entry; null if the other was not taken by uContact and its id is free again. At a stop, a sender who gets
     * no second chance to ask waits for it all the same: that nothing was placed cannot be said.
     *
     * @throws InFlightException if the other is another process's, and takes longer than a stop may
     */
    private Entry awaitOutcome(Call call, Entry inFlight) throws InterruptedException {
        Entry entry = inFlight;
        Instant stopSeen = null;
        while (entry != null && entry.inFlight()) {
            if (gate.isStopping()) {
                if (call.patience.isEndless()) {
                    throw new StoppingException();
                }
                stopSeen = stopSeen == null ? Instant.now() : stopSeen;
                if (stopSeen.plus(responseTimeout).isBefore(Instant.now())) {
                    throw new InFlightException();
                }
            }
            ledger.awaitDecision(WAIT_MILLIS);
            entry = ledger.find(inFlight.id());
        }
        return entry;
    }

    private static Outcome replay(CallRequest request, Entry spent) {
        if (spent.fields().equals(OutcomeJson.fields(request))) {
            return spent.finalOutcome().replayedFor(request);
        }
        Fault conflict = new Fault(
                Reason.ID_CONFLICT,
                null,
                "requestId '" + Text.shown(request.requestId(), 60)
                        + "' belongs to an earlier request with other fields;"
                        + " expected a new id, or the same fields");
        return Outcome.invalid(request, List.of(conflict), Instant.now());
    }

    private void decideUnsent(Call call, Outcome outcome) {
        call.ledgerId = ledger.add(outcome, call.runId, call.submission.messageId());
        call.decide(outcome);
        call.giveBack(false);
        observer.accept(outcome);
        log(outcome);
    }

    /**
     * The route's predicate has accepted the answer in the body. Leaves the outcome as JSON as the body.
     *
     * @throws IllegalStateException if there is nothing that it could have accepted; the outcome is what it would be without
     *     it, and its own channel gets it as one that was missed
     * @throws UnavailableException if uContact did not take the call
     */
    public void placed(Exchange exchange) {
        Call call = call(exchange);
        if (call.outcome == null) {
            Answer answer = answer(exchange, call);
            if (answer.okText() == null) {
                decideNotAccepted(call);
            } else {
                decide(call, OutcomeRules.accepted(answer), true);
            }
        }
        if (!call.outcome.placed()) {
            ledger.missed(call.ledgerId, null);
            throw new IllegalStateException("the predicate in place-call accepts what is " + call.outcome.reason()
                    + ", expected one that only the text of a complete 2xx answer meets");
        }
        deliveries.begin(exchange, call.ledgerId, call.outcome);
    }

    /**
     * The route's predicate has not accepted the body. Leaves the outcome as JSON as the body.
     *
     * @throws UnavailableException if uContact did not take the call; then there is no outcome
     */
    public void notPlaced(Exchange exchange) {
        Call call = call(exchange);
        if (call.outcome == null) {
            answer(exchange, call);
            decideNotAccepted(call);
        }
        deliveries.begin(exchange, call.ledgerId, call.outcome);
    }

    private void decideNotAccepted(Call call) {
        Verdict verdict = OutcomeRules.notAccepted(call.answer);
        boolean taken = !verdict.isUnavailable();
        decide(call, taken ? verdict : afterTry(call, verdict), taken && verdict.status() != null);
    }

    private static Answer answer(Exchange exchange, Call call) {
        exchange.removeVariable(UcontactHttp.LEAVES); // what the exchange sends from now on is not this call
        call.answer = exchange.getVariable(Operation.ANSWER, Answer.class);
        if (call.answer == null) { // by an operation that judges for itself, if it was sent at all
            call.leaves.set(true);
            call.answer = Answer.lost(
                    false,
                    "place-call did not get the answer: the operation that sends a call is to have no success of its own");
        }
        call.millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - call.sentNanos);
        return call.answer;
    }

    /** A request that alone is not taken, while others are, is rejected after some tries; else it waits. */
    private Verdict afterTry(Call call, Verdict unavailable) {
        if (isLastTry(call, unavailable.status() != null)) {
            return Verdict.rejected(
                    unavailable.reason(),
                    unavailable.detail() + "; " + attempts + " tries, while other requests were answered",
                    unavailable.status());
        }
        ledger.release(call.ledgerId);
        call.ledgerId = null;
        String detail = unavailable.detail() + OutcomeRules.toLookAt(unavailable.status());
        call.permit.unavailable(call.answer.retryAfter(), detail);
        call.giveBack(false);
        throw new UnavailableException(detail);
    }

    /** Only tries that were answered with a status count; the others tell of an outage. */
    private boolean isLastTry(Call call, boolean status) {
        String requestId = call.request.requestId();
        synchronized (tries) {
            Tries so = tries.computeIfAbsent(requestId, id -> new Tries(call.sentNanos));
            so.count += status ? 1 : 0;
            so.lastNanos = System.nanoTime();
            if (tries.size() > REMEMBERED_TRIES) {
                tries.remove(tries.keySet().iterator().next());
            }
            return status && so.count >= attempts && areOthersTaken(so);
        }
    }

    /**
     * True if a call was answered that was sent after this one had failed. One that was in flight at the same time tells
     * less, since an outage may have begun between the two: it counts as long as this is the only one that fails.
     */
    private boolean areOthersTaken(Tries so) {
        return gate.hasAnsweredCallSentSince(so.firstFailedNanos)
                || gate.hasAnsweredSince(so.firstSentNanos)
                        && tries.values().stream()
                                .noneMatch(other -> other != so && other.lastNanos - so.firstSentNanos > 0);
    }

    private void decide(Call call, Verdict verdict, boolean answered) {
        Outcome outcome = Outcome.of(call.request, verdict, Instant.now(), call.millis);
        if (answered) {
            call.permit.answered(call.sentNanos);
        }
        record(call, outcome);
        call.decide(outcome);
        synchronized (tries) {
            tries.remove(call.request.requestId());
        }
        observer.accept(outcome);
        log(outcome);
    }

    /**
     * Holds the answer until it can be committed: it exists nowhere else. Given up, it becomes unknown/crash. The next call
     * may go as soon as its claim would be committed no sooner, so that it does not wait for the disk twice.
     */
    private void record(Call call, Outcome outcome) {
        Instant since = Instant.now();
        for (boolean told = false; ; told = true) {
            try {
                ledger.record(call.ledgerId, outcome, () -> call.giveBack(true));
                return;
            } catch (LedgerException e) {
                if (gate.isStopping() || since.plus(patience).isBefore(Instant.now())) {
                    LOG.error(
                            "request {} is {}{} and could not be recorded, it is going to be unknown/crash",
                            call.request.requestId(),
                            outcome.kind().word(),
                            outcome.guid() == null ? "" : " (" + outcome.guid() + ")");
                    throw e;
                }
                if (!told) {
                    LOG.error(
                            "request {} is {} and waits to be recorded: {}",
                            call.request.requestId(),
                            outcome.kind().word(),
                            e.getMessage());
                }
                pause(e);
            }
        }
    }

    private void pause(LedgerException cause) {
        try {
            ledger.awaitDecision(TimeUnit.SECONDS.toMillis(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw cause;
        }
    }

    /** One line for each request that was not placed, without its payload. */
    private static void log(Outcome outcome) {
        if (!outcome.placed()) {
            String destination = Text.masked(outcome.request().get(Field.DESTINATION));
            LOG.info(
                    "request {}{} is {}: {}{}{}",
                    Text.shown(String.valueOf(outcome.request().requestId()), 200),
                    row(outcome.request().source()),
                    outcome.kind().word(),
                    outcome.reason(),
                    outcome.replayed() ? ", replayed" : "",
                    destination.isEmpty() ? "" : " (to " + destination + ")");
        }
    }

    private static String row(Source source) {
        return source.row() == null ? "" : " of " + Text.shown(source.name(), 100) + " row " + source.row();
    }

    /** The submission that an exchange in place-call, or back from it, is about. */
    public static Submission submissionOf(Exchange exchange) {
        return call(exchange).submission;
    }

    private static Call call(Exchange exchange) {
        return exchange.getVariable(CALL, Call.class);
    }

    /** One request on its way through place-call; for one thread at a time. */
    private static final class Call {
        private final Submission submission;
        private final Long runId;
        private final Gate.Patience patience;
        private Gate.Permit permit;
        private CallRequest request;
        private Long ledgerId;
        private long sentNanos;
        private Answer answer;
        private Long millis;
        private Outcome outcome;
        /** True if the outcome is that the route ended before there was one. */
        private boolean brokenOff;

        /** True once it is sent, or taken back: of the two, one is done. */
        private final AtomicBoolean leaves = new AtomicBoolean();

        private Call(Submission submission) {
            this.submission = submission;
            this.runId = submission.runId();
            this.patience = Gate.Patience.of(submission.patience());
            this.permit = submission.permit();
        }

        private Incoming incoming() {
            return submission.incoming();
        }

        private void throwIfExpired() {
            if (submission.expires() != null && submission.expires().isBefore(Instant.now())) {
                throw new ExpiredException(request.requestId());
            }
        }

        private void decide(Outcome decided) {
            outcome = decided;
            submission.decided().run();
        }

        private void giveBack(boolean called) {
            if (permit != null) {
                permit.giveBack(called);
                permit = null;
            }
        }
    }

    /** When uContact did not take a request, in values of {@link System#nanoTime}, and how often it answered so. */
    private static final class Tries {
        private final long firstSentNanos;
        private final long firstFailedNanos = System.nanoTime();
        private long lastNanos;
        private int count;

        private Tries(long firstSentNanos) {
            this.firstSentNanos = firstSentNanos;
        }
    }
}
