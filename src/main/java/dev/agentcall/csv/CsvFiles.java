package dev.agentcall.csv;

import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Calls;
import dev.agentcall.call.Fault;
import dev.agentcall.call.Gate;
import dev.agentcall.call.Outcome;
import dev.agentcall.call.OutcomeJson;
import dev.agentcall.call.Reason;
import dev.agentcall.call.Source;
import dev.agentcall.call.StoppingException;
import dev.agentcall.call.UnavailableException;
import dev.agentcall.call.Validation;
import dev.agentcall.config.Settings;
import dev.agentcall.csv.FileSummary.State;
import dev.agentcall.ledger.FileRun;
import dev.agentcall.ledger.Ledger;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
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

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
    /** Before a file that failed through no fault of its own is tried again. */
    private static final Duration PAUSE = Duration.ofSeconds(30);

    /** From so many rows for one agent on, a file without agentcall.agent.pause is worth a warning. */
    private static final int MANY_FOR_ONE_AGENT = 20;

    private final Settings settings;
    private final Validation validation;
    private final Gate gate;
    private final Ledger ledger;
    private volatile boolean oneShot;
    private volatile OpenRun current;

    public CsvFiles(Settings settings, Validation validation, Gate gate, Ledger ledger) {
        this.settings = settings;
        this.validation = validation;
        this.gate = gate;
        this.ledger = ledger;
    }

    /**
     * One-shot runs leave the file where it is and end when uContact stays unavailable; else the file moves when it is done
     * and waits for uContact as long as it takes.
     */
    public void setOneShot(boolean oneShot) {
        this.oneShot = oneShot;
    }

    /** The run that is in work, or null. */
    public CsvRun current() {
        OpenRun run = current;
        return run == null ? null : run.rows;
    }

    private record OpenRun(Path original, CsvInput input, CsvRun rows, Instant began, long callsBefore) {}

    /**
     * Opens the file whose path is the body, and leaves its lanes as the body. A file that is no CSV file of calls is put
     * aside; then the body is its outcome as JSON.
     */
    public void open(Exchange exchange) throws IOException {
        sweep();
        Path file = Path.of(exchange.getMessage().getBody(String.class));
        Instant began = Instant.now();
        CsvInput input;
        try {
            input = CsvInput.open(file, copies(), settings.csvColumns(), settings.defaults());
        } catch (CsvRefusedException e) {
            refuse(exchange, file, e.getMessage(), began);
            return;
        }
        try {
            OpenRun run = begin(file, input, began);
            current = run;
            exchange.setVariable(RUN, run);
            exchange.getMessage().setBody(run.rows.lanes(settings.concurrency()));
        } catch (IOException | RuntimeException e) {
            input.close();
            throw e;
        } catch (CsvRefusedException e) {
            input.close();
            throw new IllegalStateException(e); // it was read to its end a moment ago
        }
    }

    /** Copies of files lie in a folder of the process that made them. */
    private Path copies() {
        return settings.work().resolve(String.valueOf(ledger.processId()));
    }

    /** Deletes the copies that dead processes have left. */
    private void sweep() throws IOException {
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
        }
    }

    private OpenRun begin(Path file, CsvInput input, Instant began) throws IOException, CsvRefusedException {
        FileRun open = ledger.findOpenRun(input.name(), input.content());
        FileRun run =
                open != null ? open : ledger.startRun(input.name(), input.content(), resultName(input.baseName()));
        BitSet decided = ledger.decidedRows(run);
        COLUMNS.info(
                "{}: {} rows, {}{}",
                input.name(),
                input.rows(),
                input.columns().describe(),
                run.resumed() ? "; goes on, " + decided.cardinality() + " rows are decided" : "");
        if (input.busiestAgent() >= MANY_FOR_ONE_AGENT && settings.agentPause().isZero()) {
            LOG.warn(
                    "{}: one agent has {} rows and agentcall.agent.pause is 0s: a next call may ring him while he still talks",
                    input.name(),
                    input.busiestAgent());
        }
        int attempts = oneShot ? settings.retryAttempts() : 0;
        CsvRun rows = new CsvRun(input, run, gate, validation, decided, attempts);
        return new OpenRun(file, input, rows, began, gate.calls());
    }

    /** Free for all three results, and of no run that is not finished. */
    private String resultName(String baseName) {
        return freeName(
                baseName,
                "",
                name -> CsvResults.names(name).stream()
                                .noneMatch(
                                        file -> Files.exists(settings.outbox().resolve(file)))
                        && !ledger.isResultNameTaken(name));
    }

    /** The name as it is, or with a timestamp after it. */
    private static String freeName(String baseName, String end, Predicate<String> isFree) {
        String name = baseName + end;
        for (Instant stamp = Instant.now(); !isFree.test(name); stamp = stamp.plusSeconds(1)) {
            name = baseName + "." + STAMP.format(stamp) + end;
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
        try (CsvInput input = run.input) {
            run.rows.close();
            if (run.rows.failure() != null) {
                throw run.rows.failure();
            }
            FileSummary summary = run.rows.isComplete() ? complete(run) : interrupted(run);
            exchange.setVariable(SUMMARY, summary);
            LOG.info(
                    "{}",
                    summary.state() == State.DONE ? described(summary) : summary.name() + ": " + summary.detail());
        }
    }

    private FileSummary complete(OpenRun run) throws IOException, CsvRefusedException {
        CsvResults results = CsvResults.write(run.input, run.rows, ledger, settings.outbox());
        if (!oneShot) {
            moveToDone(run);
        }
        ledger.finishRun(run.rows.run());
        return new FileSummary(
                run.input.name(),
                State.DONE,
                run.input.rows(),
                run.rows.decidedRows(),
                gate.calls() - run.callsBefore,
                results.outcomes(),
                results.reasons(),
                results.files(),
                null,
                Duration.between(run.began, Instant.now()));
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

    private static String described(FileSummary summary) {
        return summary.name() + ": done, " + summary.rows() + " rows, " + summary.outcomes() + " " + summary.reasons();
    }

    /** What was called goes to done/. If the file is another by now, that one is put aside: its new rows were not called. */
    private void moveToDone(OpenRun run) throws IOException {
        if (isUnchanged(run)) {
            move(run.original, settings.done());
            return;
        }
        String name = freeName(run.input.baseName(), ".csv", free(settings.done()));
        Files.copy(run.input.snapshot().file(), settings.done().resolve(name));
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

    private static boolean isUnchanged(OpenRun run) throws IOException {
        return Files.exists(run.original)
                && Files.mismatch(run.original, run.input.snapshot().file()) < 0;
    }

    private static Predicate<String> free(Path folder) {
        return name -> !Files.exists(folder.resolve(name));
    }

    private static Path move(Path file, Path folder) throws IOException {
        String base = CsvInput.baseName(file.getFileName().toString());
        String end = file.getFileName().toString().substring(base.length());
        Path place = folder.resolve(freeName(base, end, free(folder)));
        Files.move(file, place);
        Disk.sync(folder);
        return place;
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
        for (Instant until = Instant.now().plus(PAUSE); Instant.now().isBefore(until) && !gate.isStopping(); ) {
            gate.awaitChange(gate.changes());
        }
    }

    // --- Files that are none ---

    private void refuse(Exchange exchange, Path file, String why, Instant began) throws IOException {
        String name = file.getFileName().toString();
        Path told = oneShot ? tell(settings.outbox(), CsvInput.baseName(name), why) : putAside(file, why);
        LOG.warn("{} is refused: {}", name, why);
        CallRequest none = new CallRequest(
                UUID.randomUUID().toString(), CallRequest.newFields(), Map.of(), new Source("csv", name, null));
        Outcome outcome = Outcome.invalid(none, List.of(new Fault(Reason.MALFORMED, null, why)), Instant.now());
        ledger.add(outcome, null);
        exchange.setVariable(Calls.OUTCOME, outcome);
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
        exchange.getMessage().setBody(OutcomeJson.write(outcome));
    }

    /** Moves the file to failed/, with the reason beside it under the same name. */
    private Path putAside(Path file, String why) throws IOException {
        Path moved = move(file, settings.failed());
        return tell(settings.failed(), CsvInput.baseName(moved.getFileName().toString()), why);
    }

    private static Path tell(Path folder, String baseName, String why) throws IOException {
        Path told = folder.resolve(freeName(baseName, ".error.txt", free(folder)));
        Files.writeString(told, why + System.lineSeparator());
        return told;
    }
}
