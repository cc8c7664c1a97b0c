package dev.agentcall.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Field;
import dev.agentcall.call.Outcome;
import dev.agentcall.call.OutcomeKind;
import dev.agentcall.call.Source;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads rows of the table of requests. */
final class Rows {

    static final String IN_FLIGHT = "in-flight";

    /** What {@link #entry} reads. */
    static final String COLUMNS = "id, request_id, request, extra, source_kind, source_name, source_row, outcome, guid,"
            + " reason, detail, http_status, replayed, at, millis, claimed_at, missed_by, settled, settled_at, settled_by, note";

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private Rows() {}

    static Entry entry(ResultSet row) throws SQLException {
        CallRequest request = request(row);
        return new Entry(
                row.getLong("id"),
                row.getString("request"),
                request,
                row.getString("outcome").equals(IN_FLIGHT) ? null : outcome(row, request),
                Instant.parse(row.getString("claimed_at")),
                row.getString("missed_by"),
                settled(row));
    }

    static List<Entry> entries(ResultSet result) throws SQLException {
        List<Entry> entries = new ArrayList<>();
        while (result.next()) {
            entries.add(entry(result));
        }
        return entries;
    }

    private static Outcome outcome(ResultSet row, CallRequest request) throws SQLException {
        int status = row.getInt("http_status");
        Integer httpStatus = row.wasNull() ? null : status;
        long millis = row.getLong("millis");
        Long took = row.wasNull() ? null : millis;
        return new Outcome(
                request,
                OutcomeKind.ofWord(row.getString("outcome")),
                row.getString("guid"),
                row.getString("reason"),
                row.getString("detail"),
                httpStatus,
                row.getInt("replayed") == 1,
                Instant.parse(row.getString("at")),
                took);
    }

    private static Entry.Settled settled(ResultSet row) throws SQLException {
        String settled = row.getString("settled");
        return settled == null
                ? null
                : new Entry.Settled(
                        settled.equals(Entry.Settled.PLACED),
                        Instant.parse(row.getString("settled_at")),
                        row.getString("settled_by"),
                        row.getString("note"));
    }

    private static CallRequest request(ResultSet row) throws SQLException {
        try {
            Map<String, String> fields = MAPPER.readValue(row.getString("request"), new TypeReference<>() {});
            Map<Field, String> known = new EnumMap<>(Field.class);
            fields.forEach((key, value) -> known.put(Field.ofKey(key), value));
            Map<String, Object> extra =
                    MAPPER.readValue(row.getString("extra"), new TypeReference<LinkedHashMap<String, Object>>() {});
            int sourceRow = row.getInt("source_row");
            Integer rowOrNone = row.wasNull() ? null : Integer.valueOf(sourceRow);
            Source source = new Source(row.getString("source_kind"), row.getString("source_name"), rowOrNone);
            return new CallRequest(row.getString("request_id"), known, extra, source);
        } catch (JsonProcessingException e) {
            throw new SQLException("request " + row.getLong("id") + " cannot be read: " + e.getOriginalMessage(), e);
        }
    }
}
