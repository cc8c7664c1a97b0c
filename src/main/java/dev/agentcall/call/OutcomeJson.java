package dev.agentcall.call;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;

/** An {@link Outcome} as the JSON object that is the same in channels, replies and answers. */
public final class OutcomeJson {

    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss").withZone(ZoneOffset.UTC);

    /** Most instants are of the second that was written last. */
    private static volatile Second last = new Second(Instant.EPOCH);

    private static final JsonMapper MAPPER = JsonMapper.builder().build();
    private static final JsonFactory FACTORY = MAPPER.getFactory();

    private OutcomeJson() {}

    /** One line of JSON without a line break at its end. */
    public static String write(Outcome outcome) {
        return json(json -> {
            CallRequest request = outcome.request();
            json.writeStartObject();
            json.writeStringField("requestId", request.requestId());
            json.writeStringField("outcome", outcome.kind().word());
            json.writeStringField("guid", outcome.guid());
            json.writeStringField("reason", outcome.reason());
            json.writeStringField("detail", outcome.detail());
            number(json, "httpStatus", outcome.httpStatus());
            json.writeFieldName("request");
            fields(json, request);
            json.writeFieldName("extra");
            object(json, request.extra());
            json.writeObjectFieldStart("source");
            json.writeStringField("kind", request.source().kind());
            json.writeStringField("name", request.source().name());
            number(json, "row", request.source().row());
            json.writeEndObject();
            json.writeBooleanField("replayed", outcome.replayed());
            json.writeStringField("at", instant(outcome.at()));
            number(json, "millis", outcome.millis());
            json.writeEndObject();
        });
    }

    /** The request's fields as a JSON object, in their fixed order; equal texts are equal requests. */
    public static String fields(CallRequest request) {
        return json(json -> fields(json, request));
    }

    /** Any map of JSON values as a JSON object. */
    public static String object(Map<String, Object> values) {
        return json(json -> object(json, values));
    }

    /** ISO 8601 in UTC, always with milliseconds, so that instants sort as text. */
    public static String instant(Instant at) {
        Second second = last;
        if (second.epochSecond != at.getEpochSecond()) {
            second = new Second(at);
            last = second;
        }
        String millis = String.valueOf(1_000 + at.getNano() / 1_000_000).substring(1);
        return second.text + '.' + millis + 'Z';
    }

    private record Second(long epochSecond, String text) {
        private Second(Instant at) {
            this(at.getEpochSecond(), SECOND.format(at));
        }
    }

    private static void fields(JsonGenerator json, CallRequest request) throws IOException {
        json.writeStartObject();
        for (Map.Entry<Field, String> field : request.fields().entrySet()) {
            json.writeStringField(field.getKey().key(), field.getValue());
        }
        json.writeEndObject();
    }

    /** Texts and numbers without the mapper, which would be made ready anew for each of them. */
    private static void object(JsonGenerator json, Map<String, Object> values) throws IOException {
        json.writeStartObject();
        for (Map.Entry<String, Object> value : values.entrySet()) {
            json.writeFieldName(value.getKey());
            if (value.getValue() instanceof String text) {
                json.writeString(text);
            } else {
                json.writeObject(value.getValue());
            }
        }
        json.writeEndObject();
    }

    private static void number(JsonGenerator json, String name, Number number) throws IOException {
        if (number == null) {
            json.writeNullField(name);
        } else {
            json.writeNumberField(name, number.longValue());
        }
    }

    private static String json(JsonWriting writing) {
        StringWriter text = new StringWriter(512);
        try (JsonGenerator json = FACTORY.createGenerator(text)) {
            writing.to(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a StringWriter has no faults of its own
        }
        return text.toString();
    }

    private interface JsonWriting {
        void to(JsonGenerator json) throws IOException;
    }
}
