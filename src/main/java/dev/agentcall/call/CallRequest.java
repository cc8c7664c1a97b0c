package dev.agentcall.call;

import java.util.Map;

/**
 * One AgentCall request: the values as they arrived, or, after {@link Validation}, as they are sent.
 *
 * @param requestId the idempotency key; null until one is given or made
 * @param fields the values that are there; a field without a value has no entry
 * @param extra the sender's other properties, in their order; never sent to uContact
 * @param source where the request came from
 */
public record CallRequest(String requestId, Map<Field, String> fields, Map<String, Object> extra, Source source) {

    /** The field's value, or null. */
    public String get(Field field) {
        return fields.get(field);
    }

    public CallRequest withRequestId(String id) {
        return new CallRequest(id, fields, extra, source);
    }

    CallRequest withFields(Map<Field, String> checked) {
        return new CallRequest(requestId, checked, extra, source);
    }
}
