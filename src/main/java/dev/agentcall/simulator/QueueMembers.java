package dev.agentcall.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The agents in the field of an addqueuemember form. */
record QueueMembers(JsonNode array) {

    private static final String FIELD = "queuemember";
    private static final List<String> TEXTS = List.of("membername", "queueName", "interface1");
    private static final JsonMapper JSON = new JsonMapper();

    /** Empty if the form has not just that field, or it is no JSON array of one agent or more, each with its texts. */
    static Optional<QueueMembers> read(ReceivedCall call) {
        if (!call.wellFormed() || !call.fields().keySet().equals(Set.of(FIELD))) {
            return Optional.empty();
        }
        try {
            JsonNode array = JSON.readTree(call.fields().get(FIELD));
            boolean good = array.isArray() && !array.isEmpty();
            for (JsonNode member : array) {
                good &= TEXTS.stream()
                        .noneMatch(name -> member.path(name).asText().isBlank());
            }
            return good ? Optional.of(new QueueMembers(array)) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** The first agent's phone: {@code 1001} of {@code SIP/1001}. */
    String firstPhone() {
        String channel = array.get(0).path("interface1").asText();
        return channel.substring(channel.indexOf('/') + 1);
    }
}
