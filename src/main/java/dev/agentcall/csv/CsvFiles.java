package dev.agentcall.csv;

import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Calls;
import dev.agentcall.call.Deliveries;
import dev.agentcall.call.Fault;
import dev.agentcall.call.Gate;
import dev.agentcall.call.Outcome;
import dev.agentcall.call.OutcomeKind;
import dev.agentcall.call.Reason;
import dev.agentcall.call.Source;
import dev.agentcall.call.StoppingException;
import dev.agentcall.call.UnavailableException;
import dev.agentcall.call.Validation;
import dev.agentcall.config.Settings;
import dev.agentcall.csv.FileSummary.State;
import dev.agentcall.ledger.FileRun;
import dev.agentcall.ledger.FileRuns;
import dev.agentcall.ledger.Ledger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The steps of the route call-rows: a file is opened, its rows are called, its results are written. */
public final class CsvFiles {

    /** Exchange variable: the {@link FileSummary}, once the file is done, refused or interrupted. */
    public static final String SUMMARY = "summary";

    private static final String RUN = "run";
    private static final String ERROR = ".error.txt";
    /** In bytes, so that a timestamp and the longest ending have room in a name. */
    private static final int MAX_BASE_NAME = 220;

    private static final Logger LOG = LoggerFactory.getLogger(CsvFiles.class);
    /** Told in one-shot runs too. */
    private static final Logger COLUMNS = LoggerFactory.getLogger("agentcall.columns");

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
    /** Before a file that failed through no fault of its own is tried again. */
    private static final Duration PAUSE = Duration.ofSeconds(30);

    /** Before a file that another process has is looked at again. */
    private static final Duration ELSEWHERE = Duration.ofSeconds(5);

    /** From so many rows for one agent on, a file without agentcall.agent.pause is worth a warning. */
    private static final int MANY_FOR_ONE_AGENT = 20;

    private final Settings settings;
    private final Validation validation;
    private final Gate gate;
    private final Ledger ledger;
    private final FileRuns runs;
    private final Deliveries deliveries;
    /** Files that another process had when they were last read, with when they are looked at again. */
    private final Map<Path, Long> elsewhere = new ConcurrentHashMap<>();
    /** Files that have their outcome and are still there, with when they were last changed. */
    private final Map<Path, FileTime> refused = new ConcurrentHashMap<>();

    /** Files that have left their turn to others while uContact is unavailable. Their runs keep to what they began with. */
    private final Map<Path, Turn> givingWay = new ConcurrentHashMap<>();

    private volatile boolean oneShot;
    private volatile OpenRun current;

    public CsvFiles(Settings settings, Validation validation, Gate gate, Ledger ledger, Deliveries deliveries) {
        this.settings = settings;
        this.validation = validation;
        this.gate = gate;
        this.ledger = ledger;
        this.runs = ledger.fileRuns();
        this.deliveries = deliveries;
    }

    /**
     * One-shot runs leave the file where it is and end when uContact stays unavailable; else the file moves when it is done
     * and waits for uContact as long as it takes. If no row of it is taken it lets other files try in between: it may be its
     * rows alone, which is known once another's is answered.
     */
    public void setOneShot(boolean oneShot) {
        this.oneShot = oneShot;
    }

    /** The run that is in work, or null. */
    public CsvRun current() {
        OpenRun run = current;
        return run == null ? null : run.rows;
    }

    /** A file that left its turn to others, and how many of its rows were decided then. */
    private record Turn(CsvInput input, FileRun run, int decided) {}

    /** A run in work. {@code told}: rows that were decided when a log line last told of it; -1 if none has. */
    private record OpenRun(Path original, CsvInput input, CsvRun rows, Instant began, long callsBefore, int told) {}

    /**
     * Opens the file whose path is the body, and leaves its lanes as the body. A file that is no CSV file of calls is put
     * aside; then the body is its outcome as JSON. One that another process has in work is left alone.
     */
    public void open(Exchange exchange) throws IOException {
        sweep();
        forgetGone();
        Path file = Path.of(exchange.getMessage().getBody(String.class));
        Instant began = Instant.now();
        if (!oneShot && (!Files.exists(file) || isElsewhere(file))) {
            return; // another process has done it, or is at it
        }
        Turn last = lastTurn(file);
        CsvInput input;
        try {
            input = last != null
                    ? last.input
                    : CsvInput.open(file, copies(), settings.csvColumns(), settings.defaults());
        } catch (CsvRefusedException e) {
            refuse(exchange, file, e.getMessage(), began);
            return;
        }
        try {
            OpenRun run = begin(file, input, began, last == null ? -1 : last.decided);
            if (run == null) {
                input.close();
                elsewhere.put(file, System.nanoTime() + ELSEWHERE.toNanos());
                return;
            }
            current = run;
            exchange.setVariable(RUN, run);
            exchange.getMessage().setBody(run.rows.lanes(RowThreads.count(settings)));
        } catch (IOException | RuntimeException e) {
            input.close();
            throw e;
        } catch (CsvRefusedException e) {
            input.close();
            throw new IllegalStateException(e); // it was read to its end a moment ago
        }
    }

    /**
     * The file as it was when its run began, if it has left its turn to others: whatever became of it meanwhile, the run
     * keeps to that. Only if none of its rows has an outcome, a corrected file may take its place. Null for a new file.
     */
    private Turn lastTurn(Path file) throws IOException {
        Turn last = givingWay.remove(file);
        if (last == null || last.decided > 0 || isUnchanged(file, last.input)) {
            return last;
        }
        last.input.close();
        runs.drop(last.run);
        return null;
    }

    /** A file that is taken out of the inbox while others have their turn is called no more; another may have its name. */
    private void forgetGone() {
        for (Path file : givingWay.keySet()) {
            Turn last = Files.exists(file) ? null : givingWay.remove(file);
            if (last != null) {
                LOG.warn(
                        "{} is gone after {} of {} rows, the others are not called; dropped again as it was, it goes on",
                        last.input.name(),
                        last.decided,
                        last.input.rows());
                try {
                    last.input.close();
                } catch (IOException e) {
                    LOG.debug("cannot delete a copy: {}", e.toString());
                }
            }
        }
    }

    /** Files that another process has are not copied and read again at every look into the inbox. */
    private boolean isElsewhere(Path file) {
        long now = System.nanoTime();
        elsewhere.values().removeIf(until -> now - until >= 0);
        return elsewhere.containsKey(file);
    }

    /** Copies of files lie in a folder of the process that made them. */
    private Path copies() {
        return settings.work().resolve(String.valueOf(ledger.processId()));
    }

    /** Deletes the copies that dead processes have left; another process may be at it as well. */
    private void sweep() {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(settings.work(), "[0-9]*")) {
            for (Path folder : folders) {
                if (!ledger.isAlive(Long.parseLong(folder.getFileName().toString()))) {
                    try (DirectoryStream<Path> copies = Files.newDirectoryStream(folder)) {
                        for (Path copy : copies) {
                            Files.deleteIfExists(copy);
                        }
                    }
                    Files.deleteIfExists(folder);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("cannot delete what dead processes have left: {}", e.toString());
        }
    }

    private OpenRun begin(Path file, CsvInput input, Instant began, int told) throws IOException, CsvRefusedException {
        FileRun run = run(file, input);
        if (run == null) {
            return null;
        }
        BitSet decided = runs.decidedRows(run);
        if (told != decided.cardinality()) {
            describe(input, run.resumed() ? "; goes on, " + decided.cardinality() + " rows are decided" : "");
        }
        int attempts = settings.retryAttempts();
        CsvRun rows = new CsvRun(
                input, run, gate, validation, decided, attempts, oneShot ? null : () -> isAnotherFileThere(file));
        return new OpenRun(file, input, rows, began, gate.calls(), told);
    }

    private void describe(CsvInput input, String state) {
        COLUMNS.info(
                "{}: {} rows, {}{}", input.name(), input.rows(), input.columns().describe(), state);
        if (input.busiestAgent() >= MANY_FOR_ONE_AGENT && settings.agentPause().isZero()) {
            LOG.warn(
                    "{}: one agent has {} rows and agentcall.agent.pause is 0s: a next call may ring him while he still talks",
                    input.name(),
                    input.busiestAgent());
        }
    }

    private boolean isAnotherFileThere(Path file) {
        if (settings.inbox() == null) {
            return false;
        }
        forgetGone();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(settings.inbox(), "[!.~]*.[cC][sS][vV]")) {
            for (Path other : files) {
                if (!other.getFileName().equals(file.getFileName()) && Files.isRegularFile(other)) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("cannot look into the inbox: {}", e.toString());
        }
        return false;
    }

    /** The run that the file goes on with, or a new one; null if another process has the file, or has just done it. */
    private FileRun run(Path file, CsvInput input) throws IOException {
        while (true) {
            boolean elsewhere = false;
            for (FileRun open : runs.findOpen(input.name(), input.content())) {
                if (!runs.takeOver(open)) {
                    elsewhere = true;
                } else if (isMoved(open, input)) {
                    runs.finish(open); // all that was missing; this file was dropped after it
                } else {
                    return open;
                }
            }
            if (elsewhere && !oneShot) {
                return null;
            }
            FileRun begun = runs.start(input.name(), input.content(), elsewhere, resultName(input.baseName()));
            if (begun != null && Files.exists(file)) {
                return begun;
            }
            if (begun != null) {
                runs.drop(begun); // done by another process between two looks
                return null;
            }
        }
    }

    /** True if the run lacks nothing but its mark; another file of that name in the folder done is none of its business. */
    private boolean isMoved(FileRun run, CsvInput input) throws IOException {
        Path moved = run.doneName() == null ? null : settings.done().resolve(run.doneName());
        return moved != null
                && Files.exists(moved)
                && Files.mismatch(moved, input.snapshot().file()) < 0;
    }

    /** Free for all three results, and of no run that is not finished. */
    private String resultName(String baseName) {
        return freeName(
                baseName,
                "",
                name -> CsvResults.names(name).stream()
                                .noneMatch(
                                        file -> Files.exists(settings.outbox().resolve(file)))
                        && !runs.isResultNameTaken(name));
    }

    /** The name as it is, or with a timestamp after it. */
    private static String freeName(String baseName, String end, Predicate<String> isFree) {
        String base = baseName; // of a file that is refused for the length of its name
        while (base.getBytes(StandardCharsets.UTF_8).length > MAX_BASE_NAME) {
            base = base.substring(0, base.offsetByCodePoints(base.length(), -1));
        }
        String name = base + end;
        for (Instant stamp = Instant.now(); !isFree.test(name); stamp = stamp.plusSeconds(1)) {
            name = base + "." + STAMP.format(stamp) + end;
        }
        return name;
    }

    // --- Rows ---

    /** After a row that has none: uContact did not take it, the program stops, or something is broken. */
    public void undecided(Exchange exchange) {
        Exception e = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        CsvRun rows = run(exchange).rows;
        if (e instanceof UnavailableException || e instanceof StoppingException) {
            rows.undecided(Calls.submissionOf(exchange), e.getMessage());
        } else {
            rows.failed(e);
        }
    }

    private static OpenRun run(Exchange exchange) {
        return exchange.getVariable(RUN, OpenRun.class);
    }

    // --- The end ---

    /** After the rows: writes the results, or leaves the file to go on later. The summary is left as a variable. */
    public void finish(Exchange exchange) throws Exception {
        OpenRun run = run(exchange);
        current = null;
        CsvInput input = run.input;
        boolean again = false;
        try {
            run.rows.close();
            if (run.rows.failure() != null) {
                throw run.rows.failure();
            }
            FileSummary summary = run.rows.isComplete() ? complete(run) : interrupted(run);
            exchange.setVariable(SUMMARY, summary);
            if (summary.state() == State.DONE) {
                LOG.info("{}", described(summary));
            } else {
                if (run.told != summary.decided()) {
                    LOG.info("{}: {}", summary.name(), summary.detail());
                }
                again = !oneShot && !gate.isStopping();
                if (again) {
                    givingWay.put(run.original, new Turn(input, run.rows.run(), summary.decided()));
                }
            }
        } finally {
            if (!again) {
                input.close();
            }
        }
    }

    private FileSummary complete(OpenRun open) throws IOException, CsvRefusedException {
        FileRun run = open.rows.run();
        if (run.doneName() == null) {
            CsvResults.write(open.input, run, runs, settings.outbox());
        }
        if (!oneShot) {
            moveToDone(open);
        }
        Map<OutcomeKind, Integer> outcomes = new EnumMap<>(OutcomeKind.class);
        Map<String, Integer> reasons = new TreeMap<>();
        for (FileRuns.Count count : runs.count(run)) {
            outcomes.merge(count.kind(), count.rows(), Integer::sum);
            if (count.reason() != null) {
                reasons.merge(count.reason(), count.rows(), Integer::sum);
            }
        }
        runs.finish(run);
        return new FileSummary(
                open.input.name(),
                State.DONE,
                open.input.rows(),
                open.rows.decidedRows(),
                gate.calls() - open.callsBefore,
                outcomes,
                reasons,
                CsvResults.places(run, settings.outbox()),
                null,
                Duration.between(open.began, Instant.now()));
    }

    private FileSummary interrupted(OpenRun run) {
        String why =
                run.rows.unavailable() == null ? "stopped" : "uContact is unavailable (" + run.rows.unavailable() + ")";
        return new FileSummary(
                run.input.name(),
                State.INTERRUPTED,
                run.input.rows(),
                run.rows.decidedRows(),
                gate.calls() - run.callsBefore,
                Map.of(),
                Map.of(),
                List.of(),
                why + " after " + run.rows.decidedRows() + " of " + run.input.rows()
                        + " rows; it goes on where it stopped",
                Duration.between(run.began, Instant.now()));
    }

    /** One line: {@code calls.csv: done, 3 rows: 2 placed, 1 rejected (ucontact-0 1), results in …}. */
    private static String described(FileSummary summary) {
        StringJoiner outcomes = new StringJoiner(", ", ": ", "").setEmptyValue("");
        summary.outcomes().forEach((kind, rows) -> outcomes.add(rows + " " + kind.word()));
        StringJoiner reasons = new StringJoiner(", ", " (", ")").setEmptyValue("");
        summary.reasons().forEach((reason, rows) -> reasons.add(reason + " " + rows));
        return summary.name() + ": done, " + summary.rows() + " rows" + outcomes + reasons + ", results in "
                + summary.files().get(0);
    }

    /** What was called goes to done/. If the file is another by now, that one is put aside: its new rows were not called. */
    private void moveToDone(OpenRun run) throws IOException {
        // Chosen and remembered before the move, so that a crash after it is known for what it is.
        String name = run.rows.run().doneName();
        if (name == null || Files.exists(settings.done().resolve(name))) {
            name = freeName(run.input.baseName(), end(run.original), free(settings.done()));
            runs.willMove(run.rows.run(), name);
        }
        Path place = settings.done().resolve(name);
        if (isUnchanged(run.original, run.input)) {
            Disk.move(run.original, place);
            return;
        }
        Disk.copy(run.input.snapshot().file(), place);
        if (Files.exists(run.original)) {
            LOG.warn(
                    "{} changed while it was in work; what it was is done, what it is now is put aside",
                    run.input.name());
            putAside(
                    run.original,
                    "the file changed while it was in work. The rows that it had then were called; what they"
                            + " became is in the outbox, what the file was is in the folder done. Rows that came later were not"
                            + " called: drop them as a file of their own.");
        }
    }

    private static String end(Path file) {
        String name = file.getFileName().toString();
        return name.substring(CsvInput.baseName(name).length());
    }

    private static boolean isUnchanged(Path file, CsvInput input) throws IOException {
        return Files.exists(file) && Files.mismatch(file, input.snapshot().file()) < 0;
    }

    private static Predicate<String> free(Path folder) {
        return name -> !Files.exists(folder.resolve(name));
    }

    /** After a file that failed through no fault of its own: tells it, and waits a while before the next try. */
    public void failed(Exchange exchange) throws InterruptedException {
        current = null;
        Exception failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        LOG.error(
                "{} stays in the inbox and is tried again in {} s: {}",
                exchange.getMessage().getHeader(Exchange.FILE_NAME),
                PAUSE.toSeconds(),
                String.valueOf(failure));
        gate.pause(PAUSE);
    }

    // --- Files that are none ---

    private void refuse(Exchange exchange, Path file, String why, Instant began) throws IOException {
        String name = file.getFileName().toString();
        CallRequest none = new CallRequest(
                UUID.randomUUID().toString(), CallRequest.newFields(), Map.of(), new Source("csv", name, null));
        FileTime changed = Files.getLastModifiedTime(file);
        if (!changed.equals(refused.get(file))) { // else it is here again because it could not be put aside
            Outcome outcome = Outcome.invalid(none, List.of(new Fault(Reason.MALFORMED, null, why)), Instant.now());
            deliveries.begin(exchange, ledger.add(outcome, null), outcome);
            refused.put(file, changed);
        }
        Path told = oneShot ? tell(settings.outbox(), CsvInput.baseName(name), why) : putAside(file, why);
        refused.remove(file);
        LOG.warn("{} is refused: {}", name, why);
        exchange.setVariable(
                SUMMARY,
                new FileSummary(
                        name,
                        State.REFUSED,
                        0,
                        0,
                        0,
                        Map.of(),
                        Map.of(),
                        List.of(told),
                        why,
                        Duration.between(began, Instant.now())));
    }

    /** Moves the file to failed/, with the reason beside it under the same name. */
    private Path putAside(Path file, String why) throws IOException {
        String name = freeName(
                CsvInput.baseName(file.getFileName().toString()),
                end(file),
                free(settings.failed())
                        .and(moved -> !Files.exists(settings.failed().resolve(CsvInput.baseName(moved) + ERROR))));
        Path told = tell(settings.failed(), CsvInput.baseName(name), why); // first: a file there is never unexplained
        try {
            Disk.move(file, settings.failed().resolve(name));
        } catch (IOException e) {
            Files.deleteIfExists(told);
            throw e;
        }
        return told;
    }

    private static Path tell(Path folder, String baseName, String why) throws IOException {
        Path told = folder.resolve(freeName(baseName, ERROR, free(folder)));
        Files.writeString(told, why + System.lineSeparator());
        return told;
    }
}
