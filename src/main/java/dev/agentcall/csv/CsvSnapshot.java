package dev.agentcall.csv;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A private copy of a file as it was when its run began, so that a change meanwhile mixes nothing up, and how its bytes
 * are to be read: UTF-8 with or without a byte order mark, UTF-16 with one, else windows-1252.
 *
 * @param file the copy
 * @param charset its encoding
 * @param markLength bytes of the byte order mark, 0 without
 */
record CsvSnapshot(Path file, Charset charset, int markLength) implements AutoCloseable {

    private static final Charset WINDOWS_1252 = Charset.forName("windows-1252");
    private static final int BUFFER = 1 << 16;

    /**
     * Copies the file.
     *
     * @param work folder for the copy
     * @throws CsvRefusedException if it is empty or no text
     */
    static CsvSnapshot take(Path original, Path work) throws IOException, CsvRefusedException {
        if (Files.exists(original) && !Files.isRegularFile(original)) { // a pipe would be waited for
            throw new CsvRefusedException("found no regular file, expected CSV text");
        }
        Files.createDirectories(work);
        Path copy = Files.createTempFile(work, "copy-", ".csv");
        try {
            return new CsvSnapshot(copy, original);
        } catch (IOException | CsvRefusedException | RuntimeException e) {
            Files.deleteIfExists(copy);
            throw e;
        }
    }

    private CsvSnapshot(Path copy, Path original) throws IOException, CsvRefusedException {
        this(copy, copyAndDetect(original, copy));
    }

    private CsvSnapshot(Path copy, Encoding encoding) {
        this(copy, encoding.charset, encoding.markLength);
    }

    private record Encoding(Charset charset, int markLength) {}

    private static Encoding copyAndDetect(Path original, Path copy) throws IOException, CsvRefusedException {
        Utf8Check utf8 = new Utf8Check();
        byte[] head = new byte[0];
        boolean zeros = false;
        try (InputStream in = Files.newInputStream(original);
                OutputStream out = Files.newOutputStream(copy)) {
            byte[] buffer = new byte[BUFFER];
            for (int read = in.readNBytes(buffer, 0, BUFFER); read > 0; read = in.readNBytes(buffer, 0, BUFFER)) {
                if (head.length == 0) {
                    head = java.util.Arrays.copyOf(buffer, Math.min(read, 8));
                }
                zeros |= containsZero(buffer, read);
                utf8.feed(buffer, read);
                out.write(buffer, 0, read);
            }
        }
        return encoding(head, zeros, utf8.isValid());
    }

    private static Encoding encoding(byte[] head, boolean zeros, boolean utf8) throws CsvRefusedException {
        if (head.length == 0) {
            throw new CsvRefusedException("the file is empty, expected a header row and rows");
        }
        if (startsWith(head, 'P', 'K', 3, 4)) {
            throw new CsvRefusedException("the file is a workbook (XLSX) or a ZIP archive, expected CSV text; "
                    + "in the spreadsheet program use 'Save as' and choose CSV");
        }
        if (startsWith(head, 0xD0, 0xCF, 0x11, 0xE0)) {
            throw new CsvRefusedException("the file is a workbook (XLS), expected CSV text; "
                    + "in the spreadsheet program use 'Save as' and choose CSV");
        }
        if (startsWith(head, 0xFF, 0xFE)) {
            return new Encoding(StandardCharsets.UTF_16LE, 2);
        }
        if (startsWith(head, 0xFE, 0xFF)) {
            return new Encoding(StandardCharsets.UTF_16BE, 2);
        }
        if (zeros) {
            throw new CsvRefusedException("the file is binary (it has zero bytes), expected CSV text");
        }
        if (!utf8) {
            return new Encoding(WINDOWS_1252, 0);
        }
        return new Encoding(StandardCharsets.UTF_8, startsWith(head, 0xEF, 0xBB, 0xBF) ? 3 : 0);
    }

    private static boolean startsWith(byte[] head, int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            if (i >= head.length || (head[i] & 0xFF) != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean containsZero(byte[] buffer, int length) {
        for (int i = 0; i < length; i++) {
            if (buffer[i] == 0) {
                return true;
            }
        }
        return false;
    }

    boolean hasMark() {
        return markLength > 0;
    }

    /** The text without its byte order mark. */
    Reader open() throws IOException {
        InputStream in = Files.newInputStream(file);
        in.skipNBytes(markLength);
        return new BufferedReader(new InputStreamReader(in, charset), BUFFER);
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
    }

    /** Tells whether bytes that come in pieces are UTF-8. */
    private static final class Utf8Check {
        private final CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER + 8);
        private final CharBuffer chars = CharBuffer.allocate(BUFFER + 8);
        private boolean valid = true;

        private void feed(byte[] buffer, int length) {
            if (valid) {
                bytes.put(buffer, 0, length).flip();
                chars.clear();
                valid = !decoder.decode(bytes, chars, false).isError();
                bytes.compact();
            }
        }

        private boolean isValid() {
            bytes.flip();
            chars.clear();
            return valid && !decoder.decode(bytes, chars, true).isError();
        }
    }
}
