package dev.agentcall.csv;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.agentcall.ledger.FileRun;
import dev.agentcall.ledger.FileRuns;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Supplier;

/**
 * The three result files of a run: every row of the input once, in the input's order, out of a second pass over the file
 * and the ledger. They are written beside their places and renamed into them when all three are complete and on the disk.
 */
final class CsvResults {

    /** The columns that are added to the input's own. */
    static final List<String> COLUMNS = List.of(
            "agentcall_row",
            "agentcall_request_id",
            "agentcall_outcome",
            "agentcall_guid",
            "agentcall_reason",
            "agentcall_detail",
            "agentcall_replayed");

    /** The column beside them in the results of a file with rows that have more cells than its header. */
    static final String SURPLUS = "agentcall_surplus";

    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private CsvResults() {}

    /** The names of the results of a run, in the order success, error, unknown. */
    static List<String> names(String resultName) {
        return List.of(resultName + ".success.csv", resultName + ".error.csv", resultName + ".unknown.csv");
    }

    /** Where the results of a run are, in the same order. */
    static List<Path> places(FileRun run, Path outbox) {
        return names(run.resultName()).stream().map(outbox::resolve).toList();
    }

    /**
     * Writes the three files.
     *
     * @param another gives another name where the run's has been taken meanwhile
     * @return the run, with the name that they have
     * @throws IllegalStateException if a row has no outcome
     */
    static FileRun write(CsvInput input, FileRun run, FileRuns runs, Path outbox, Supplier<String> another)
            throws IOException, CsvRefusedException {
        List<Path> parts = names(run.resultName()).stream()
                .map(name -> outbox.resolve("." + name + ".part"))
                .toList();
        try {
            try (Result success = new Result(parts.get(0), input);
                    Result error = new Result(parts.get(1), input);
                    Result unknown = new Result(parts.get(2), input);
                    CsvRows rows = input.openRows()) {
                runs.readRows(run, outcomes -> {
                    for (CsvRows.Row row = nextRow(rows); row != null; row = nextRow(rows)) {
                        FileRuns.RowOutcome outcome = outcomes.of(row.number());
                        if (outcome == null) {
                            throw new IllegalStateException(
                                    "row " + row.number() + " of " + input.name() + " has no outcome");
                        }
                        Result result =
                                switch (outcome.kind()) {
                                    case PLACED -> success;
                                    case REJECTED, INVALID -> error;
                                    case UNKNOWN -> unknown;
                                };
                        result.add(row, outcome);
                    }
                });
            }
            FileRun named = run;
            while (named == null || isTaken(places(named, outbox), parts)) {
                named = runs.rename(run, another.get());
            }
            List<Path> places = places(named, outbox);
            for (int i = 0; i < places.size(); i++) {
                Files.move(parts.get(i), places.get(i), StandardCopyOption.ATOMIC_MOVE);
            }
            Disk.sync(outbox);
            return named;
        } finally {
            for (Path part : parts) {
                Files.deleteIfExists(part);
            }
        }
    }

    /** True if one of the files is there and is none that this run has put there before it was broken off. */
    private static boolean isTaken(List<Path> places, List<Path> parts) throws IOException {
        for (int i = 0; i < places.size(); i++) {
            if (Files.exists(places.get(i)) && Files.mismatch(places.get(i), parts.get(i)) >= 0) {
                return true;
            }
        }
        return false;
    }

    private static CsvRows.Row nextRow(CsvRows rows) throws IOException {
        try {
            return rows.next();
        } catch (CsvRefusedException e) {
            throw new IOException(e.getMessage(), e); // the copy was read to its end before
        }
    }

    private static final class Result implements Closeable {
        private final FileChannel channel;
        private final CsvWriter writer;
        private final ColumnMap columns;
        private final boolean hasSurplus;

        private Result(Path file, CsvInput input) throws IOException {
            columns = input.columns();
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
            BufferedWriter text = new BufferedWriter(
                    new OutputStreamWriter(Channels.newOutputStream(channel), StandardCharsets.UTF_8), 1 << 16);
            if (input.snapshot().hasMark()) {
                text.write(BYTE_ORDER_MARK);
            }
            CsvLayout layout = input.layout();
            LineDelimiter lineEnd = layout.lineEnd().equals("\r\n") ? LineDelimiter.CRLF : LineDelimiter.LF;
            if (layout.needsSeparatorLine()) {
                text.write("sep=" + layout.delimiter() + lineEnd);
            }
            writer = CsvWriter.builder()
                    .fieldSeparator(layout.delimiter())
                    .lineDelimiter(lineEnd)
                    .build(text);
            List<String> header = columns.ownHeader();
            header.addAll(COLUMNS);
            hasSurplus = input.hasSurplus();
            if (hasSurplus) {
                header.add(SURPLUS);
            }
            writer.writeRecord(header);
        }

        private void add(CsvRows.Row row, FileRuns.RowOutcome outcome) {
            List<String> cells = columns.own(row.cells());
            cells.add(String.valueOf(row.number()));
            cells.add(Formulas.guarded(outcome.requestId()));
            cells.add(outcome.kind().word());
            cells.add(Formulas.guarded(text(outcome.guid())));
            cells.add(text(outcome.reason()));
            cells.add(Formulas.guarded(text(outcome.detail())));
            cells.add(String.valueOf(outcome.replayed()));
            if (hasSurplus) {
                cells.add(Formulas.guarded(String.join(" ", columns.surplus(row.cells()))));
            }
            writer.writeRecord(cells);
        }

        private static String text(String value) {
            return value == null ? "" : value;
        }

        @Override
        public void close() throws IOException {
            try {
                writer.flush();
                channel.force(true);
            } finally {
                channel.close();
            }
        }
    }
}
