package dev.agentcall.csv;

import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Fault;
import dev.agentcall.call.Field;
import dev.agentcall.call.Incoming;
import dev.agentcall.call.OutcomeJson;
import dev.agentcall.call.Text;
import dev.agentcall.call.Validation;
import dev.agentcall.config.Settings;
import dev.agentcall.form.FormBody;
import dev.agentcall.ledger.Entry;
import dev.agentcall.ledger.FileRun;
import dev.agentcall.ledger.Ledger;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What would be done with a file, without doing it. */
public final class CsvPreview {

    private final Settings settings;
    private final Validation validation;
    private final Ledger ledger;

    public CsvPreview(Settings settings, Validation validation, Ledger ledger) {
        this.settings = settings;
        this.validation = validation;
        this.ledger = ledger;
    }

    /**
     * Prints the column mapping, every row that is invalid, the counts, and one form body with its numbers masked.
     *
     * @return false if the file is no CSV file of calls
     */
    public boolean print(Path file, PrintStream out) throws IOException {
        try (CsvInput input = CsvInput.open(
                file,
                settings.work().resolve(String.valueOf(ledger.processId())),
                settings.csvColumns(),
                settings.defaults())) {
            print(input, out);
            return true;
        } catch (CsvRefusedException e) {
            out.println(file.getFileName() + " would be refused: " + e.getMessage());
            return false;
        }
    }

    private void print(CsvInput input, PrintStream out) throws IOException, CsvRefusedException {
        out.println(input.name() + ": " + input.rows() + " rows, "
                + input.snapshot().charset() + ", delimiter '"
                + (input.layout().delimiter() == '\t' ? "\\t" : input.layout().delimiter()) + "'");
        out.println("  columns: " + input.columns().describe());
        List<FileRun> open = ledger.fileRuns().findOpen(input.name(), input.content());
        BitSet decided = open.isEmpty() ? new BitSet() : ledger.fileRuns().decidedRows(open.get(0));
        Map<String, Integer> counts = new HashMap<>();
        CallRequest first = null;
        try (CsvRows rows = input.openRows()) {
            for (CsvRows.Row row = rows.next(); row != null; row = rows.next()) {
                Incoming checked = validation.check(input.read(row));
                String fate = decided.get(row.number()) ? "decided" : fate(checked);
                counts.merge(fate, 1, Integer::sum);
                if (fate.equals("invalid") || fate.equals("conflict")) {
                    out.println("  row " + row.number() + " is invalid: "
                            + (fate.equals("conflict")
                                    ? "its requestId belongs to an earlier request with other fields"
                                    : checked.faults().stream()
                                            .map(Fault::detail)
                                            .collect(Collectors.joining("; "))));
                } else if (first == null && fate.equals("call")) {
                    first = checked.request();
                }
            }
        }
        out.println("  would be called: " + counts.getOrDefault("call", 0) + ", invalid: "
                + (counts.getOrDefault("invalid", 0) + counts.getOrDefault("conflict", 0))
                + ", spent (called before, not called again): " + counts.getOrDefault("spent", 0)
                + (open.isEmpty() ? "" : ", decided before the interruption: " + decided.cardinality()));
        if (first != null) {
            out.println("  a body, numbers masked: " + FormBody.encode(masked(first)));
        }
    }

    private String fate(Incoming checked) {
        if (!checked.faults().isEmpty()) {
            return "invalid";
        }
        Entry spent = ledger.findSpent(checked.request().requestId());
        if (spent == null) {
            return "call";
        }
        return spent.fields().equals(OutcomeJson.fields(checked.request())) ? "spent" : "conflict";
    }

    private static Map<Field, String> masked(CallRequest request) {
        Map<Field, String> masked = new EnumMap<>(Field.class);
        request.fields()
                .forEach((field, value) ->
                        masked.put(field, field.kind() == Field.Kind.NUMBER ? Text.masked(value) : value));
        return masked;
    }
}
