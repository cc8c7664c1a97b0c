package dev.agentcall.call;

import java.time.Duration;

/**
 * A request handed to place-call by a source that paces itself and keeps a run in the ledger, as the CSV source does.
 *
 * @param runId the file run that delivers it, null for none
 * @param permit held for its agent, null to wait for one
 * @param decided run once the request has its outcome in the ledger
 * @param patience how long it may wait for a permit and the pace, and then not through an outage; null for ever
 */
public record Submission(Incoming incoming, Long runId, Gate.Permit permit, Runnable decided, Duration patience) {

    /** A request that waits as long as it takes. */
    public Submission(Incoming incoming, Long runId, Gate.Permit permit, Runnable decided) {
        this(incoming, runId, permit, decided, null);
    }

    /** A request that nobody waits for. */
    public static Submission of(Incoming incoming) {
        return new Submission(incoming, null, null, () -> {});
    }

    /** A request whose sender waits for the outcome, but not for ever. */
    public static Submission impatient(Incoming incoming, Duration patience) {
        return new Submission(incoming, null, null, () -> {}, patience);
    }
}
