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
import dev.agentcall.call.Text;
import dev.agentcall.call.UnavailableException;
import dev.agentcall.call.Validation;
import dev.agentcall.config.Settings;
import dev.agentcall.csv.FileSummary.State;
import dev.agentcall.ledger.FileRun;
import dev.agentcall.ledger.FileRuns;
import dev.agentcall.ledger.Ledger;
import dev.agentcall.ledger.LedgerException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The steps of the route call-rows: a file is opened, its rows are called, its results are written. */
public final class CsvFiles {

    /** Exchange variable: the {@link FileSummary}, once the file is done, refused or interrupted. */
    public static final String SUMMARY = "summary";

    private static final String RUN = "run";
    private static final Logger LOG = LoggerFactory.getLogger(CsvFiles.class);
    /** Told in one-shot runs too. */
    private static final Logger COLUMNS = LoggerFactory.getLogger("agentcall.columns");

    /** Before a file that failed through no fault of its own is tried again. */
    private static final Duration PAUSE = Duration.ofSeconds(30);

    /** Before a file that another process has is looked at again. */
    private static final Duration ELSEWHERE = Duration.ofSeconds(5);

    /** After so long without its file a run is over. */
    private static final Duration TAKEN_OUT = Duration.ofSeconds(3);

    /** From so many rows for one agent on, a file without agentcall.agent.pause is worth a warning. */
    private static final int MANY_FOR_ONE_AGENT = 20;

    private final Settings settings;
    private final Validation validation;
    private final Gate gate;
    private final Ledger ledger;
    private final FileRuns runs;
    private final Originals originals;
    private final KeptCopies copies;
    private final TakenOut takenOut = new TakenOut();
    private final Deliveries deliveries;
    /** Files that another process had when they were last looked at. */
    private final Map<Path, Elsewhere> elsewhere = new ConcurrentHashMap<>();
    /** Files that have their outcome and are still there, with when they were last changed. */
    private final Map<Path, FileTime> refused = new ConcurrentHashMap<>();

    /** Files whose turn has ended before they were done. Their runs keep to what they began with. */
    private final Map<Path, Turn> unfinished = new ConcurrentHashMap<>();

    private volatile boolean oneShot;
    private volatile OpenRun current;

    public CsvFiles(Settings settings, Validation validation, Gate gate, Ledger ledger, Deliveries deliveries) {
        this.settings = settings;
        this.validation = validation;
        this.gate = gate;
        this.ledger = ledger;
        this.runs = ledger.fileRuns();
        this.copies = new KeptCopies(settings, ledger);
        this.originals = new Originals(settings, ledger);
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

    /** At the start: ends what processes that died have left undone with files that are done, or gone. */
    public void endMoved() throws IOException {
        try {
            originals.endMoved();
        } finally {
            endTakenOut(Duration.ZERO);
        }
    }

    /** Ends the runs of files that somebody has taken out of the inbox: the next file of such a name is another one. */
    public void endTakenOut() {
        endTakenOut(TAKEN_OUT);
    }

    private synchronized void endTakenOut(Duration patience) {
        if (settings.inbox() == null) {
            return;
        }
        try {
            for (FileRuns.Open open : takenOut.among(copies.unfinished(), settings.inbox(), patience)) {
                Path file = settings.inbox().resolve(open.name());
                Turn last = unfinished.get(file);
                boolean isTurn = last != null && last.run.id() == open.run().id();
                if (isInWork(open.run())) {
                    leaveInOutage();
                } else if (open.run().doneName() != null
                        ? isTurn && !originals.isOnItsWay(open)
                        : runs.takeOver(open.run())) {
                    endTakenOut(open);
                    if (isTurn) {
                        unfinished.remove(file);
                        last.input.close();
                    }
                }
            }
        } catch (IOException | LedgerException e) {
            LOG.debug("cannot look which files were taken out of the inbox: {}", e.toString());
        }
    }

    /** The run is ended when next looked at. While uContact is there its file is called to its end. */
    private void leaveInOutage() {
        String outage = gate.outageDetail();
        OpenRun now = current;
        if (outage != null && now != null) {
            now.rows.leave(outage);
        }
    }

    private void endTakenOut(FileRuns.Open open) {
        if (open.run().doneName() != null) { // it could not be moved to the folder done
            LOG.warn("{} was taken out of the inbox; all its rows were called, its results are there", open.name());
        } else {
            LOG.warn(
                    "{} was taken out of the inbox after {} of its rows, the others are not called; in the same file,"
                            + " dropped again, no row that is placed or unknown is called again",
                    open.name(),
                    runs.decidedRows(open.run()).cardinality());
        }
        end(open.run());
    }

    private void end(FileRun run) {
        if (runs.finish(run)) {
            copies.forget(run);
        }
    }

    /** True if it is in work here. */
    private boolean isInWork(FileRun run) {
        OpenRun now = current;
        return now != null && now.rows.run().id() == run.id();
    }

    /** The run that is in work, or null. */
    public CsvRun current() {
        OpenRun run = current;
        return run == null ? null : run.rows;
    }

    /** A file that another process has, as it was when it was read, and when it is looked at again. */
    private record Elsewhere(FileTime changed, long size, String content, long untilNanos) {}

    /** A file that left its turn to others, or whose run failed, and how many of its rows were decided then. */
    private record Turn(CsvInput input, FileRun run, int decided) {}

    /** A run in work. {@code told}: rows that were decided when a log line last told of it; -1 if none has. */
    private record OpenRun(Path original, CsvInput input, CsvRun rows, Instant began, long callsBefore, int told) {}

    /**
     * Opens the file whose path is the body, and leaves its lanes as the body. A file that is no CSV file of calls is put
     * aside; then the body is its outcome as JSON. One that another process has in work is left alone.
     */
    public synchronized void open(Exchange exchange) throws IOException {
        sweep();
        try {
            originals.endMoved();
        } catch (IOException e) {
            LOG.warn("a file of a program that has ended cannot be put into its place yet: {}", e.toString());
        }
        Path file = Path.of(exchange.getMessage().getBody(String.class));
        Instant began = Instant.now();
        if (!oneShot && (!Files.exists(file) || isElsewhere(file))) {
            return; // another process has done it, or is at it
        }
        Turn last = lastTurn(file);
        CsvInput input;
        try {
            input = last != null ? last.input : begunWith(file);
            if (input == null) {
                return; // it has a run that another process may still be at
            }
        } catch (NoSuchFileException e) {
            if (oneShot) {
                throw e;
            }
            return; // another process was quicker
        } catch (CsvRefusedException e) {
            try {
                refuse(exchange, file, e.getMessage(), began);
            } catch (NoSuchFileException gone) {
                if (Files.exists(file)) {
                    throw gone; // it is the folder that is not there
                }
                LOG.debug("another process was quicker: {}", gone.toString());
            }
            return;
        }
        boolean begun = false;
        try {
            OpenRun run = begin(file, input, began, last == null ? -1 : last.decided);
            begun = true;
            unfinished.remove(file);
            if (run == null) {
                input.close();
                if (oneShot) {
                    throw new NoSuchFileException(file.toString());
                }
                leaveTo(file, input.content());
                return;
            }
            current = run;
            exchange.setVariable(RUN, run);
            exchange.getMessage().setBody(run.rows.lanes(RowThreads.count(settings)));
        } catch (CsvRefusedException e) {
            throw new IllegalStateException(e); // it was read to its end before
        } finally {
            if (!begun && last == null) { // else it has its turn again
                input.close();
            }
        }
    }

    /**
     * The file as it was when its run began, if it has left its turn to others or its run has failed: whatever became of it
     * meanwhile, the run keeps to that. Only if none of its rows has an outcome, a corrected file may take its place. Null
     * for a new file.
     */
    private Turn lastTurn(Path file) throws IOException {
        Turn last = unfinished.get(file);
        if (last == null) {
            return null;
        }
        if (!Files.exists(last.input.snapshot().file())) {
            unfinished.remove(file); // somebody has tidied up
            return null;
        }
        if (!runs.isOwn(last.run)) {
            unfinished.remove(file); // another process has taken this one for dead
            last.input.close();
            return null;
        }
        if (Originals.isUnchanged(file, last.input)
                || !runs.decidedRows(last.run).isEmpty()) {
            return last;
        }
        runs.drop(last.run);
        copies.forget(last.run);
        unfinished.remove(file);
        last.input.close();
        return null;
    }

    /**
     * What the file was when a run over it began whose process has died since: the run keeps to that, whatever the file is
     * now. The file as it is, if no such run has called a row; that run is over. Null if the run's process may be alive: it
     * is left to that. One-shot runs take each file as it is.
     *
     * @throws CsvRefusedException if it is no CSV file of calls now, and there is no such run
     */
    private CsvInput begunWith(Path file) throws IOException, CsvRefusedException {
        CsvInput now;
        CsvRefusedException refusal = null;
        try {
            now = originals.read(file);
        } catch (CsvRefusedException e) {
            now = null;
            refusal = e;
        }
        CsvInput chosen = null;
        try {
            chosen = chosen(file, now);
        } finally {
            if (chosen != now && now != null) {
                now.close();
            }
        }
        if (chosen == null && refusal != null && !elsewhere.containsKey(file)) {
            throw refusal;
        }
        return chosen;
    }

    /** {@code now}, null if the file is no CSV file of calls; or what an unfinished run over it began with, if there is one. */
    private CsvInput chosen(Path file, CsvInput now) throws IOException {
        String name = file.getFileName().toString();
        String content = now == null ? "" : now.content();
        if (oneShot || !runs.findOpen(name, content).isEmpty()) {
            return now;
        }
        for (FileRuns.Open other : runs.findOthers(name, content)) {
            boolean isAlive = other.run().processId() != ledger.processId()
                    && ledger.isAlive(other.run().processId());
            if (isAlive && Files.exists(copies.of(other.run()))) { // of this inbox
                leaveTo(file, other.content());
                return null;
            }
            CsvInput then = isAlive || takenOut.isGone(other.run()) ? null : begunWith(other);
            if (then != null) {
                LOG.warn(
                        "{} is not what it was when its run began; the run goes on with what it was, and what it is now is"
                                + " put aside",
                        name);
                return then;
            }
        }
        return now;
    }

    private CsvInput begunWith(FileRuns.Open other) throws IOException {
        FileRun run = other.run();
        if (run.processId() == ledger.processId() && run.doneName() != null) {
            return null; // it is over, as soon as that can be written
        }
        ledger.recoverCrashed(); // its calls in flight count as well
        if (!runs.decidedRows(run).isEmpty()) {
            return kept(other);
        }
        if (run.doneName() == null && runs.takeOver(run)) {
            runs.drop(run);
            copies.forget(run);
        }
        return null;
    }

    /** Null if it is not there, or not whole. */
    private CsvInput kept(FileRuns.Open other) throws IOException {
        try {
            CsvInput then = originals.read(copies.of(other.run()), other.name());
            if (then.content().equals(other.content())) {
                return then;
            }
            then.close();
        } catch (NoSuchFileException | CsvRefusedException e) {
            LOG.debug("{} has no copy of an earlier run: {}", other.name(), e.toString());
        }
        return null;
    }

    /** Another process is at it; it is looked at again after a while. */
    private void leaveTo(Path file, String content) throws IOException {
        Elsewhere seen = look(file, content);
        if (seen != null) {
            elsewhere.put(file, seen);
        }
    }

    /** The file as it is now; null if it is gone. */
    private static Elsewhere look(Path file, String content) throws IOException {
        try {
            long until = System.nanoTime() + ELSEWHERE.toNanos();
            return new Elsewhere(Files.getLastModifiedTime(file), Files.size(file), content, until);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** A file that another process has is not copied and read again as long as it is the same and that process lives. */
    private boolean isElsewhere(Path file) throws IOException {
        elsewhere.keySet().removeIf(known -> !Files.exists(known));
        Elsewhere last = elsewhere.get(file);
        if (last == null || last.untilNanos - System.nanoTime() > 0) {
            return last != null;
        }
        Elsewhere now = look(file, last.content);
        boolean still = now != null
                && now.changed.equals(last.changed)
                && now.size == last.size
                && isInWork(file.getFileName().toString(), last.content);
        if (still) {
            elsewhere.put(file, now);
        } else {
            elsewhere.remove(file);
        }
        return still;
    }

    private boolean isInWork(String name, String content) {
        List<FileRun> open = runs.findOpen(name, content);
        return !open.isEmpty() && open.stream().allMatch(run -> ledger.isAlive(run.processId()));
    }

    /** Deletes the copies that dead processes have left; another process may be at it as well. */
    private void sweep() {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(settings.work())) {
            for (Path folder : folders) {
                String process = folder.getFileName().toString();
                if (process.matches("\\d{1,18}") && !ledger.isAlive(Long.parseLong(process))) {
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
        if (!oneShot && settings.inbox() != null) {
            copies.keep(run, input);
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
                } else if (originals.isMoved(open, input) && Originals.isUnchanged(file, input)) {
                    runs.finish(open); // all that was missing; this file was dropped after it
                } else {
                    return open;
                }
            }
            if (elsewhere && !oneShot) {
                return null;
            }
            if (!runs.findOthers(input.name(), input.content()).isEmpty()) {
                LOG.warn(
                        "{} is not the file of that name that is not done yet: its rows without an id of their own are new",
                        input.name());
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

    /** Free for all three results, and of no run that is not finished. */
    private String resultName(String baseName) {
        return Originals.freeName(
                baseName,
                "",
                name -> CsvResults.names(name).stream()
                                .noneMatch(
                                        file -> Files.exists(settings.outbox().resolve(file)))
                        && !runs.isResultNameTaken(name));
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
        boolean done = false;
        try {
            run.rows.close();
            if (run.rows.failure() != null) {
                throw run.rows.failure();
            }
            FileSummary summary = run.rows.isComplete() ? complete(run) : interrupted(run);
            exchange.setVariable(SUMMARY, summary);
            done = summary.state() == State.DONE;
            if (done) {
                LOG.info("{}", described(summary));
            } else if (run.told != summary.decided()) {
                LOG.info("{}: {}", summary.name(), summary.detail());
            }
        } finally {
            if (done || oneShot || gate.isStopping()) {
                run.input.close();
            } else {
                unfinished.put(run.original, new Turn(run.input, run.rows.run(), run.rows.decidedRows()));
            }
            current = null;
        }
    }

    private FileSummary complete(OpenRun open) throws IOException, CsvRefusedException {
        FileRun run = open.rows.run();
        if (!runs.isOwn(run)) {
            throw new IllegalStateException("another node has taken this one for dead, and finishes the file");
        }
        if (run.doneName() == null) {
            run = CsvResults.write(open.input, run, runs, settings.outbox(), () -> resultName(open.input.baseName()));
        }
        Map<OutcomeKind, Integer> outcomes = new EnumMap<>(OutcomeKind.class);
        Map<String, Integer> reasons = new TreeMap<>();
        for (FileRuns.Count count : runs.count(run)) {
            outcomes.merge(count.kind(), count.rows(), Integer::sum);
            if (count.reason() != null) {
                reasons.merge(count.reason(), count.rows(), Integer::sum);
            }
        }
        if (!oneShot) {
            originals.moveToDone(open.original, open.input, run);
        }
        end(run);
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

    /** After a file that failed through no fault of its own: tells it, and waits a while before the next try. */
    public void failed(Exchange exchange) throws InterruptedException {
        current = null;
        Exception failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        LOG.error(
                "{} stays in the inbox and is tried again in {} s: {}",
                exchange.getMessage().getHeader(Exchange.FILE_NAME),
                PAUSE.toSeconds(),
                Text.withRoot(failure));
        gate.pause(PAUSE);
    }

    // --- Files that are none ---

    private void refuse(Exchange exchange, Path file, String why, Instant began) throws IOException {
        String name = file.getFileName().toString();
        CallRequest none =
                new CallRequest(UUID.randomUUID().toString(), Map.of(), Map.of(), new Source("csv", name, null));
        FileTime changed = Files.getLastModifiedTime(file);
        if (!changed.equals(refused.get(file))) { // else it is here again because it could not be put aside
            Outcome outcome = Outcome.invalid(none, List.of(new Fault(Reason.MALFORMED, null, why)), Instant.now());
            deliveries.begin(exchange, ledger.add(outcome, null), outcome);
            refused.put(file, changed);
        }
        Path told = oneShot
                ? Originals.tell(settings.outbox(), CsvInput.baseName(name), why)
                : originals.putAside(file, file, why);
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
}
