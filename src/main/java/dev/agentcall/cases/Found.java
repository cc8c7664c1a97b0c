package dev.agentcall.cases;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentcall.simulator.ReceivedCall;
import java.util.List;

/**
 * What became of one request.
 *
 * @param calls requests that arrived at uContact; null if it is not known which row they are of
 * @param outcome or the result of another operation; null if there is none
 * @param unavailable why uContact did not take the call; null if it did, or was not asked
 * @param failure what went wrong in the routes; null for nothing
 * @param returned what the route ended with; null if it does not matter
 * @param sendings what the channels got, and other endpoints would have got
 */
record Found(
        List<ReceivedCall> calls,
        JsonNode outcome,
        String unavailable,
        String failure,
        String returned,
        List<StandIns.Sending> sendings) {

    /** True if the ledger knew the id, from an earlier request. */
    boolean isReplayed() {
        return outcome != null
                && (outcome.path("replayed").asBoolean()
                        || outcome.path("reason").asText().equals("id-conflict"));
    }

    List<StandIns.Sending> of(ChannelName channel) {
        return sendings.stream().filter(sending -> sending.channel() == channel).toList();
    }
}
