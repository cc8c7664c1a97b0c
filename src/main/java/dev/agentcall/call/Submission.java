package dev.agentcall.call;

/**
 * A request handed to place-call by a source that paces itself and keeps a run in the ledger, as the CSV source does.
 *
 * @param runId the file run that delivers it, null for none
 * @param permit held for its agent, null to wait for one
 * @param decided run once the request has its outcome in the ledger
 */
public record Submission(Incoming incoming, Long runId, Gate.Permit permit, Runnable decided) {

    /** A request that nobody waits for. */
    public static Submission of(Incoming incoming) {
        return new Submission(incoming, null, null, () -> {});
    }
}
