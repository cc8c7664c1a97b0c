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

    private final Originals originals;
    private final Validation validation;
    private final Ledger ledger;
    /** By requestId, the rows so far that bring one of their own. */
    private final Map<String, Called> toCall = new HashMap<>();

    private record Called(String file, int row, int fieldsHash) {}

    /**
     * What would become of a row.
     *
     * @param why for people, if it is invalid; else null
     */
    private record Fate(Kind kind, String why) {

        private enum Kind {
            CALL,
            INVALID,
            SPENT,
            REPEATED,
            DECIDED
        }

        private static final Fate CALL = new Fate(Kind.CALL, null);
        private static final Fate SPENT = new Fate(Kind.SPENT, null);
        private static final Fate REPEATED = new Fate(Kind.REPEATED, null);
        private static final Fate DECIDED = new Fate(Kind.DECIDED, null);

        private static Fate invalid(String why) {
            return new Fate(Kind.INVALID, why);
        }
    }

    public CsvPreview(Settings settings, Validation validation, Ledger ledger) {
        this.originals = new Originals(settings, ledger);
        this.validation = validation;
        this.ledger = ledger;
    }

    /**
     * Prints the column mapping, every row that is invalid, the counts, and one form body with its numbers masked.
     *
     * @return false if the file is no CSV file of calls
     */
    public boolean print(Path file, PrintStream out) throws IOException {
        try (CsvInput input = originals.read(file)) {
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
        Map<Fate.Kind, Integer> counts = new EnumMap<>(Fate.Kind.class);
        CallRequest first = null;
        try (CsvRows rows = input.openRows()) {
            for (CsvRows.Row row = rows.next(); row != null; row = rows.next()) {
                Incoming checked = validation.check(input.read(row));
                Fate fate = decided.get(row.number()) ? Fate.DECIDED : fate(checked, input);
                counts.merge(fate.kind, 1, Integer::sum);
                if (fate.kind == Fate.Kind.INVALID) {
                    out.println("  row " + row.number() + " is invalid: " + fate.why);
                } else if (first == null && fate.kind == Fate.Kind.CALL) {
                    first = checked.request();
                }
            }
        }
        int repeated = counts.getOrDefault(Fate.Kind.REPEATED, 0);
        out.println("  would be called: " + counts.getOrDefault(Fate.Kind.CALL, 0)
                + ", invalid: " + counts.getOrDefault(Fate.Kind.INVALID, 0)
                + ", spent (called before, not called again): " + counts.getOrDefault(Fate.Kind.SPENT, 0)
                + (repeated == 0 ? "" : ", repeat an earlier row and its id: " + repeated)
                + (open.isEmpty() ? "" : ", decided before the interruption: " + decided.cardinality()));
        if (first != null) {
            out.println("  a body, numbers masked: " + FormBody.encode(masked(first)));
        }
    }

    private Fate fate(Incoming checked, CsvInput input) {
        if (!checked.faults().isEmpty()) {
            return Fate.invalid(checked.faults().stream().map(Fault::detail).collect(Collectors.joining("; ")));
        }
        CallRequest request = checked.request();
        String fields = OutcomeJson.fields(request);
        Entry spent = ledger.findSpent(request.requestId());
        if (spent != null) {
            return spent.fields().equals(fields)
                    ? Fate.SPENT
                    : Fate.invalid("its requestId belongs to an earlier request with other fields");
        }
        if (input.isDerived(request.requestId())) {
            return Fate.CALL;
        }
        Called called = new Called(request.source().name(), request.source().row(), fields.hashCode());
        Called before = toCall.putIfAbsent(request.requestId(), called);
        if (before == null) {
            return Fate.CALL;
        }
        return before.fieldsHash == called.fieldsHash
                ? Fate.REPEATED
                : Fate.invalid(
                        "its requestId belongs to row " + before.row + " of " + before.file + " with other fields");
    }

    private static Map<Field, String> masked(CallRequest request) {
        Map<Field, String> masked = new EnumMap<>(Field.class);
        request.fields()
                .forEach((field, value) ->
                        masked.put(field, field.kind() == Field.Kind.NUMBER ? Text.masked(value) : value));
        return masked;
    }
}
