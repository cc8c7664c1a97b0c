package dev.agentcall.csv;

import dev.agentcall.call.Field;
import dev.agentcall.call.Incoming;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * One CSV file after its first pass: how it is to be read, and that it can be read to its end.
 *
 * @param name the file's name
 * @param table digest of all its cells; equal for the same table, whatever its encoding, delimiter, quoting, blank lines and
 *     empty cells at the end of lines
 * @param content the same, but of where its blank lines are as well: equal for files whose rows have the same numbers
 * @param rows rows after the header, without blank ones
 * @param busiestAgent most rows for one agent
 * @param hasSurplus some row has more cells than the header
 */
record CsvInput(
        String name,
        CsvSnapshot snapshot,
        CsvLayout layout,
        ColumnMap columns,
        String table,
        String content,
        int rows,
        int busiestAgent,
        boolean hasSurplus)
        implements AutoCloseable {

    /** What a line may be made of that names no column, under any delimiter. */
    private static final Predicate<String> DELIMITERS =
            Pattern.compile("[\\s,;|]*").asMatchPredicate();

    private static final int DIGEST_CHARS = 24;
    /** Of the 255 bytes that a name may have, a result on its way takes so many more: a timestamp and two endings. */
    private static final int MAX_NAME = 255 - ("." + ".20261124T020400Z" + ".success.csv" + ".part").length();

    private static final int COUNTED_AGENTS = 10_000;

    /**
     * Copies the file and reads it once.
     *
     * @param name the file's own, wherever it is now
     * @param work folder for the copy, which {@link #close} deletes
     * @throws CsvRefusedException if it is no CSV file of calls
     */
    static CsvInput open(Path file, String name, Path work, Map<String, Field> configured, Map<Field, String> defaults)
            throws IOException, CsvRefusedException {
        int length = baseName(name).getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_NAME) {
            throw new CsvRefusedException("the file's name is " + length + " bytes long without its ending, expected "
                    + MAX_NAME + " at most: the names of its results are longer");
        }
        CsvSnapshot snapshot = CsvSnapshot.take(file, work);
        try {
            return firstPass(name, snapshot, configured, defaults);
        } catch (IOException | CsvRefusedException | RuntimeException e) {
            snapshot.close();
            throw e;
        }
    }

    private static CsvInput firstPass(
            String name, CsvSnapshot snapshot, Map<String, Field> configured, Map<Field, String> defaults)
            throws IOException, CsvRefusedException {
        CsvLayout layout = CsvLayout.detect(snapshot);
        Map<String, Integer> agents = new HashMap<>();
        MessageDigest digest = sha256();
        MessageDigest blanks = sha256();
        int number = 0;
        try (CsvRows rows = CsvRows.open(snapshot, layout)) {
            CsvRows.Row header = rows.next();
            if (header == null || header.cells().stream().allMatch(DELIMITERS)) {
                throw new CsvRefusedException("the file has no header row, expected one with the names of the columns");
            }
            ColumnMap columns = ColumnMap.of(header.cells(), configured, defaults);
            update(digest, header.cells());
            int count = 0;
            int busiest = 0;
            boolean surplus = false;
            number = updateBlanks(blanks, number, header);
            for (CsvRows.Row row = rows.next(); row != null; row = rows.next()) {
                count++;
                surplus |= !columns.surplus(row.cells()).isEmpty();
                update(digest, row.cells());
                number = updateBlanks(blanks, number, row);
                String agent = columns.agent(row.cells());
                if (agent != null && (agents.size() < COUNTED_AGENTS || agents.containsKey(agent))) {
                    busiest = Math.max(busiest, agents.merge(agent, 1, Integer::sum));
                }
            }
            String table = hex(digest.digest());
            blanks.update(table.getBytes(StandardCharsets.UTF_8));
            return new CsvInput(name, snapshot, layout, columns, table, hex(blanks.digest()), count, busiest, surplus);
        }
    }

    /** Notes where blank lines lie between a row and the one before it; gives its number. */
    private static int updateBlanks(MessageDigest blanks, int before, CsvRows.Row row) {
        if (row.number() != before + 1) {
            blanks.update((row.number() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return row.number();
    }

    private static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest).substring(0, DIGEST_CHARS);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JRE has it
        }
    }

    /** Without empty cells at the end: spreadsheet programs write them or not, as they please. */
    private static void update(MessageDigest digest, List<String> cells) {
        int count = cells.size();
        while (count > 0 && cells.get(count - 1).isEmpty()) {
            count--;
        }
        StringBuilder line = new StringBuilder();
        for (String cell : cells.subList(0, count)) {
            line.append(cell.length()).append(':').append(cell);
        }
        digest.update(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
    }

    /** The rows again, from the first one after the header. */
    CsvRows openRows() throws IOException, CsvRefusedException {
        CsvRows rows = CsvRows.open(snapshot, layout);
        rows.next();
        return rows;
    }

    Incoming read(CsvRows.Row row) {
        return columns.read(row, derivedIds() + row.place(), name);
    }

    /** True for an id that is made for a row that brings none. */
    boolean isDerived(String requestId) {
        return requestId.startsWith(derivedIds());
    }

    private String derivedIds() {
        return "csv-" + table + "-";
    }

    /** The name without {@code .csv}. */
    String baseName() {
        return baseName(name);
    }

    static String baseName(String name) {
        return name.toLowerCase(java.util.Locale.ROOT).endsWith(".csv") ? name.substring(0, name.length() - 4) : name;
    }

    @Override
    public void close() throws IOException {
        snapshot.close();
    }
}
