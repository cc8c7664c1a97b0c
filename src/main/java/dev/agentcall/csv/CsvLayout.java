package dev.agentcall.csv;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the rows of one file are to be read.
 *
 * @param delimiter what separates cells
 * @param separatorLine length of a first line {@code sep=;} with its line end, in characters; 0 without
 * @param lineEnd the line end of the first line
 */
record CsvLayout(char delimiter, int separatorLine, String lineEnd) {

    /** A cell, with what is before it in its row, is at most this long; mostly a longer one is a quote that nobody closed. */
    static final int MAX_CELL = 1 << 20;

    /** As many as the reader takes by itself. */
    static final int MAX_CELLS = 16_384;

    private static final String DELIMITERS = ",;\t|";
    private static final int HEAD = 1 << 16;
    private static final Pattern SEPARATOR_LINE =
            Pattern.compile("\"?sep=([^\r\n\"])\"?(\r\n|\r|\n|$)", Pattern.CASE_INSENSITIVE);
    private static final Pattern LINE_END = Pattern.compile("\r\n|\r|\n");

    /** Finds the delimiter with which the header row has the most columns that are known, or else the most at all. */
    static CsvLayout detect(CsvSnapshot snapshot) throws IOException {
        String head = head(snapshot);
        Matcher lineEnd = LINE_END.matcher(head);
        String end = lineEnd.find() ? lineEnd.group() : "\n";
        Matcher separator = SEPARATOR_LINE.matcher(head);
        if (separator.lookingAt()) {
            return new CsvLayout(separator.group(1).charAt(0), separator.end(), end);
        }
        char best = DELIMITERS.charAt(0);
        int bestScore = -1;
        for (char delimiter : DELIMITERS.toCharArray()) {
            int score = score(headerCells(head, delimiter));
            if (score > bestScore) {
                best = delimiter;
                bestScore = score;
            }
        }
        return new CsvLayout(best, 0, end);
    }

    /** True if the delimiter is not found by itself: a file with it needs a first line that tells it. */
    boolean needsSeparatorLine() {
        return DELIMITERS.indexOf(delimiter) < 0;
    }

    private static String head(CsvSnapshot snapshot) throws IOException {
        char[] head = new char[HEAD];
        try (Reader reader = snapshot.open()) {
            int length = 0;
            for (int read = 0; read >= 0 && length < HEAD; read = reader.read(head, length, HEAD - length)) {
                length += read;
            }
            return new String(head, 0, length);
        }
    }

    private static List<String> headerCells(String head, char delimiter) throws IOException {
        try (CsvReader<CsvRecord> reader = reader(new StringReader(head), delimiter)) {
            for (CsvRecord line : reader) {
                if (!CsvRows.isBlank(line.getFields())) {
                    return line.getFields();
                }
            }
        } catch (CsvParseException e) {
            CsvRows.throwForeign(e);
            // not with this delimiter
        }
        return List.of();
    }

    private static int score(List<String> cells) {
        int known = 0;
        for (String cell : cells) {
            String name = ColumnNames.normalised(cell);
            if (ColumnNames.fieldOf(name) != null || ColumnNames.isAmbiguous(name)) {
                known++;
            }
        }
        return known * 10_000 + Math.min(cells.size(), 9_999);
    }

    /** All lines, blank ones too; characters after a closing quote are taken as they are. */
    static CsvReader<CsvRecord> reader(Reader text, char delimiter) {
        return plainReader(new RowEnds(text, delimiter), delimiter);
    }

    static CsvReader<CsvRecord> plainReader(Reader text, char delimiter) {
        return CsvReader.builder()
                .fieldSeparator(delimiter)
                .skipEmptyLines(false)
                .allowExtraFields(true)
                .allowMissingFields(true)
                .allowExtraCharsAfterClosingQuote(true)
                .maxBufferSize(MAX_CELL)
                .ofCsvRecord(text);
    }
}
