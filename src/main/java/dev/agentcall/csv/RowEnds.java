package dev.agentcall.csv;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;

/**
 * CSV text whose rows end with CR or CRLF, never with LF alone; what is in quotes is as it was. FastCSV 4.1 takes an LF
 * behind a closing quote for the second half of a CRLF if the last line end before it, be it in the quotes, was a CR: it would
 * read two rows as one, and put a cell of the second into the first.
 */
final class RowEnds extends FilterReader {

    private static final int START = 0;
    private static final int PLAIN = 1;
    private static final int QUOTED = 2;
    /** Behind a quote in a quoted cell: its end, unless another quote follows. */
    private static final int CLOSED = 3;

    private final char delimiter;
    private int cell = START;
    private boolean afterReturn;

    /** @param text with cells between this delimiter and double quotes */
    RowEnds(Reader text, char delimiter) {
        super(text);
        this.delimiter = delimiter;
    }

    @Override
    public int read() throws IOException {
        char[] one = new char[1];
        return read(one, 0, 1) < 0 ? -1 : one[0];
    }

    @Override
    public int read(char[] buffer, int offset, int length) throws IOException {
        int read = in.read(buffer, offset, length);
        for (int i = offset; i < offset + read; i++) {
            char c = buffer[i];
            if (c == '"') {
                cell = cell == START || cell == CLOSED ? QUOTED : cell == QUOTED ? CLOSED : cell;
            } else if (cell == QUOTED) {
                continue;
            } else if (c == '\n' || c == '\r') {
                if (c == '\n' && !afterReturn) {
                    buffer[i] = '\r';
                }
                cell = START;
            } else if (c == delimiter) {
                cell = START;
            } else if (cell == START) {
                cell = PLAIN;
            }
            afterReturn = c == '\r';
        }
        return read;
    }
}
