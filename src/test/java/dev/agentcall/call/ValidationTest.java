package dev.agentcall.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentcall.config.ShippedSettings;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValidationTest {

    private static final Source SOURCE = new Source("rest", "receive-rest", null);

    private final Validation validation = new Validation(ShippedSettings.with());

    @Test
    void aGoodRequestIsSentAsItCame() {
        Incoming checked = validation.check(incoming(good()));

        assertThat(checked.faults()).isEmpty();
        assertThat(checked.request().fields()).isEqualTo(good());
    }

    // --- Missing and blank fields ----------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(
            names = {"DATA", "TECH"},
            mode = EnumSource.Mode.EXCLUDE)
    void aFieldThatIsNotThereIsMissing(Field field) {
        EnumMap<Field, String> fields = good();
        fields.remove(field);

        assertThat(validation.check(incoming(fields)).faults()).singleElement().satisfies(fault -> {
            assertThat(fault.reason()).isEqualTo("missing-field");
            assertThat(fault.field()).isEqualTo(field);
            assertThat(fault.detail()).contains(field.key());
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t", "\u00A0", "\u2007\u3000", "\r\n", "\uFEFF"})
    void aBlankFieldIsMissing(String blank) {
        assertThat(reasons(Field.DESTINATION, blank)).containsExactly("missing-field");
        assertThat(reasons(Field.AGENT, blank)).containsExactly("missing-field");
    }

    @Test
    void aMissingTechIsSip() {
        EnumMap<Field, String> fields = good();
        fields.remove(Field.TECH);

        assertThat(validation.check(incoming(fields)).request().get(Field.TECH)).isEqualTo("SIP");
    }

    @Test
    void aDefaultStandsInForABlankFieldButNeverForAValue() {
        Validation withDefaults = new Validation(ShippedSettings.with(
                "agentcall.defaults.callerid", " 0800 555", "agentcall.defaults.outqueue", "Ventas->"));
        EnumMap<Field, String> fields = good();
        fields.remove(Field.CALLERID);
        fields.put(Field.OUTQUEUE, " ");
        fields.put(Field.TECH, "PJSIP");

        CallRequest sent = withDefaults.check(incoming(fields)).request();

        assertThat(sent.get(Field.CALLERID)).isEqualTo("0800555");
        assertThat(sent.get(Field.OUTQUEUE)).isEqualTo("Ventas->");
        assertThat(sent.get(Field.TECH)).isEqualTo("PJSIP");
    }

    // --- Texts -----------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(names = {"AGENT", "TECH", "CONTEXT", "OUTQUEUE"})
    void aTextIsTrimmed(Field field) {
        assertThat(sent(field, " \t\u00A0name of two words\u3000\r\n\uFEFF")).isEqualTo("name of two words");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Ventas->", "<b>&amp;=+%", "campaña ñandú", "=1+1", "'quoted'", "007", "名前", "👩‍👧"})
    void aTextIsFree(String text) {
        assertThat(sent(Field.OUTQUEUE, text)).isEqualTo(text);
    }

    @Test
    void aTextHasAtMost255CodePoints() {
        String longest = "😀".repeat(255);

        assertThat(sent(Field.AGENT, longest)).isEqualTo(longest);
        assertThat(sent(Field.AGENT, "  " + longest + "  ")).isEqualTo(longest);
        assertThat(faults(Field.AGENT, longest + "x")).singleElement().satisfies(fault -> {
            assertThat(fault.reason()).isEqualTo("bad-text");
            assertThat(fault.detail()).contains("agent", "256", "255");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "a\r\nb", "a\tb", "a\u0000b", "a\u001Bb", "a\u007Fb", "a\u0085b", "a\u2028b"})
    void aTextHasNoControlCharacters(String text) {
        for (Field field : List.of(Field.AGENT, Field.TECH, Field.CONTEXT, Field.OUTQUEUE)) {
            assertThat(faults(field, text)).singleElement().satisfies(fault -> {
                assertThat(fault.reason()).isEqualTo("bad-text");
                assertThat(fault.detail()).contains(field.key()).doesNotContainPattern("\\p{Cntrl}");
            });
        }
    }

    @Test
    void halfACharacterIsNoText() {
        assertThat(reasons(Field.AGENT, "jos\uD83D")).containsExactly("bad-text");
        assertThat(reasons(Field.DATA, "jos\uD83D")).containsExactly("bad-text");
    }

    // --- Numbers ---------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "'0', 0",
        "007, 007",
        "+59899123456, +59899123456",
        "00598 99 123 456, 0059899123456",
        "(02) 622-1234, 026221234",
        "59.899.123.456, 59899123456",
        "11/4500/1234, 1145001234",
        "*72#, *72#",
        "01.23.45.67.89, 0123456789",
        "12.000, 12000",
        "2622.1234, 26221234",
    })
    void aNumberKeepsItsDigitsAndLosesWhatPeoplePutBetweenThem(String number, String sent) {
        for (Field field : List.of(Field.CALLERID, Field.PHONE, Field.DESTINATION)) {
            assertThat(sent(field, number)).isEqualTo(sent);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "\t", "\u00A0", "\u202F", "\u2009", "\u3000", "\n", "\u0085", "\u2028"})
    void whiteSpaceOfAnyKindIsDroppedFromANumber(String space) {
        assertThat(sent(Field.DESTINATION, space + "099" + space + "123" + space))
                .isEqualTo("099123");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "'0059899,              0059899",
                "=\"0059899\",          0059899",
                "'=\"0059899\",         0059899",
                "=\"+598 99 (12)\",     +5989912",
            })
    void whatASpreadsheetPutsAroundANumberIsTakenOff(String cell, String sent) {
        assertThat(sent(Field.DESTINATION, cell)).isEqualTo(sent);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"5,98E+10", "5.98E+10", "5.98e10", "5E9", "5,98e+10", "-5.98E-10", "'5,98E+10", "=\"5.98E+10\""})
    void scientificNotationIsRefused(String number) {
        assertThat(faults(Field.DESTINATION, number)).singleElement().satisfies(fault -> {
            assertThat(fault.reason()).isEqualTo("bad-number");
            assertThat(fault.detail()).contains("destination", number, "scientific notation", "as text");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "59899123456.0",
                "59899123456,00",
                "59899123456.00",
                "59899123456,0",
                "59899123456.5",
                "59899123456.000",
                "59 899 123 456.00",
                "59\u00A0899\u00A0123\u00A0456,00",
                "'59899123456.0",
                "=\"59899123456.0\"",
                "101.0",
            })
    void aDecimalTailIsRefused(String number) {
        assertThat(faults(Field.DESTINATION, number)).singleElement().satisfies(fault -> {
            assertThat(fault.reason()).isEqualTo("bad-number");
            assertThat(fault.detail()).contains("destination", "decimal", "as text");
        });
    }

    @Test
    void aNumberHas1To32CharactersAfterItsPlus() {
        String longest = "1".repeat(32);

        assertThat(sent(Field.DESTINATION, longest)).isEqualTo(longest);
        assertThat(sent(Field.DESTINATION, "+" + longest)).isEqualTo("+" + longest);
        assertThat(reasons(Field.DESTINATION, longest + "1")).containsExactly("bad-number");
        assertThat(reasons(Field.DESTINATION, "+")).containsExactly("bad-number");
        assertThat(reasons(Field.DESTINATION, "-")).containsExactly("bad-number");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "099abc",
                "598+99",
                "++598",
                "\u0660\u0669",
                "\uFF10\uFF19",
                "099,123",
                "099;123",
                "099x12",
                "tel:099",
                "\"099\"",
                "099'"
            })
    void anythingElseInANumberIsRefused(String number) {
        assertThat(faults(Field.PHONE, number)).singleElement().satisfies(fault -> {
            assertThat(fault.reason()).isEqualTo("bad-number");
            assertThat(fault.detail()).contains("phone", number, "expected");
        });
    }

    // --- Data ------------------------------------------------------------------------------------------------------

    @Test
    void dataIsSentAsItIs() {
        String data = " {\"note\": \"line 1\nline 2 & ñ\"} ";

        assertThat(sent(Field.DATA, data)).isEqualTo(data);
    }

    // --- Several faults --------------------------------------------------------------------------------------------

    @Test
    void everyFaultIsFoundAtOnce() {
        EnumMap<Field, String> fields = good();
        fields.put(Field.AGENT, "a\nb");
        fields.put(Field.DESTINATION, "nobody");
        fields.remove(Field.OUTQUEUE);

        Incoming checked = validation.check(incoming(fields));

        assertThat(checked.faults())
                .extracting(Fault::reason)
                .containsExactlyInAnyOrder("bad-text", "bad-number", "missing-field");
        assertThat(Fault.reasonOf(checked.faults())).isEqualTo("missing-field");
        assertThat(Fault.detailOf(checked.faults())).contains("agent", "destination", "nobody", "outqueue");
    }

    static Stream<Arguments> faultsInTheirOrder() {
        return Stream.of(
                Arguments.of(List.of("bad-text", "bad-number", "missing-field"), "missing-field"),
                Arguments.of(List.of("malformed", "bad-text", "bad-number"), "bad-number"),
                Arguments.of(List.of("malformed", "bad-text"), "bad-text"),
                Arguments.of(List.of("id-conflict", "malformed"), "malformed"));
    }

    @ParameterizedTest
    @MethodSource("faultsInTheirOrder")
    void theReasonIsTheFirstInTheDocumentedOrder(List<String> reasons, String first) {
        List<Fault> faults =
                reasons.stream().map(reason -> new Fault(reason, null, "-")).toList();

        assertThat(Fault.reasonOf(faults)).isEqualTo(first);
    }

    @Test
    void anInvalidRequestShowsItsValuesAsTheyCame() {
        assertThat(validation
                        .check(incoming(with(Field.DESTINATION, " 5,98E+10 ")))
                        .request()
                        .get(Field.DESTINATION))
                .isEqualTo(" 5,98E+10 ");
    }

    @Test
    void whatWasWrongWhileReadingIsKeptAndNotToldTwice() {
        Incoming read = RequestReader.readJson("{\"agent\":\"a\",\"phone\":1.5}", SOURCE);

        assertThat(validation.check(read).faults())
                .filteredOn(fault -> fault.field() == Field.PHONE)
                .extracting(Fault::reason)
                .containsExactly("bad-number");
    }

    @Test
    void aBadIdDoesNotHideTheMissingFields() {
        Incoming checked = validation.check(RequestReader.readJson("{\"requestId\":[1]}", SOURCE));

        assertThat(checked.faults()).extracting(Fault::reason).contains("bad-text", "missing-field");
    }

    @Test
    void whatCouldNotBeReadIsNotCheckedAnyFurther() {
        Incoming checked = validation.check(RequestReader.malformed("no JSON", SOURCE));

        assertThat(checked.faults()).extracting(Fault::reason).containsExactly("malformed");
    }

    // --- Ids -------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(strings = {"1", "crm:77", "ID:host-1.2#3", "ñ", "a'b\"c"})
    void anIdIsAnyVisibleText(String id) {
        assertThat(checkId(id)).isEmpty();
    }

    @Test
    void anIdHasAtMost200Characters() {
        assertThat(checkId("x".repeat(200))).isEmpty();
        assertThat(checkId("😀".repeat(200))).isEmpty();
        assertThat(checkId("x".repeat(201))).containsExactly("bad-text");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/b", "a b", "a\u00A0b", "a\tb", "a\nb", "a\u0000", "a\u200Bb", "a\u202Eb", "a\uD83D"})
    void anIdWithASlashOrSomethingInvisibleIsRefused(String id) {
        assertThat(checkId(id)).containsExactly("bad-text");
    }

    @Test
    void anIdThatNoLedgerCanHoldComesBackAsItCanBeShown() {
        assertThat(shownId("a\u0000b\uD83D")).isEqualTo("a b");
        assertThat(shownId("x".repeat(5_000))).isEqualTo("x".repeat(200) + "…");
        assertThat(shownId("a/b")).isEqualTo("a/b");
    }

    private String shownId(String id) {
        return validation
                .check(new Incoming(new CallRequest(id, good(), Map.of(), SOURCE), List.of()))
                .request()
                .requestId();
    }

    // --- The agent's name for the pace -----------------------------------------------------------------------------

    @Test
    void theAgentIsNamedAsItIsSent() {
        for (String agent : List.of("maria", " maria ", "\u00A0maria\uFEFF")) {
            assertThat(validation.agentOf(incoming(with(Field.AGENT, agent)).request()))
                    .isEqualTo("maria");
        }
        assertThat(validation.agentOf(incoming(with(Field.AGENT, " ")).request()))
                .isNull();
    }

    private List<String> checkId(String id) {
        return validation.check(Incoming.of(new CallRequest(id, good(), Map.of(), SOURCE))).faults().stream()
                .map(Fault::reason)
                .toList();
    }

    private String sent(Field field, String value) {
        Incoming checked = validation.check(incoming(with(field, value)));
        assertThat(checked.faults()).isEmpty();
        return checked.request().get(field);
    }

    private List<Fault> faults(Field field, String value) {
        return validation.check(incoming(with(field, value))).faults();
    }

    private List<String> reasons(Field field, String value) {
        return faults(field, value).stream().map(Fault::reason).toList();
    }

    private static Incoming incoming(Map<Field, String> fields) {
        return Incoming.of(new CallRequest("id-1", fields, Map.of(), SOURCE));
    }

    private static EnumMap<Field, String> with(Field field, String value) {
        EnumMap<Field, String> fields = good();
        fields.put(field, value);
        return fields;
    }

    private static EnumMap<Field, String> good() {
        EnumMap<Field, String> fields = new EnumMap<>(Field.class);
        fields.put(Field.CALLERID, "59821000");
        fields.put(Field.AGENT, "maria");
        fields.put(Field.PHONE, "101");
        fields.put(Field.TECH, "SIP");
        fields.put(Field.CONTEXT, "agentes");
        fields.put(Field.OUTQUEUE, "Ventas->");
        fields.put(Field.DESTINATION, "099123456");
        return fields;
    }
}
