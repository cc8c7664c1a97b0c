package dev.agentcall.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestReaderTest {

    private static final Source SOURCE = new Source("jms", "agentcall.requests", null);

    @Test
    void fieldsIdAndExtrasAreToldApart() {
        Incoming read = read("""
                {"requestId":"crm-77","callerid":"0800","agent":"maria","phone":"101","tech":"SIP","context":"agentes",
                 "outqueue":"Ventas->","destination":"+598 99","data":"{}","crm_id":"77"}""");

        assertThat(read.faults()).isEmpty();
        assertThat(read.request().requestId()).isEqualTo("crm-77");
        assertThat(read.request().source()).isEqualTo(SOURCE);
        assertThat(read.request().fields())
                .containsExactly(
                        entry(Field.CALLERID, "0800"),
                        entry(Field.AGENT, "maria"),
                        entry(Field.PHONE, "101"),
                        entry(Field.TECH, "SIP"),
                        entry(Field.CONTEXT, "agentes"),
                        entry(Field.OUTQUEUE, "Ventas->"),
                        entry(Field.DESTINATION, "+598 99"),
                        entry(Field.DATA, "{}"));
        assertThat(read.request().extra()).containsExactly(entry("crm_id", "77"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "101",
                "59899123456",
                "9223372036854775808",
                "12345678901234567890123456789012",
            })
    void aJsonIntegerIsTakenDigitByDigit(String digits) {
        Incoming read = read("{\"destination\":" + digits + ",\"agent\":" + digits + "}");

        assertThat(read.faults()).isEmpty();
        assertThat(read.request().get(Field.DESTINATION)).isEqualTo(digits);
        assertThat(read.request().get(Field.AGENT)).isEqualTo(digits);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.5", "59899123456.0", "5.98e10", "1E5", "-5"})
    void aJsonNumberWithAFractionAnExponentOrASignIsRefused(String number) {
        Incoming read = read("{\"destination\":" + number + "}");

        assertThat(read.faults()).singleElement().satisfies(fault -> {
            assertThat(fault.reason()).isEqualTo("bad-number");
            assertThat(fault.field()).isEqualTo(Field.DESTINATION);
        });
    }

    @Test
    void aRefusedNumberIsShownAsItWasWritten() {
        Incoming read = read("{\"destination\":59899123450.00}");

        assertThat(read.faults().get(0).detail()).contains("destination 59899123450.00");
        assertThat(read.request().get(Field.DESTINATION)).isEqualTo("59899123450.00");
    }

    @ParameterizedTest
    @ValueSource(strings = {"59899123456e0", "1E5", "5.98e10"})
    void aRefusedNumberIsShownWithItsExponent(String number) {
        Incoming read =
                read("{\"x\":{\"destination\":[1]},\"destination\":" + number + ",\"requestId\":" + number + "}");

        assertThat(read.faults())
                .extracting(Fault::detail)
                .anySatisfy(detail -> assertThat(detail).startsWith("destination " + number + ": expected "))
                .anySatisfy(detail -> assertThat(detail).startsWith("requestId " + number + ": expected "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "[\"101\"]", "{\"a\":1}"})
    void aFieldThatIsNoTextOrNumberIsRefused(String value) {
        Incoming read = read("{\"phone\":" + value + ",\"agent\":" + value + "}");

        assertThat(read.faults())
                .extracting(Fault::field, Fault::reason)
                .containsExactlyInAnyOrder(tuple(Field.PHONE, "bad-number"), tuple(Field.AGENT, "bad-text"));
    }

    @Test
    void aNullIsAFieldThatIsNotThere() {
        Incoming read = read("{\"phone\":null,\"requestId\":null}");

        assertThat(read.faults()).isEmpty();
        assertThat(read.request().fields()).isEmpty();
        assertThat(read.request().requestId()).isNull();
    }

    @Test
    void dataMayBeJsonAndIsHandedOnAsText() {
        assertThat(read("{\"data\":{\"a\":[1,\"ñ\"]}}").request().get(Field.DATA))
                .isEqualTo("{\"a\":[1,\"ñ\"]}");
        assertThat(read("{\"data\":\"text\"}").request().get(Field.DATA)).isEqualTo("text");
        assertThat(read("{\"data\":1.50}").faults()).isEmpty();
    }

    @Test
    void extrasComeBackAsTheyWere() {
        Incoming read = read("""
                {"z":"1","n":12345678901234567890,"d":100.10,"b":false,"nil":null,"list":[1,{"x":"y"}],"Agent":"other"}""");

        assertThat(read.request().extra())
                .containsExactly(
                        entry("z", "1"),
                        entry("n", new BigInteger("12345678901234567890")),
                        entry("d", new BigDecimal("100.10")),
                        entry("b", false),
                        entry("nil", null),
                        entry("list", List.of(1, Map.of("x", "y"))),
                        entry("Agent", "other"));
        assertThat(OutcomeJson.object(read.request().extra()))
                .isEqualTo("{\"z\":\"1\",\"n\":12345678901234567890,\"d\":100.10,\"b\":false,\"nil\":null,"
                        + "\"list\":[1,{\"x\":\"y\"}],\"Agent\":\"other\"}");
    }

    @Test
    void anIdMayBeAnIntegerAndABlankOneIsNone() {
        assertThat(read("{\"requestId\":77}").request().requestId()).isEqualTo("77");
        assertThat(read("{\"requestId\":\" a \"}").request().requestId()).isEqualTo("a");
        assertThat(read("{\"requestId\":\" \"}").request().requestId()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.5", "true", "[1]", "{}"})
    void anIdThatIsNoTextIsRefused(String id) {
        assertThat(read("{\"requestId\":" + id + "}").faults()).singleElement().satisfies(fault -> {
            assertThat(fault.reason()).isEqualTo("bad-text");
            assertThat(fault.detail()).contains("requestId", id);
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "  ",
                "null",
                "[]",
                "\"text\"",
                "42",
                "{",
                "{\"agent\":\"a\"",
                "{\"agent\":\"a\"} x",
                "{\"agent\":\"a\"}{}",
                "{agent:'a'}",
                "{\"phone\":007}",
                "{\"agent\":\"a\",}",
                "agent=a&phone=1",
                "{\"agent\":\"a\",\"agent\":\"b\"}",
                "{\"x\":1,\"x\":2}",
            })
    void whatIsNotOneJsonObjectIsMalformed(String json) {
        Incoming read = read(json);

        assertThat(read.faults()).singleElement().satisfies(fault -> {
            assertThat(fault.reason()).isEqualTo("malformed");
            assertThat(fault.detail()).isNotBlank().doesNotContain("\n");
        });
        assertThat(read.request().fields()).isEmpty();
        assertThat(read.request().source()).isEqualTo(SOURCE);
    }

    @Test
    void aByteOrderMarkIsPassedOver() {
        assertThat(read("\uFEFF{\"requestId\":\"a\"}").request().requestId()).isEqualTo("a");
    }

    /** What is read has to be written again, a level deeper, and read by others. */
    @Test
    void jsonThatIsNestedTooDeepIsMalformed() {
        Incoming good = read(nested(199));

        assertThat(read(nested(200)).faults()).extracting(Fault::reason).containsExactly("malformed");
        assertThat(good.faults()).isEmpty();
        assertThat(read(OutcomeJson.object(good.request().extra())).faults()).isEmpty();
    }

    private static String nested(int depth) {
        return "{\"deep\":" + "[".repeat(depth) + "]".repeat(depth) + "}";
    }

    @Test
    void malformedJsonIsMalformedHoweverItIsBuilt() {
        assertThat(read("[".repeat(100_000)).faults()).extracting(Fault::reason).containsExactly("malformed");
        assertThat(read("{\"phone\":" + "1".repeat(100_000) + "}").faults())
                .extracting(Fault::reason)
                .containsExactly("malformed");
    }

    @Test
    void theMessageSaysWhereTheJsonEnds() {
        assertThat(read("{\n\"agent\": oops}").faults().get(0).detail()).contains("line 2", "oops");
    }

    @Test
    void theMessageSaysWhereWhatIsNotClosedBegins() {
        String detail = read("{\"agent\":\n{").faults().get(0).detail();

        assertThat(detail).contains("end-of-input", "line: 2, column: 1", "(line 2, column 2)");
        assertThat(detail).doesNotContain("Source", "REDACTED");
    }

    @Test
    void aMapIsReadLikeJson() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("requestId", "m-1");
        map.put("destination", 59899123456L);
        map.put("phone", 1.5);
        map.put("agent", null);
        map.put("tags", Arrays.asList("a", null));

        Incoming read = RequestReader.readMap(map, SOURCE);

        assertThat(read.request().requestId()).isEqualTo("m-1");
        assertThat(read.request().get(Field.DESTINATION)).isEqualTo("59899123456");
        assertThat(read.request().get(Field.AGENT)).isNull();
        assertThat(read.request().extra()).containsExactly(entry("tags", Arrays.asList("a", null)));
        assertThat(read.faults()).extracting(Fault::field).containsExactly(Field.PHONE);
    }

    private static Incoming read(String json) {
        return RequestReader.readJson(json, SOURCE);
    }
}
