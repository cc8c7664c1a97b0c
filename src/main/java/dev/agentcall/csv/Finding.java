package dev.agentcall.csv;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A row of an unknown.csv in which somebody has written what became of the call.
 *
 * @param row its number as a spreadsheet shows it
 * @param found what stands in the column {@code settled}, in lower case
 * @param guid the call's name from the column {@code settled_guid}, null without
 * @param note from the column {@code settled_note}, null without
 */
public record Finding(int row, String requestId, String found, String guid, String note) {

    private static final String REQUEST_ID = "agentcall_request_id";
    private static final String SETTLED = "settled";
    private static final String SETTLED_GUID = "settled_guid";
    private static final String SETTLED_NOTE = "settled_note";

    /** Normalised names of the columns that somebody adds to an unknown.csv. */
    static final Set<String> COLUMNS = Stream.of(SETTLED, SETTLED_GUID, SETTLED_NOTE)
            .map(ColumnNames::normalised)
            .collect(Collectors.toSet());

    /**
     * Reads the rows whose column {@code settled} is not empty.
     *
     * @param work folder for a copy of the file, which is deleted
     * @throws CsvRefusedException if it has no columns {@code agentcall_request_id} and {@code settled}
     */
    public static List<Finding> read(Path file, Path work) throws IOException, CsvRefusedException {
        try (CsvSnapshot snapshot = CsvSnapshot.take(file, work);
                CsvRows rows = CsvRows.open(snapshot, CsvLayout.detect(snapshot))) {
            CsvRows.Row header = rows.next();
            List<String> names = header == null
                    ? List.of()
                    : header.cells().stream().map(ColumnNames::normalised).toList();
            int id = column(names, REQUEST_ID);
            int settled = column(names, SETTLED);
            if (id < 0 || settled < 0) {
                throw new CsvRefusedException("found no column '" + (id < 0 ? REQUEST_ID : SETTLED)
                        + "', expected an unknown.csv with one more column 'settled'");
            }
            int guid = column(names, SETTLED_GUID);
            int note = column(names, SETTLED_NOTE);
            List<Finding> findings = new ArrayList<>();
            for (CsvRows.Row row = rows.next(); row != null; row = rows.next()) {
                String found = cell(row, settled);
                if (found != null) {
                    String requestId = cell(row, id);
                    findings.add(new Finding(
                            row.number(),
                            requestId == null ? "" : Formulas.unguarded(requestId),
                            found.toLowerCase(Locale.ROOT),
                            cell(row, guid),
                            cell(row, note)));
                }
            }
            return findings;
        }
    }

    private static int column(List<String> names, String name) {
        return names.indexOf(ColumnNames.normalised(name));
    }

    /** The cell, null if it is blank or there is none. */
    private static String cell(CsvRows.Row row, int column) {
        return column < 0
                        || column >= row.cells().size()
                        || row.cells().get(column).isBlank()
                ? null
                : row.cells().get(column).strip();
    }
}
