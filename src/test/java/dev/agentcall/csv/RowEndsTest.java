package dev.agentcall.csv;

import static org.assertj.core.api.Assertions.assertThat;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import java.io.Reader;
import java.io.StringReader;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RowEndsTest {

    private static final int TEXTS = 200_000;

    private static List<List<String>> rows(CsvReader<CsvRecord> reader) {
        return reader.stream().map(CsvRecord::getFields).toList();
    }

    private static List<List<String>> rows(String text) {
        return rows(CsvLayout.reader(new StringReader(text), ','));
    }

    @Test
    void aReturnInAQuotedCellKeepsTheRowsApart() {
        assertThat(rows("1,\"x\ry\"\n2,z\n3,w\n"))
                .containsExactly(List.of("1", "x\ry"), List.of("2", "z"), List.of("3", "w"));
        assertThat(rows("\"x\r\"\n\"\r\"\n")).containsExactly(List.of("x\r"), List.of("\r"));
        assertThat(rows("1\r\"\"\n2\n")).containsExactly(List.of("1"), List.of(""), List.of("2"));
    }

    @Test
    void whatIsInQuotesIsAsItWas() {
        assertThat(rows("\"a\nb\",\"\n\"\n\"\"\"\n\"\"\",c\r\n\"x\r\ny\"\r\n"))
                .containsExactly(List.of("a\nb", "\n"), List.of("\"\n\"", "c"), List.of("x\r\ny"));
    }

    /** What is in quotes is what the CSV reader takes for it: without a CR the rows are the same with and without this. */
    @Test
    void theRowsAreThoseOfTheReaderItself() {
        Random random = new Random(1);
        for (int i = 0; i < TEXTS; i++) {
            StringBuilder text = new StringBuilder();
            random.ints(1 + random.nextInt(12), 0, 4).forEach(c -> text.append("a\",\n".charAt(c)));

            assertThat(rows(text.toString()))
                    .as(text.toString())
                    .isEqualTo(rows(CsvLayout.plainReader(new StringReader(text.toString()), ',')));
        }
    }

    /** And with one they are those of the same text with another character in its place, where that is in quotes. */
    @Test
    void aReturnInQuotesIsACharacterLikeAnyOther() {
        Random random = new Random(2);
        for (int i = 0; i < TEXTS; i++) {
            StringBuilder text = new StringBuilder();
            int cells = 1 + random.nextInt(6);
            for (int cell = 0; cell < cells; cell++) {
                text.append('"');
                random.ints(random.nextInt(5), 0, 3).forEach(c -> text.append("a#\n".charAt(c)));
                text.append('"').append(random.nextBoolean() ? ',' : '\n');
            }

            assertThat(rows(text.toString().replace('#', '\r')).toString().replace('\r', '#'))
                    .as(text.toString())
                    .isEqualTo(rows(text.toString()).toString());
        }
    }

    @Test
    void itReadsInPiecesOfAnySize() throws Exception {
        String text = "\"a\r\"\n\"b\"\r\nc\n\n\"\n\"";
        for (int size = 1; size < 5; size++) {
            StringBuilder read = new StringBuilder();
            try (Reader reader = new RowEnds(new StringReader(text), ',')) {
                char[] piece = new char[size];
                for (int length = reader.read(piece); length >= 0; length = reader.read(piece)) {
                    read.append(piece, 0, length);
                }
            }
            assertThat(read).hasToString("\"a\r\"\r\"b\"\r\nc\r\r\"\n\"");
        }
    }
}
