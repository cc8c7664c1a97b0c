package dev.agentcall.csv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.entry;

import dev.agentcall.call.Fault;
import dev.agentcall.call.Field;
import dev.agentcall.call.Incoming;
import dev.agentcall.call.Source;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ColumnMapTest {

    private static final List<String> ALL =
            List.of("callerid", "agent", "phone", "tech", "context", "outqueue", "destination");
    private static final Map<Field, String> SIP = Map.of(Field.TECH, "SIP");
    private static final Map<Field, String> ALL_BUT_PHONE_AND_DESTINATION =
            Map.of(Field.CALLERID, "1", Field.AGENT, "a", Field.TECH, "SIP", Field.CONTEXT, "c", Field.OUTQUEUE, "o");

    // --- Names -----------------------------------------------------------------------------------------------------

    @Test
    void columnsAreFoundByTheirNamesInAnyOrder() throws CsvRefusedException {
        ColumnMap map = map("destination", "outqueue", "context", "tech", "phone", "agent", "callerid");

        assertThat(read(map, "7", "6", "5", "4", "3", "2", "1").request().fields())
                .containsExactly(
                        entry(Field.CALLERID, "1"),
                        entry(Field.AGENT, "2"),
                        entry(Field.PHONE, "3"),
                        entry(Field.TECH, "4"),
                        entry(Field.CONTEXT, "5"),
                        entry(Field.OUTQUEUE, "6"),
                        entry(Field.DESTINATION, "7"));
    }

    @ParameterizedTest
    @CsvSource({
        "did, CALLERID",
        "CallerID, CALLERID",
        "caller id, CALLERID",
        "agente, AGENT",
        "extensión, PHONE",
        "extension, PHONE",
        "EXTENSIÓN, PHONE",
        "anexo, PHONE",
        "interno, PHONE",
        "ramal, PHONE",
        "tecnología, TECH",
        "contexto, CONTEXT",
        "campaña, OUTQUEUE",
        "CAMPANA, OUTQUEUE",
        "campanha, OUTQUEUE",
        "cola, OUTQUEUE",
        "destino, DESTINATION",
        "número destino, DESTINATION",
        "Numero_Destino, DESTINATION",
        "' destination ', DESTINATION",
        "workflow_data, DATA",
        "Workflow Data, DATA",
    })
    void aliasesAreKnownInAnyCaseWithAndWithoutAccents(String name, Field field) throws CsvRefusedException {
        ColumnMap map = withColumn(name, field);

        assertThat(read(map, cells(map, "the cell")).request().get(field)).isEqualTo("the cell");
    }

    @Test
    void anAccentMayBeACharacterOfItsOwn() throws CsvRefusedException {
        assertThat(ColumnNames.fieldOf(ColumnNames.normalised("campan\u0303a"))).isEqualTo(Field.OUTQUEUE);
        assertThat(withColumn("extensio\u0301n", Field.PHONE)).isNotNull();
    }

    @Test
    void aPortugueseDataIsADateAndNotAgentCallwithDatasField() throws CsvRefusedException {
        ColumnMap map = map(plus("data"));

        Incoming read = read(map, plus(ALL, "22/11/2026"));

        assertThat(read.request().get(Field.DATA)).isNull();
        assertThat(read.request().extra()).containsExactly(entry("data", "22/11/2026"));
    }

    // --- teléfono --------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"teléfono, destino", "TELEFONO, destination", "telefone, número destino"})
    void aTelefonoIsTheAgentsPhoneWhereAnotherColumnIsTheDestination(String phone, String destination)
            throws CsvRefusedException {
        ColumnMap map = ColumnMap.of(List.of(phone, destination), Map.of(), ALL_BUT_PHONE_AND_DESTINATION);

        assertThat(read(map, "101", "099").request().fields())
                .containsExactly(entry(Field.PHONE, "101"), entry(Field.DESTINATION, "099"));
    }

    @Test
    void aTelefonoBeforeOrAfterTheDestinationIsTheSame() throws CsvRefusedException {
        ColumnMap map = ColumnMap.of(List.of("destino", "teléfono"), Map.of(), ALL_BUT_PHONE_AND_DESTINATION);

        assertThat(read(map, "099", "101").request().get(Field.PHONE)).isEqualTo("101");
    }

    @Test
    void aTelefonoAloneIsRefusedWithWhatToDo() {
        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() ->
                        ColumnMap.of(List.of("agent", "Teléfono", "anexo"), Map.of(), ALL_BUT_PHONE_AND_DESTINATION))
                .withMessageContaining("'Teléfono' could be the agent's phone or the number to call")
                .withMessageContaining("agentcall.csv.columns=Teléfono=destination");
    }

    @ParameterizedTest
    @CsvSource({"DESTINATION, anexo", "PHONE, destino"})
    void theSettingsMaySayWhatATelefonoIs(Field field, String other) throws CsvRefusedException {
        ColumnMap map =
                ColumnMap.of(List.of("Teléfono", other), Map.of("telefono", field), ALL_BUT_PHONE_AND_DESTINATION);

        assertThat(read(map, "099", "101").request().get(field)).isEqualTo("099");
    }

    // --- What is refused -------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "agente, agent",
        "did, callerid",
        "ramal, phone",
        "teléfono, phone",
        "destino, destination",
        "AGENT, agent"
    })
    void twoColumnsForOneFieldAreRefused(String second, String first) {
        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> map(plus(second)))
                .withMessageContaining("two columns for")
                .withMessageContaining("'" + first + "'")
                .withMessageContaining("'" + second + "'");
    }

    @Test
    void twoColumnsForTheRequestIdAreRefused() {
        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> map(plus("request_id", "Request ID")))
                .withMessageContaining("two columns for the requestId: 'request_id' and 'Request ID'");
    }

    @Test
    void missingColumnsAreAllNamedWithWhatWasFoundAndWhatWouldDo() {
        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> map("nombre", "agent", "phone", "context", "destination"))
                .withMessageContaining("no column for callerid, outqueue")
                .withMessageContaining("'nombre'")
                .withMessageContaining("campaña")
                .withMessageContaining("agentcall.csv.columns")
                .withMessageContaining("agentcall.defaults.callerid");
    }

    @Test
    void aFieldWithADefaultNeedsNoColumn() throws CsvRefusedException {
        assertThat(map("callerid", "agent", "phone", "context", "outqueue", "destination"))
                .isNotNull();
    }

    // --- Configured columns ----------------------------------------------------------------------------------------

    @Test
    void aConfiguredColumnGoesBeforeWhatIsKnownAnyway() throws CsvRefusedException {
        ColumnMap map = ColumnMap.of(
                List.of("cola", "Móvil"),
                Map.of("movil", Field.DESTINATION, "cola", Field.PHONE),
                ALL_BUT_PHONE_AND_DESTINATION);

        assertThat(read(map, "101", "099").request().fields())
                .containsExactly(entry(Field.PHONE, "101"), entry(Field.DESTINATION, "099"));
    }

    // --- Ids -------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(strings = {"request_id", "Request ID", "requestId", "REQUEST_ID"})
    void theRequestIdIsTheColumnsAndElseDerived(String column) throws CsvRefusedException {
        ColumnMap map = map(plus(column));

        assertThat(read(map, plus(ALL, " crm-7 ")).request().requestId()).isEqualTo("crm-7");
        assertThat(read(map, plus(ALL, " ")).request().requestId()).isEqualTo("derived-2");
        assertThat(read(map, ALL.toArray(String[]::new)).request().requestId()).isEqualTo("derived-2");
    }

    @Test
    void aResultFileKeepsTheIdsItWasGiven() throws CsvRefusedException {
        ColumnMap map = map(plus("agentcall_row", "agentcall_request_id", "agentcall_outcome"));

        assertThat(read(map, plus(ALL, "5", "csv-abc-5", "rejected")).request().requestId())
                .isEqualTo("csv-abc-5");
        assertThat(read(map, plus(ALL, "5", "'-5", "rejected")).request().requestId())
                .isEqualTo("-5");
        assertThat(read(map, plus(ALL, "5", "", "rejected")).request().requestId())
                .isEqualTo("derived-2");
    }

    @Test
    void theRequestIdGoesBeforeAnOldResultsId() throws CsvRefusedException {
        ColumnMap map = map(plus("agentcall_request_id", "request_id"));

        assertThat(read(map, plus(ALL, "old", "own")).request().requestId()).isEqualTo("own");
        assertThat(read(map, plus(ALL, "old", "")).request().requestId()).isEqualTo("old");
    }

    // --- Extras and result columns ---------------------------------------------------------------------------------

    @Test
    void everyOtherColumnComesBackAsAnExtraInItsOrder() throws CsvRefusedException {
        ColumnMap map = map(plus("CRM Id", "nota", "agentcall_row", "agentcall_other", "AgentCall_Detail"));

        assertThat(read(map, plus(ALL, "77", "", "9", "x", "y")).request().extra())
                .containsExactly(entry("CRM Id", "77"), entry("nota", ""));
    }

    @Test
    void columnsOfOneNameAreAllKept() throws CsvRefusedException {
        ColumnMap map = map(plus("nota", "nota", "nota_2", "nota"));

        Map<String, Object> extra =
                read(map, plus(ALL, "a", "b", "c", "d")).request().extra();

        assertThat(extra).hasSize(4).containsEntry("nota", "a").containsEntry("nota_2", "c");
        assertThat(extra.values()).containsExactly("a", "b", "c", "d");
    }

    @Test
    void aColumnWithoutANameIsKeptWhereItHoldsSomething() throws CsvRefusedException {
        ColumnMap map = map(plus("", "column_8", " "));

        assertThat(read(map, plus(ALL, "a", "b", "")).request().extra().values())
                .containsExactly("a", "b");
        assertThat(read(map, plus(ALL, "", "b", "")).request().extra()).containsExactly(entry("column_8", "b"));
    }

    @Test
    void resultFilesHaveTheInputsOwnColumnsWithoutOldResults() throws CsvRefusedException {
        ColumnMap map = map(plus("agentcall_row", "nota", "Agentcall_Guid"));

        assertThat(map.ownHeader()).isEqualTo(List.of(plus("nota")));
        assertThat(map.own(List.of(plus(ALL, "5", "n", "g")))).isEqualTo(List.of(plus(ALL, "n")));
        assertThat(map.own(List.of("1"))).containsExactly("1", "", "", "", "", "", "", "");
    }

    @Test
    void whatWasFoundOutAboutARowOfAResultFileDoesNotStickToTheNextCall() throws CsvRefusedException {
        ColumnMap map = map(plus("Settled", "agentcall_request_id", "settled_guid", "settled note", "nota"));

        assertThat(map.ownHeader()).isEqualTo(List.of(plus("nota")));
        assertThat(read(map, plus(ALL, "not-placed", "id-1", "", "phone was off", "n"))
                        .request()
                        .extra())
                .isEqualTo(Map.of("nota", "n"));
    }

    @Test
    void aColumnSettledOfAFileThatIsNoResultFileIsLikeAnyOther() throws CsvRefusedException {
        assertThat(map(plus("settled")).ownHeader()).isEqualTo(List.of(plus("settled")));
    }

    // --- Rows ------------------------------------------------------------------------------------------------------

    @Test
    void aRowSaysWhereItCameFrom() throws CsvRefusedException {
        assertThat(read(map(ALL.toArray(String[]::new)), ALL.toArray(String[]::new))
                        .request()
                        .source())
                .isEqualTo(new Source("csv", "calls.csv", 2));
    }

    @Test
    void tooFewCellsAreBlankOnes() throws CsvRefusedException {
        Incoming read = read(map(ALL.toArray(String[]::new)), "1", "maria");

        assertThat(read.faults()).isEmpty();
        assertThat(read.request().fields()).containsExactly(entry(Field.CALLERID, "1"), entry(Field.AGENT, "maria"));
    }

    @Test
    void tooManyCellsAreMalformedAndShown() throws CsvRefusedException {
        assertThat(read(map(ALL.toArray(String[]::new)), plus(ALL, "", "one too many"))
                        .faults())
                .singleElement()
                .satisfies(fault -> {
                    assertThat(fault.reason()).isEqualTo("malformed");
                    assertThat(fault.detail()).contains("7 columns", "'one too many'");
                });
    }

    @Test
    void emptyCellsBeyondTheHeaderDoNotMatter() throws CsvRefusedException {
        assertThat(read(map(ALL.toArray(String[]::new)), plus(ALL, "", " ", "", "\u00A0", "\t\u2007\uFEFF"))
                        .faults())
                .isEqualTo(List.<Fault>of());
        assertThat(read(map(plus("agentcall_surplus")), plus(ALL, "\u00A0")).faults())
                .isEqualTo(List.<Fault>of());
    }

    @Test
    void theMappingIsToldInOneLine() throws CsvRefusedException {
        ColumnMap map = map("Did", "Agente", "Anexo", "tech", "context", "cola", "Destino", "request_id", "no\nta");

        assertThat(map.describe())
                .contains("'Did' = callerid", "'Anexo' = phone", "'request_id' = requestId", "extra: 'no ta'")
                .doesNotContain("\n");
    }

    private static ColumnMap map(String... header) throws CsvRefusedException {
        return ColumnMap.of(List.of(header), Map.of(), SIP);
    }

    /** All columns, the one for this field under another name. */
    private static ColumnMap withColumn(String name, Field field) throws CsvRefusedException {
        return field == Field.DATA
                ? map(plus(name))
                : map(ALL.stream()
                        .map(known -> known.equals(field.key()) ? name : known)
                        .toArray(String[]::new));
    }

    private static String[] cells(ColumnMap map, String cell) {
        return map.ownHeader().stream().map(name -> cell).toArray(String[]::new);
    }

    private static String[] plus(String... more) {
        return plus(ALL, more);
    }

    private static String[] plus(List<String> cells, String... more) {
        return Stream.concat(cells.stream(), Arrays.stream(more)).toArray(String[]::new);
    }

    private static Incoming read(ColumnMap map, String... cells) {
        return map.read(new CsvRows.Row(2, 2, List.of(cells)), "derived-2", "calls.csv");
    }
}
