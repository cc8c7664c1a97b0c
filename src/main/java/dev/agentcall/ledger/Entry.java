package dev.agentcall.ledger;

import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Outcome;
import java.time.Instant;

/**
 * What the ledger holds about one request.
 *
 * @param id the ledger's own number
 * @param fields the seven fields and data as sent, as JSON
 * @param outcome null while the request is in flight
 * @param claimedAt when it was written, before it was sent
 * @param missedBy marks of the endpoints in its channel's list that have missed it; null for all, or for none
 * @param settled what a human found out about an unknown one, null for nothing
 */
public record Entry(
        long id,
        String fields,
        CallRequest request,
        Outcome outcome,
        Instant claimedAt,
        String missedBy,
        Settled settled) {

    /**
     * What a human found out.
     *
     * @param placed true if the call had been placed
     * @param by who
     * @param note null for none
     */
    public record Settled(boolean placed, Instant at, String by, String note) {
        public static final String PLACED = "placed";
        public static final String NOT_PLACED = "not-placed";

        /** The word for it, on the command line, in the ledger and in JSON. */
        public String word() {
            return placed ? PLACED : NOT_PLACED;
        }
    }

    public boolean inFlight() {
        return outcome == null;
    }

    /** The outcome by all that is known: that of a call which was found to have been placed is {@code placed}. */
    public Outcome finalOutcome() {
        return settled != null && settled.placed() ? outcome.settledAsPlaced() : outcome;
    }
}
