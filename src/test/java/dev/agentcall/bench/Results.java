package dev.agentcall.bench;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;

/**
 * Whether the result files of a run hold the rows of its input: the same cells, each row once and in any order, all of
 * them in {@code <name>.success.csv}, each with the GUID of another answer of the stub.
 */
final class Results {

    private Results() {}

    /** Throws {@link IncompleteRun} with the first difference found. */
    static void check(Path input, Path outbox) throws IOException, IncompleteRun {
        String name = input.getFileName().toString().replaceFirst("\\.csv$", "");
        for (String kind : List.of("error", "unknown")) {
            Path file = outbox.resolve(name + "." + kind + ".csv");
            if (Files.exists(file)) {
                expect("rows in " + file, 0, Rows.read(file, null).count);
            }
        }
        Rows expected = Rows.read(input, null);
        Path success = outbox.resolve(name + ".success.csv");
        if (!Files.exists(success)) {
            throw new IncompleteRun("expected the result file " + success + ", found none");
        }
        Rows found = Rows.read(success, expected.header);
        expect("rows in " + success, expected.count, found.count);
        expect("different GUIDs of the stub in " + success, expected.count, found.answers.cardinality());
        if (expected.sum != found.sum) {
            throw new IncompleteRun("the cells in " + success + " are not those of " + input);
        }
    }

    private static void expect(String what, long expected, long found) throws IncompleteRun {
        if (expected != found) {
            throw new IncompleteRun(what + ": expected " + expected + ", found " + found);
        }
    }

    /** What stays of a file's rows: how many, a sum over their cells that ignores their order, and the answers named. */
    private static final class Rows {

        private List<String> header;
        private long count;
        private long sum;
        private final BitSet answers = new BitSet();

        /**
         * Reads a file; with the input's columns given, it must have them by name, and agentcall_guid beside them.
         */
        static Rows read(Path file, List<String> inputColumns) throws IOException, IncompleteRun {
            Rows rows = new Rows();
            try (CsvReader<CsvRecord> reader =
                    CsvReader.builder().fieldSeparator(';').ofCsvRecord(file, StandardCharsets.UTF_8)) {
                Iterator<CsvRecord> records = reader.iterator();
                if (!records.hasNext()) {
                    throw new IncompleteRun("expected a header in " + file + ", found an empty file");
                }
                rows.header = records.next().getFields();
                int[] columns = columns(file, rows.header, inputColumns == null ? rows.header : inputColumns);
                int guid = inputColumns == null ? -1 : columns(file, rows.header, List.of("agentcall_guid"))[0];
                while (records.hasNext()) {
                    CsvRecord row = records.next();
                    rows.count++;
                    rows.sum += hash(row, columns);
                    if (guid >= 0 && row.getField(guid).startsWith(StubMain.GUID_PREFIX)) {
                        rows.answers.set(
                                Integer.parseInt(row.getField(guid).substring(StubMain.GUID_PREFIX.length()), 16));
                    }
                }
            }
            return rows;
        }

        private static int[] columns(Path file, List<String> header, List<String> names) throws IncompleteRun {
            int[] columns = new int[names.size()];
            for (int i = 0; i < columns.length; i++) {
                columns[i] = header.indexOf(names.get(i));
                if (columns[i] < 0) {
                    throw new IncompleteRun("expected a column " + names.get(i) + " in " + file + ", found " + header);
                }
            }
            return columns;
        }

        private static long hash(CsvRecord row, int[] columns) {
            long hash = 1;
            for (int column : columns) {
                hash = hash * 1_000_003 + row.getField(column).hashCode();
            }
            hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL; // spreads the bits, so that sums do not collide
            return hash ^ (hash >>> 33);
        }
    }
}
