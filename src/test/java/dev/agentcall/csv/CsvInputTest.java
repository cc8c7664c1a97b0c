package dev.agentcall.csv;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.agentcall.call.Field;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsvInputTest {

    private static final String TABLE =
            "callerid;agente;anexo;contexto;campaña;destino\n1;josé;101;agentes;Ventas;0991\n1;ana;102;agentes;Ventas;0992\n";

    @TempDir
    Path folder;

    @Test
    void aNameThatLeavesNoRoomForThoseOfTheResultsIsRefusedBeforeAnyCall() throws Exception {
        byte[] table = TABLE.getBytes(UTF_8);

        assertThat(ids("ñ".repeat(110) + ".csv", table)).hasSize(2);
        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> ids("ñ".repeat(110) + "x.csv", table))
                .withMessageContaining("221 bytes")
                .withMessageContaining("220 at most");
    }

    // --- Ids -------------------------------------------------------------------------------------------------------

    @Test
    void theSameTableHasTheSameIdsHoweverItIsWritten() throws Exception {
        List<String> ids = ids("calls.csv", TABLE.getBytes(UTF_8));

        assertThat(ids).hasSize(2).doesNotHaveDuplicates();
        assertThat(ids("other name.CSV", TABLE.getBytes(UTF_8))).isEqualTo(ids);
        assertThat(ids("calls.csv", ("\uFEFF" + TABLE).getBytes(UTF_8))).isEqualTo(ids);
        assertThat(ids("calls.csv", ("\uFEFF" + TABLE).getBytes(UTF_16LE))).isEqualTo(ids);
        assertThat(ids("calls.csv", TABLE.getBytes(Charset.forName("windows-1252"))))
                .isEqualTo(ids);
        assertThat(ids(TABLE.replace(';', ','))).isEqualTo(ids);
        assertThat(ids(TABLE.replace(';', '\t'))).isEqualTo(ids);
        assertThat(ids("sep=;\n" + TABLE)).isEqualTo(ids);
        assertThat(ids(TABLE.replace("\n", "\r\n"))).isEqualTo(ids);
        assertThat(ids(TABLE.replace("josé", "\"josé\"").replace("0992", "\"0992\"")))
                .isEqualTo(ids);
        assertThat(ids(TABLE.stripTrailing())).isEqualTo(ids);
    }

    @Test
    void emptyCellsAtTheEndOfALineDoNotMatterToTheIds() throws Exception {
        String header = TABLE.substring(0, TABLE.indexOf('\n')) + ";nota";
        String row = "1;ana;102;agentes;Ventas;0991";
        List<String> ids = ids(header + "\n" + row + "\n");

        assertThat(ids(header + "\n" + row + ";\n")).isEqualTo(ids);
        assertThat(ids(header + ";;\n" + row + ";;;;\n")).isEqualTo(ids);
        assertThat(ids(header + "\n" + row + ";x\n")).doesNotContainAnyElementsOf(ids);
    }

    @Test
    void anotherTableHasOtherIds() throws Exception {
        List<String> ids = ids(TABLE);

        assertThat(ids(TABLE + "1;eva;103;agentes;Ventas;0993\n")).doesNotContainAnyElementsOf(ids);
        assertThat(ids(TABLE.replace("0992", "0993"))).doesNotContainAnyElementsOf(ids);
        assertThat(ids(TABLE.replace("contexto", "context"))).doesNotContainAnyElementsOf(ids);
    }

    @Test
    void whereACellEndsMattersToTheIds() throws Exception {
        String header = TABLE.substring(0, TABLE.indexOf('\n')) + ";x;y\n";

        assertThat(ids(header + "1;a;1;c;o;0991;ab;c\n"))
                .doesNotContainAnyElementsOf(ids(header + "1;a;1;c;o;0991;a;bc\n"));
    }

    @Test
    void twoEqualRowsAreTwoRequests() throws Exception {
        String row = "1;ana;102;agentes;Ventas;0992\n";

        assertThat(ids(TABLE + row)).hasSize(3).doesNotHaveDuplicates();
    }

    @Test
    void aGivenIdIsKeptAndAllOthersAreValidOnes() throws Exception {
        List<String> ids = ids("request_id;callerid;agente;anexo;contexto;campaña;destino\n"
                + "crm-1;1;a;1;c;o;0991\n;1;a;1;c;o;0992\n");

        assertThat(ids.get(0)).isEqualTo("crm-1");
        assertThat(ids.get(1)).matches("[^/\\s]{1,200}");
    }

    // --- What is known before the first call -----------------------------------------------------------------------

    @Test
    void theRowsAndTheBusiestAgentAreCounted() throws Exception {
        try (CsvInput input = open(TABLE + "\n;;\n1; ana ;102;agentes;Ventas;0993\n")) {
            assertThat(input.rows()).isEqualTo(3);
            assertThat(input.busiestAgent()).isEqualTo(2);
        }
    }

    @Test
    void aFileWithAHeaderOnlyIsAGoodFileWithoutRows() throws Exception {
        try (CsvInput input = open(TABLE.substring(0, TABLE.indexOf('\n')));
                CsvRows rows = input.openRows()) {
            assertThat(input.rows()).isZero();
            assertThat(rows.next()).isNull();
        }
    }

    @Test
    void theRowsCanBeReadAgainAfterTheHeader() throws Exception {
        try (CsvInput input = open(TABLE)) {
            for (int pass = 0; pass < 2; pass++) {
                try (CsvRows rows = input.openRows()) {
                    assertThat(input.read(rows.next()).request().get(Field.AGENT))
                            .isEqualTo("josé");
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "``,                                             empty",
                "`\n\n \n`,                                      no header row",
                "`;;;;\n;;\n`,                                   no header row",
                "`\uFEFF`,                                       no header row",
                "`agent;destino\n1;2\n`,                         no column for",
                "`callerid;agente;anexo;contexto;cola;destino\n1;a;1;c;o;1\n1;\"a;1;c;o;2\n`, never closed",
            })
    void whatIsNoSuchCsvIsRefusedBeforeTheFirstRow(String text, String why) throws IOException {
        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> open(text))
                .withMessageContaining(why);
        assertThat(folder.resolve("work")).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource({"calls.csv, calls", "CALLS.CSV, CALLS", "a.b.csv, a.b", "calls.txt, calls.txt"})
    void theResultsAreNamedAfterTheFileWithoutItsEnding(String name, String baseName) {
        assertThat(CsvInput.baseName(name)).isEqualTo(baseName);
    }

    private CsvInput open(String text) throws IOException, CsvRefusedException {
        return open("calls.csv", text.getBytes(UTF_8));
    }

    private CsvInput open(String name, byte[] bytes) throws IOException, CsvRefusedException {
        return CsvInput.open(
                Files.write(folder.resolve(name), bytes),
                name,
                folder.resolve("work"),
                Map.of(),
                Map.of(Field.TECH, "SIP"));
    }

    private List<String> ids(String text) throws IOException, CsvRefusedException {
        return ids("calls.csv", text.getBytes(UTF_8));
    }

    private List<String> ids(String name, byte[] bytes) throws IOException, CsvRefusedException {
        List<String> ids = new ArrayList<>();
        try (CsvInput input = open(name, bytes);
                CsvRows rows = input.openRows()) {
            for (CsvRows.Row row = rows.next(); row != null; row = rows.next()) {
                ids.add(input.read(row).request().requestId());
            }
        }
        return ids;
    }
}
