package dev.agentcall.call;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Reads a request out of a JSON object or a map. Known names are the fields and {@code requestId}; every other property
 * is kept as an extra.
 */
public final class RequestReader {

    private static final int SHOWN = 60;
    private static final String ID = "requestId";

    /** How the parser speaks of a place, in text that it does not show. */
    private static final Pattern PLACE = Pattern.compile("\\[Source: [^;]*; (line: \\d+, column: \\d+)]");

    /** Outcomes are nested deeper than their requests, and what is written has to be read again. */
    private static final StreamReadConstraints CONSTRAINTS =
            StreamReadConstraints.builder().maxNestingDepth(200).build();

    private static final JsonMapper MAPPER = JsonMapper.builder(
                    JsonFactory.builder().streamReadConstraints(CONSTRAINTS).build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            // 100.10 comes back as 100.10, not as 100.1, and 100.0 not as 1E+2
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private static final ObjectReader TREE = MAPPER.readerFor(JsonNode.class);

    private RequestReader() {}

    /**
     * Reads JSON text, with a byte order mark or without. What is not one JSON object comes back as a {@code malformed}
     * request.
     */
    public static Incoming readJson(String text, Source source) {
        String json = text.startsWith("\uFEFF") ? text.substring(1) : text;
        try {
            JsonNode tree = TREE.readTree(json);
            if (tree instanceof ObjectNode object) {
                return read(object, json, source);
            }
            return malformed("expected a JSON object, found " + Text.shown(describe(tree, json), SHOWN), source);
        } catch (JsonProcessingException e) {
            return malformed("not JSON: " + Text.shown(problem(e), 2 * SHOWN) + where(e), source);
        }
    }

    /** The same for bytes; those that are not of the charset make the request {@code malformed}. */
    public static Incoming readJson(byte[] text, Charset charset, Source source) {
        try {
            return readJson(charset.newDecoder().decode(ByteBuffer.wrap(text)).toString(), source);
        } catch (CharacterCodingException e) {
            return malformed("not JSON: expected " + charset, source);
        }
    }

    /** Reads a map of JSON values: texts, numbers, booleans, nulls, lists and maps. */
    public static Incoming readMap(Map<?, ?> map, Source source) {
        return read(MAPPER.valueToTree(map), null, source);
    }

    /** A request that could not be read at all. */
    public static Incoming malformed(String detail, Source source) {
        return new Incoming(
                new CallRequest(null, Map.of(), Map.of(), source), List.of(new Fault(Reason.MALFORMED, null, detail)));
    }

    /** @param json what the object was read from; null for a map */
    private static Incoming read(ObjectNode object, String json, Source source) {
        EnumMap<Field, String> fields = new EnumMap<>(Field.class);
        Map<String, Object> extra = new LinkedHashMap<>();
        List<Fault> faults = new ArrayList<>();
        String id = null;
        for (Map.Entry<String, JsonNode> property : object.properties()) {
            Field field = Field.ofKey(property.getKey());
            JsonNode value = property.getValue();
            if (field != null) {
                readField(field, value, json, fields, faults);
            } else if (property.getKey().equals(ID)) {
                id = readId(value, json, faults);
            } else {
                extra.put(property.getKey(), MAPPER.convertValue(value, Object.class));
            }
        }
        return new Incoming(new CallRequest(id, fields, extra, source), faults);
    }

    private static void readField(
            Field field, JsonNode value, String json, Map<Field, String> fields, List<Fault> faults) {
        if (value.isNull()) {
            return;
        }
        if (value.isTextual()
                || value.isIntegralNumber() && value.bigIntegerValue().signum() >= 0) {
            fields.put(field, value.asText());
            return;
        }
        fields.put(field, value.toString());
        String found = field.key() + " " + shown(field.key(), value, json);
        if (field.kind() == Field.Kind.NUMBER) {
            faults.add(new Fault(
                    Reason.BAD_NUMBER, field, found + ": expected a text or a whole number without sign or exponent"));
        } else if (field.kind() == Field.Kind.TEXT) {
            faults.add(new Fault(Reason.BAD_TEXT, field, found + ": expected a text"));
        }
    }

    private static String readId(JsonNode value, String json, List<Fault> faults) {
        if (value.isNull() || value.isTextual() && value.asText().isBlank()) {
            return null;
        }
        if (value.isTextual() || value.isIntegralNumber()) {
            return value.asText().strip();
        }
        faults.add(new Fault(Reason.BAD_TEXT, null, "requestId " + shown(ID, value, json) + ": expected a text"));
        return null;
    }

    private static String describe(JsonNode tree, String json) {
        return json.isBlank() || tree.isMissingNode()
                ? "nothing"
                : tree.getNodeType().name().toLowerCase();
    }

    private static String shown(String key, JsonNode value, String json) {
        String written = value.isFloatingPointNumber() && json != null ? written(key, json) : value.toString();
        return Text.shown(written, SHOWN);
    }

    /** The member's value as it stands in the object: once a number is read, its exponent is gone. */
    private static String written(String key, String json) {
        try (JsonParser parser = MAPPER.createParser(json)) {
            parser.nextToken();
            for (String name = parser.nextFieldName();
                    name != null && !name.equals(key);
                    name = parser.nextFieldName()) {
                parser.nextToken();
                parser.skipChildren();
            }
            parser.nextToken();
            return parser.getText();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // it was read before
        }
    }

    private static String problem(JsonProcessingException e) {
        return PLACE.matcher(e.getOriginalMessage()).replaceAll("$1");
    }

    private static String where(JsonProcessingException e) {
        return e.getLocation() == null
                ? ""
                : " (line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr() + ")";
    }
}
