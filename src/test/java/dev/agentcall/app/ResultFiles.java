package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The three result files of a CSV file, read back. */
record ResultFiles(
        List<Map<String, String>> success, List<Map<String, String>> error, List<Map<String, String>> unknown) {

    /** The files of this name, without {@code .success.csv} and so on. */
    static ResultFiles read(Path outbox, String name, char delimiter) throws IOException {
        return new ResultFiles(
                rows(outbox.resolve(name + ".success.csv"), delimiter),
                rows(outbox.resolve(name + ".error.csv"), delimiter),
                rows(outbox.resolve(name + ".unknown.csv"), delimiter));
    }

    private static List<Map<String, String>> rows(Path file, char delimiter) throws IOException {
        assertThat(file).isRegularFile();
        List<Map<String, String>> rows = new ArrayList<>();
        String text = Files.readString(file).replaceFirst("^\uFEFF", "");
        try (CsvReader<NamedCsvRecord> records =
                CsvReader.builder().fieldSeparator(delimiter).ofNamedCsvRecord(text)) {
            records.forEach(record -> rows.add(record.getFieldsAsMap()));
        }
        return rows;
    }

    /** All rows by their number. Fails if one is there twice, or the rows of a file are not in the input's order. */
    Map<Integer, Map<String, String>> byRow() {
        Map<Integer, Map<String, String>> all = new TreeMap<>();
        for (List<Map<String, String>> rows : List.of(success, error, unknown)) {
            assertThat(rows).extracting(ResultFiles::number).isSorted();
            for (Map<String, String> row : rows) {
                assertThat(all.put(number(row), row))
                        .as("row %s before", number(row))
                        .isNull();
            }
        }
        return all;
    }

    /** Row numbers with their outcome and reason, such as {@code rejected/ucontact-0}. */
    Map<Integer, String> outcomes() {
        Map<Integer, String> outcomes = new TreeMap<>();
        byRow().forEach((number, row) -> outcomes.put(
                number,
                row.get("agentcall_outcome")
                        + (row.get("agentcall_reason").isEmpty() ? "" : "/" + row.get("agentcall_reason"))));
        return outcomes;
    }

    /** One column of all rows, in their order. */
    List<String> column(String name) {
        return byRow().values().stream().map(row -> row.get(name)).toList();
    }

    Stream<Map<String, String>> rows() {
        return byRow().values().stream();
    }

    private static int number(Map<String, String> row) {
        return Integer.parseInt(row.get("agentcall_row"));
    }
}
