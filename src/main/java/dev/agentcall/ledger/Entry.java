package dev.agentcall.ledger;

import dev.agentcall.call.Outcome;

/**
 * What the ledger holds about the request that has spent an id.
 *
 * @param id the ledger's own number
 * @param request the seven fields and data as sent, as JSON
 * @param outcome null while the request is in flight
 */
public record Entry(long id, String request, Outcome outcome) {

    public boolean inFlight() {
        return outcome == null;
    }
}
