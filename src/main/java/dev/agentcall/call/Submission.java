package dev.agentcall.call;

import java.time.Duration;
import java.time.Instant;

/**
 * A request handed to place-call by a source that knows more about it than its fields.
 *
 * @param runId the file run that delivers it, null for none
 * @param permit held for its agent, null to wait for one
 * @param decided run once the request has its outcome in the ledger
 * @param messageId the message that delivers it, null for none: the same message again is the same request again
 * @param expires from then on it is not to be sent, null for never
 * @param patience how long it may wait for a permit and the pace, and then not through an outage; null for ever
 */
public record Submission(
        Incoming incoming,
        Long runId,
        Gate.Permit permit,
        Runnable decided,
        String messageId,
        Instant expires,
        Duration patience) {

    private static final Runnable NOBODY_WAITS = () -> {};

    /** A row of a file run, by a source that paces itself. */
    public static Submission ofRow(Incoming incoming, long runId, Gate.Permit permit, Runnable decided) {
        return new Submission(incoming, runId, permit, decided, null, null, null);
    }

    /** A request that came as a message. */
    public static Submission ofMessage(Incoming incoming, String messageId, Instant expires) {
        return new Submission(incoming, null, null, NOBODY_WAITS, messageId, expires, null);
    }

    /** A request whose sender waits for the outcome, but not for ever. */
    public static Submission impatient(Incoming incoming, Duration patience) {
        return new Submission(incoming, null, null, NOBODY_WAITS, null, null, patience);
    }
}
