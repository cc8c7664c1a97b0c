package dev.agentcall.csv;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import java.io.Closeable;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The rows of a file from its header on, without the blank ones, each with the number that a spreadsheet shows. Reads as
 * a stream.
 */
final class CsvRows implements Closeable {

    private static final Pattern LINE_BREAK = Pattern.compile("\\r\\n|\\r|\\n");

    private final CsvReader<CsvRecord> reader;
    private final CloseableIterator<CsvRecord> lines;
    /** Lines before those that the reader sees. */
    private final int linesBefore;
    /** The last one that could be read, null before the first. */
    private CsvRecord last;

    private int number;
    private int place;

    private CsvRows(CsvReader<CsvRecord> reader, int linesBefore) {
        this.reader = reader;
        this.lines = reader.iterator();
        this.linesBefore = linesBefore;
    }

    static CsvRows open(CsvSnapshot snapshot, CsvLayout layout) throws IOException {
        Reader text = snapshot.open();
        text.skip(layout.separatorLine());
        return new CsvRows(
                CsvLayout.reader(new MarkedEnd(text), layout.delimiter()), layout.separatorLine() > 0 ? 1 : 0);
    }

    /**
     * A row of the file.
     *
     * @param number as a spreadsheet shows it: the first line is 1, blank lines count, a line break in quotes does not
     * @param place among the rows that are not blank: the header is 1. The same wherever blank lines are put in
     */
    record Row(int number, int place, List<String> cells) {}

    /**
     * The next row that is not blank, null at the end.
     *
     * @throws CsvRefusedException if a quote is never closed, or a row is too long
     */
    Row next() throws IOException, CsvRefusedException {
        try {
            while (lines.hasNext()) {
                last = lines.next();
                List<String> cells = last.getFields();
                if (isEnd(cells)) {
                    return null;
                }
                number++;
                if (cells.get(cells.size() - 1).endsWith(MarkedEnd.MARK)) {
                    throw unclosedQuote(last.getStartingLineNumber());
                }
                if (!isBlank(cells)) {
                    place++;
                    return new Row(number, place, cells);
                }
            }
            return null;
        } catch (CsvParseException e) {
            throwForeign(e);
            throw unclosedQuote(lineAfterLast());
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** The reader wraps whatever goes wrong below it; only what it finds itself is about the text. */
    static void throwForeign(CsvParseException e) throws IOException {
        Throwable cause = e.getCause();
        if (cause instanceof Error error) {
            throw error;
        }
        if (cause != null && !(cause instanceof CsvParseException)) {
            throw new IOException(cause);
        }
    }

    private static boolean isEnd(List<String> cells) {
        return cells.size() == 1 && cells.get(0).equals(MarkedEnd.MARK);
    }

    private long lineAfterLast() {
        if (last == null) {
            return 1;
        }
        long line = last.getStartingLineNumber() + 1;
        for (String cell : last.getFields()) {
            line += LINE_BREAK.matcher(cell).results().count();
        }
        return line;
    }

    private CsvRefusedException unclosedQuote(long line) {
        return new CsvRefusedException("a quote (\") opened in or after line " + (linesBefore + line)
                + " is never closed, expected a closing quote; or a row there is too long, expected less than "
                + CsvLayout.MAX_CELL + " characters and no more than " + CsvLayout.MAX_CELLS + " cells");
    }

    /** Not what Validation calls blank: which lines are rows is in the ids of files that were called long ago. */
    static boolean isBlank(List<String> cells) {
        for (String cell : cells) {
            if (!cell.isBlank()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }

    /**
     * The text with a line of its own at the end. If that line is not read as one, a quote was open: the CSV reader itself
     * takes the end of the text for a closing quote.
     */
    private static final class MarkedEnd extends Reader {
        /** Half a character: no decoder makes one, whatever is in the file, and none is a delimiter. */
        private static final String MARK = "\uDC00";

        private final Reader text;
        private String end = "\n" + MARK;

        private MarkedEnd(Reader text) {
            this.text = text;
        }

        @Override
        public int read(char[] buffer, int offset, int length) throws IOException {
            int read = text.read(buffer, offset, length);
            if (read >= 0) {
                return read;
            }
            if (end.isEmpty()) {
                return -1;
            }
            int part = Math.min(length, end.length());
            end.getChars(0, part, buffer, offset);
            end = end.substring(part);
            return part;
        }

        @Override
        public void close() throws IOException {
            text.close();
        }
    }
}
