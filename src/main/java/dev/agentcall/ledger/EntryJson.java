package dev.agentcall.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.agentcall.call.Outcome;
import dev.agentcall.call.OutcomeJson;
import dev.agentcall.call.OutcomeKind;

/** An {@link Entry} as a JSON object: an outcome as everywhere; what is in flight, and what was settled, tells so. */
public final class EntryJson {

    private static final JsonMapper JSON = new JsonMapper();

    private EntryJson() {}

    /** One line. {@code outcome} may be {@code in-flight} here; {@code settled} is one more member, where it was. */
    public static String write(Entry entry) {
        Outcome outcome = entry.outcome() != null
                ? entry.outcome()
                : new Outcome(
                        entry.request(), OutcomeKind.UNKNOWN, null, null, null, null, false, entry.claimedAt(), null);
        if (!entry.inFlight() && entry.settled() == null) {
            return OutcomeJson.write(outcome);
        }
        try {
            ObjectNode json = (ObjectNode) JSON.readTree(OutcomeJson.write(outcome));
            if (entry.inFlight()) {
                json.put("outcome", Rows.IN_FLIGHT);
            }
            if (entry.settled() != null) {
                json.putObject("settled")
                        .put("as", entry.settled().word())
                        .put("at", OutcomeJson.instant(entry.settled().at()))
                        .put("by", entry.settled().by())
                        .put("note", entry.settled().note());
            }
            return json.toString();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // it is JSON of our own
        }
    }
}
