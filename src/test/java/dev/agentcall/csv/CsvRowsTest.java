package dev.agentcall.csv;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import de.siegmar.fastcsv.reader.CsvParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CsvRowsTest {

    private static final String HEADER = "agent;destino\n";

    @TempDir
    Path folder;

    @Test
    void rowsHaveTheNumbersThatASpreadsheetShows() throws Exception {
        assertThat(rows(HEADER + "a;1\n\nb;2\n;;;;\n \t;\nc;3\n"))
                .containsExactly(
                        row(1, "agent", "destino"), row(2, "a", "1"), row(4, 3, "b", "2"), row(7, 4, "c", "3"));
    }

    @Test
    void aQuotedLineBreakDoesNotCount() throws Exception {
        assertThat(rows(HEADER + "\"a\nb\r\nc\";1\nd;2\n"))
                .containsExactly(row(1, "agent", "destino"), row(2, "a\nb\r\nc", "1"), row(3, "d", "2"));
    }

    @Test
    void theSeparatorLineIsNoRow() throws Exception {
        assertThat(rows("sep=;\r\n" + HEADER + "a;1\n")).containsExactly(row(1, "agent", "destino"), row(2, "a", "1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void anyLineEndWillDo(String end) throws Exception {
        String text = "agent;destino" + end + "a;1" + end + end + "b;2";

        assertThat(rows(text)).isEqualTo(rows(text + end)).isEqualTo(rows(text + end + end));
        assertThat(rows(text)).containsExactly(row(1, "agent", "destino"), row(2, "a", "1"), row(4, 3, "b", "2"));
    }

    @Test
    void lineEndsMayBeMixed() throws Exception {
        assertThat(rows("agent;destino\r\na;1\nb;2\rc;3"))
                .extracting(CsvRows.Row::number)
                .containsExactly(1, 2, 3, 4);
    }

    @Test
    void quotingIsThatOfRfc4180() throws Exception {
        assertThat(rows(HEADER + "\"a;\"\"b\"\"\";\"\"\n").get(1)).isEqualTo(row(2, "a;\"b\"", ""));
        assertThat(rows(HEADER + "a \"b\";1\n").get(1)).isEqualTo(row(2, "a \"b\"", "1"));
    }

    @Test
    void cellsAreNotTrimmed() throws Exception {
        assertThat(rows(HEADER + " a ;1\n").get(1)).isEqualTo(row(2, " a ", "1"));
    }

    @Test
    void aFileWithAHeaderOnlyHasNoRows() throws Exception {
        assertThat(rows("agent;destino")).containsExactly(row(1, "agent", "destino"));
        assertThat(rows(HEADER + "\n;\n")).containsExactly(row(1, "agent", "destino"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"a;1\nb;2\n",
                "a;1\n\"b;2",
                "a;\"",
                "a;\"\n",
                "a;\"x\"\"",
                "a;\"x\"\"\n",
            })
    void aQuoteThatIsNeverClosedIsRefused(String rows) {
        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> rows(HEADER + rows))
                .withMessageContaining("quote")
                .withMessageContaining("line ")
                .withMessageContaining("never closed");
    }

    @Test
    void aRowThatIsTooLongIsRefusedAsOne() throws Exception {
        assertThat(rows(HEADER + "a" + ";".repeat(16_383) + "\n")).hasSize(2);
        for (String row : List.of("a" + ";".repeat(16_384), "a;" + "x".repeat(1 << 20))) {
            assertThatExceptionOfType(CsvRefusedException.class)
                    .isThrownBy(() -> rows(HEADER + row + "\n"))
                    .withMessageContaining("or a row there is too long")
                    .withMessageContaining("1048576 characters and no more than 16384 cells");
        }
    }

    @ParameterizedTest
    @MethodSource
    void theLineThatIsToldIsWhereTheRowThatCannotBeReadBegins(String row) {
        String text = HEADER + "a;1\n\n".repeat(500) + "\"a\r\nb\nc\n\";\"\n\"\n" + row;

        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> rows(text))
                .withMessageContaining("in or after line 1007 is never closed");
        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> rows("sep=;\r\n" + text))
                .withMessageContaining("in or after line 1008 is never closed");
        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> rows("sep=;\n" + row))
                .withMessageContaining("in or after line 2 is never closed");
    }

    static List<String> theLineThatIsToldIsWhereTheRowThatCannotBeReadBegins() {
        return List.of("a;\"1\nb;2\n", "a;\"" + "x\n".repeat(1 << 20), "a" + ";".repeat(16_384));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a;\"1\"", "a;\"1\"\n", "a;\"\"", "\"\"\"\";1"})
    void aQuoteThatTheFileEndsWithIsClosed(String rows) throws Exception {
        assertThat(rows(HEADER + rows)).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0001agentcall-end\u0001", "x;\u0001agentcall-end\u0001", "\uFFFD", "\uD83D\uDE00"})
    void noLineOfTheTextIsTakenForItsEnd(String line) throws Exception {
        assertThat(rows(HEADER + line + "\nb;2\n"))
                .containsExactly(row(1, "agent", "destino"), row(2, line.split(";")), row(3, "b", "2"));
    }

    @Test
    void halfACharacterIsNotTakenForTheEndOfTheText() throws Exception {
        byte[] text = ("\uFEFF" + HEADER + "x\na;1\n").getBytes(UTF_16LE);
        text[2 * (1 + HEADER.length())] = (byte) 0x00;
        text[2 * (1 + HEADER.length()) + 1] = (byte) 0xDC;

        assertThat(rows(text)).containsExactly(row(1, "agent", "destino"), row(2, "\uFFFD"), row(3, "a", "1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "-", "\u0001", "\uD83D\uDE00"})
    void theEndIsFoundWhateverTheDelimiter(String delimiter) throws Exception {
        assertThat(rows("sep=" + delimiter + "\nx;1\n")).containsExactly(row(1, "x;1"));
    }

    @Test
    void aCellMayBeLong() throws Exception {
        String cell = "x".repeat(1_000_000);

        assertThat(rows(HEADER + "a;" + cell + "\n").get(1)).isEqualTo(row(2, "a", cell));
    }

    @Test
    void aRowMayBeLongerThanACell() throws Exception {
        String cell = "x".repeat(900_000);

        assertThat(rows(HEADER + cell + ";" + cell + "\n").get(1)).isEqualTo(row(2, cell, cell));
    }

    @Test
    void aCellOfMoreThanAMebibyteIsRefused() {
        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> rows(HEADER + "a;\"" + "x\n".repeat(1 << 20) + "\"\n"))
                .withMessageContaining("1048576 characters");
    }

    @Test
    void rowsAreReadAcrossAnyNumberOfBlocks() throws Exception {
        assertThat(rows(HEADER + "ana;099123456\n".repeat(50_000)))
                .hasSize(50_001)
                .last()
                .isEqualTo(row(50_001, "ana", "099123456"));
    }

    @Test
    void whatIsNoFaultOfTheTextIsNotTakenForOne() {
        assertThatExceptionOfType(OutOfMemoryError.class)
                .isThrownBy(() -> CsvRows.throwForeign(new CsvParseException("reading", new OutOfMemoryError("heap"))));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(
                        () -> CsvRows.throwForeign(new CsvParseException("reading", new IllegalStateException("x"))));
        assertThatNoException()
                .isThrownBy(
                        () -> CsvRows.throwForeign(new CsvParseException("reading", new CsvParseException("long"))));
    }

    private static CsvRows.Row row(int number, String... cells) {
        return row(number, number, cells);
    }

    private static CsvRows.Row row(int number, int place, String... cells) {
        return new CsvRows.Row(number, place, List.of(cells));
    }

    private List<CsvRows.Row> rows(String text) throws Exception {
        return rows(text.getBytes(UTF_8));
    }

    private List<CsvRows.Row> rows(byte[] text) throws Exception {
        Path file = Files.write(folder.resolve("calls.csv"), text);
        List<CsvRows.Row> all = new ArrayList<>();
        try (CsvSnapshot snapshot = CsvSnapshot.take(file, folder);
                CsvRows rows = CsvRows.open(snapshot, CsvLayout.detect(snapshot))) {
            for (CsvRows.Row row = rows.next(); row != null; row = rows.next()) {
                all.add(row);
            }
        }
        return all;
    }
}
