package dev.agentcall.form;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.agentcall.call.Field;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The body of a POST to uContact as {@code application/x-www-form-urlencoded}, as the WHATWG URL standard serialises it: UTF-8,
 * a space as {@code +}, everything but {@code A-Z a-z 0-9 * - . _} as {@code %XX}. The JDK's encoder does exactly that.
 */
public final class FormBody {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private FormBody() {}

    /** The fields in {@link Field}'s order; those without a value are left out. */
    public static String encode(Map<Field, String> fields) {
        StringBuilder body = new StringBuilder(192);
        for (Field field : Field.values()) {
            append(body, field.key(), fields.get(field)); // names that are encoded as they are
        }
        return body.toString();
    }

    /**
     * The members of a map as fields, in its order: a text as it is, a number or a boolean in digits or words, a list or a
     * map as JSON. Those whose value is null are left out.
     */
    public static String encodeMap(Map<?, ?> fields) {
        return encodeObject(MAPPER.valueToTree(fields));
    }

    /**
     * The same of a JSON object.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static String encodeJson(String json) {
        try {
            if (MAPPER.readTree(json) instanceof ObjectNode object) {
                return encodeObject(object);
            }
            throw new IllegalArgumentException(
                    "found JSON that is no object, expected one with a member for each field");
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "found no JSON (" + e.getOriginalMessage() + "), expected an object with a member for each field",
                    e);
        }
    }

    private static String encodeObject(ObjectNode object) {
        StringBuilder body = new StringBuilder(192);
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            JsonNode value = member.getValue();
            append(
                    body,
                    encoded(member.getKey()),
                    value.isNull() ? null : value.isTextual() ? value.asText() : value.toString());
        }
        return body.toString();
    }

    private static void append(StringBuilder body, String name, String value) {
        if (value != null) {
            if (!body.isEmpty()) {
                body.append('&');
            }
            body.append(name).append('=').append(encoded(value));
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
