package dev.agentcall.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OutcomeJsonTest {

    private static final Instant AT = Instant.parse("2026-11-22T19:18:00.123Z");

    @Test
    void aPlacedOutcomeIsTheJsonOfTheContract() {
        Outcome placed = Outcome.of(
                request(Map.of("crm_id", "77"), new Source("csv", "calls.csv", 12)),
                Verdict.placed("8cf8570e-60e7-44ed-b799-3baab211b04d", 200),
                AT,
                84L);

        assertThat(OutcomeJson.write(placed))
                .isEqualTo("{\"requestId\":\"id-1\",\"outcome\":\"placed\","
                        + "\"guid\":\"8cf8570e-60e7-44ed-b799-3baab211b04d\",\"reason\":null,\"detail\":null,"
                        + "\"httpStatus\":200,\"request\":{\"callerid\":\"+598\",\"agent\":\"ñandú\"},"
                        + "\"extra\":{\"crm_id\":\"77\"},"
                        + "\"source\":{\"kind\":\"csv\",\"name\":\"calls.csv\",\"row\":12},"
                        + "\"replayed\":false,\"at\":\"2026-11-22T19:18:00.123Z\",\"millis\":84}");
    }

    @Test
    void whatIsNotThereIsNull() {
        Outcome invalid = Outcome.invalid(
                new CallRequest(null, Map.of(), Map.of(), new Source("jms", "agentcall.requests", null)),
                List.of(new Fault(Reason.MALFORMED, null, "not \"JSON\"")),
                AT);

        assertThat(OutcomeJson.write(invalid))
                .isEqualTo("{\"requestId\":null,\"outcome\":\"invalid\",\"guid\":null,\"reason\":\"malformed\","
                        + "\"detail\":\"not \\\"JSON\\\"\",\"httpStatus\":null,\"request\":{},\"extra\":{},"
                        + "\"source\":{\"kind\":\"jms\",\"name\":\"agentcall.requests\",\"row\":null},"
                        + "\"replayed\":false,\"at\":\"2026-11-22T19:18:00.123Z\",\"millis\":null}");
    }

    @Test
    void anOutcomeIsOneLine() {
        Map<String, Object> extra = new LinkedHashMap<>();
        extra.put("note", "line 1\r\nline 2");

        assertThat(OutcomeJson.write(Outcome.of(
                        request(extra, new Source("rest", "receive-rest", null)),
                        Verdict.rejected("ucontact-0", "no", 200),
                        AT,
                        1L)))
                .doesNotContain("\n", "\r")
                .contains("\"note\":\"line 1\\r\\nline 2\"");
    }

    @Test
    void aReplayTellsWhatWasRecordedAboutTheRequestThatAsksNow() {
        Outcome first =
                Outcome.of(request(Map.of(), new Source("csv", "calls.csv", 2)), Verdict.placed("g", 200), AT, 5L);
        CallRequest later = request(Map.of("crm_id", "78"), new Source("csv", "more.csv", 9));

        assertThat(OutcomeJson.write(first.replayedFor(later)))
                .contains("\"guid\":\"g\"", "\"replayed\":true", "\"crm_id\":\"78\"", "\"more.csv\",\"row\":9")
                .contains("\"at\":\"2026-11-22T19:18:00.123Z\"");
    }

    @Test
    void theMillisecondsOfAnInstantAreAlwaysThere() {
        assertThat(OutcomeJson.instant(Instant.parse("2026-11-22T19:18:00Z"))).isEqualTo("2026-11-22T19:18:00.000Z");
        assertThat(OutcomeJson.instant(Instant.parse("2026-11-22T19:18:00.987654Z")))
                .isEqualTo("2026-11-22T19:18:00.987Z");
    }

    private static CallRequest request(Map<String, Object> extra, Source source) {
        Map<Field, String> fields = new EnumMap<>(Field.class);
        fields.put(Field.AGENT, "ñandú");
        fields.put(Field.CALLERID, "+598");
        return new CallRequest("id-1", fields, extra, source);
    }
}
