package dev.agentcall.csv;

import dev.agentcall.config.Settings;
import dev.agentcall.ledger.FileRun;
import dev.agentcall.ledger.FileRuns;
import dev.agentcall.ledger.Ledger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The files that people drop: how they are read, and where they go, with the reason beside those that were not called. */
final class Originals {

    private static final Logger LOG = LoggerFactory.getLogger(Originals.class);

    private static final String ERROR = ".error.txt";
    private static final String CHANGED =
            "the file changed while it was in work. The rows that it had then were called; what"
                    + " they became is in the outbox, what the file was is in the folder done. Rows that came later were not"
                    + " called: drop them as a file of their own.";
    /** In bytes, so that a timestamp and the longest ending have room in a name. */
    private static final int MAX_BASE_NAME = 220;

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final Settings settings;
    private final Ledger ledger;
    private final FileRuns runs;
    private final KeptCopies copies;

    Originals(Settings settings, Ledger ledger) {
        this.settings = settings;
        this.ledger = ledger;
        this.runs = ledger.fileRuns();
        this.copies = new KeptCopies(settings, ledger);
    }

    /**
     * Reads the file from a private copy, in the folder of the process that made it.
     *
     * @throws CsvRefusedException if it is no CSV file of calls
     */
    CsvInput read(Path file) throws IOException, CsvRefusedException {
        return read(file, file.getFileName().toString());
    }

    /** The same for a file that is there under another name. */
    CsvInput read(Path file, String name) throws IOException, CsvRefusedException {
        return CsvInput.open(
                file,
                name,
                settings.work().resolve(String.valueOf(ledger.processId())),
                settings.csvColumns(),
                settings.defaults());
    }

    /** True if the run lacks nothing but its mark; another file of that name in the folder done is none of its business. */
    boolean isMoved(FileRun run, CsvInput input) throws IOException {
        return run.doneName() != null && isUnchanged(settings.done().resolve(run.doneName()), input);
    }

    /** What was called goes to done/. If the file is another by now, that one is put aside: its new rows were not called. */
    void moveToDone(Path original, CsvInput input, FileRun run) throws IOException {
        // Chosen and remembered before the move, so that a crash after it is known for what it is.
        String name = run.doneName();
        if (name == null || Files.exists(settings.done().resolve(name))) {
            name = freeName(input.baseName(), end(original), free(settings.done()));
            runs.willMove(run, name);
        }
        Path place = settings.done().resolve(name);
        // Taken before it is compared: the next file of that name may come at any moment.
        Path taken = taken(original, run);
        boolean isThere = Files.exists(taken) || Disk.take(original, taken);
        boolean isCopied = false;
        try {
            if (isThere && isUnchanged(taken, input)) {
                Disk.move(taken, place);
                return;
            }
            Disk.copy(input.snapshot().file(), place);
            isCopied = true;
            if (isThere) {
                LOG.warn(
                        "{} changed while it was in work; what it was is done, what it is now is put aside",
                        input.name());
                putAside(taken, original, CHANGED);
            }
        } catch (IOException | RuntimeException e) {
            if (isCopied) {
                Files.deleteIfExists(place); // or the run would pass for one that is over
            }
            if (Files.exists(taken) && !Files.exists(original)) {
                Disk.take(taken, original); // to be tried again
            }
            throw e;
        }
    }

    private static String end(Path file) {
        String name = file.getFileName().toString();
        return name.substring(CsvInput.baseName(name).length());
    }

    /** True if the file is there, and as it was when it was read. */
    static boolean isUnchanged(Path file, CsvInput input) throws IOException {
        return Files.exists(file) && Files.mismatch(file, input.snapshot().file()) < 0;
    }

    private static Predicate<String> free(Path folder) {
        return name -> !Files.exists(folder.resolve(name));
    }

    /**
     * Ends the runs whose process died between their results and their end: all that is left is to give the original its
     * place, if it was taken out of the inbox already.
     */
    void endMoved() throws IOException {
        if (settings.inbox() == null) {
            return;
        }
        for (FileRuns.Open moving : runs.findMoving()) {
            FileRun run = moving.run();
            if (!ledger.isAlive(run.processId())) {
                Path original = settings.inbox().resolve(moving.name());
                Path taken = taken(original, run);
                Path place = settings.done().resolve(run.doneName());
                boolean isTaken = Files.exists(taken);
                if ((isTaken || isGone(original, run) || isDone(place, original, moving.content()))
                        && runs.takeOver(run)) {
                    if (isTaken) {
                        endTaken(original, taken, place, moving.content());
                    } else {
                        Disk.endMove(place);
                    }
                    runs.finish(run);
                }
            }
        }
    }

    /** Whoever has its copy was at the inbox that it came from, and not at another one with the same ledger. */
    private boolean isGone(Path original, FileRun run) {
        return !Files.exists(original) && Files.exists(copies.of(run));
    }

    /** A file that has the name again came after it. */
    private boolean isDone(Path place, Path original, String content) throws IOException {
        return isThere(place, content) && !isThere(original, content);
    }

    private void endTaken(Path original, Path taken, Path place, String content) throws IOException {
        if (!isThere(taken, content)) {
            putAside(taken, original, CHANGED);
        } else if (Files.exists(place)) {
            String base = CsvInput.baseName(original.getFileName().toString());
            Disk.move(taken, settings.done().resolve(freeName(base, end(original), free(settings.done()))));
        } else {
            Disk.move(taken, place);
        }
    }

    /** True if there is a file with this content, whatever its name. */
    private boolean isThere(Path file, String content) throws IOException {
        try (CsvInput input = read(file)) {
            return input.content().equals(content);
        } catch (NoSuchFileException | CsvRefusedException e) {
            return false;
        }
    }

    /** True if the file is on its way out of the inbox: nobody has taken it from there. */
    boolean isOnItsWay(FileRuns.Open open) {
        return Files.exists(taken(settings.inbox().resolve(open.name()), open.run()));
    }

    /** Where a file is while it is on its way out of the inbox: nobody can put another into its place there. */
    private static Path taken(Path original, FileRun run) {
        return original.resolveSibling(".run-" + run.id() + ".taken");
    }

    /** The name as it is, or with a timestamp after it. */
    static String freeName(String baseName, String end, Predicate<String> isFree) {
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

    /** Moves the file to failed/, as the one that it was in the inbox, with the reason beside it under the same name. */
    Path putAside(Path file, Path original, String why) throws IOException {
        String name = freeName(
                CsvInput.baseName(original.getFileName().toString()),
                end(original),
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

    /** Writes why a file is none of calls. */
    static Path tell(Path folder, String baseName, String why) throws IOException {
        Path told = folder.resolve(freeName(baseName, ERROR, free(folder)));
        Files.writeString(told, why + System.lineSeparator());
        return told;
    }
}
