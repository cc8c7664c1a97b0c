package dev.agentcall.csv;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CsvLayoutTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(chars = {',', ';', '\t', '|'})
    void theDelimiterIsFoundByItself(char delimiter) throws Exception {
        CsvLayout layout = detect("callerid,agente,teléfono\n1,2,3\n".replace(',', delimiter));

        assertThat(layout.delimiter()).isEqualTo(delimiter);
        assertThat(layout.separatorLine()).isZero();
    }

    @Test
    void theDelimiterThatGivesKnownColumnsWinsOverOneThatGivesMore() throws Exception {
        assertThat(detect("agent;destino;nota (a,b,c,d,e,f)\n").delimiter()).isEqualTo(';');
        assertThat(detect("agent,destino,a;b;c;d;e;f\n").delimiter()).isEqualTo(',');
    }

    @Test
    void aDelimiterInQuotesIsNone() throws Exception {
        assertThat(detect("\"x,a,b,c,d\";agent\n").delimiter()).isEqualTo(';');
    }

    @Test
    void onlyTheHeaderCountsAndBlankLinesBeforeItDoNot() throws Exception {
        assertThat(detect("\n;;\nagent;destino\n1,2,3,4,5,6\n1,2,3,4,5,6\n").delimiter())
                .isEqualTo(';');
    }

    @Test
    void withoutAKnownColumnTheMostColumnsWin() throws Exception {
        assertThat(detect("x|y|z,w\n").delimiter()).isEqualTo('|');
    }

    @ParameterizedTest
    @ValueSource(strings = {"sep=;\n", "sep=;\r\n", "sep=;\r", "SEP=;\r\n", "\"sep=;\"\r\n"})
    void excelsSeparatorLineIsHonoured(String line) throws Exception {
        CsvLayout layout = detect(line + "a,b,c,d;agent\n");

        assertThat(layout.delimiter()).isEqualTo(';');
        assertThat(layout.separatorLine()).isEqualTo(line.length());
    }

    @Test
    void aSeparatorLineMayNameAnyCharacter() throws Exception {
        assertThat(detect("sep=^\nagent^destino\n").delimiter()).isEqualTo('^');
        assertThat(detect("sep=\t\nagent\tdestino\n").delimiter()).isEqualTo('\t');
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void theLineEndIsTheFirstLines(String end) throws Exception {
        assertThat(detect("agent;destino" + end + "1;2" + end).lineEnd()).isEqualTo(end);
    }

    @Test
    void aFileWithoutALineEndHasOne() throws Exception {
        assertThat(detect("agent;destino").lineEnd()).isEqualTo("\n");
    }

    private CsvLayout detect(String text) throws Exception {
        Path file = Files.writeString(folder.resolve("calls.csv"), text);
        try (CsvSnapshot snapshot = CsvSnapshot.take(file, folder)) {
            return CsvLayout.detect(snapshot);
        }
    }
}
