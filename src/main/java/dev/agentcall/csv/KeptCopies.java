package dev.agentcall.csv;

import dev.agentcall.ledger.FileRun;
import dev.agentcall.ledger.FileRuns;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Predicate;

/**
 * What the files of unfinished runs were when these began, for the process that goes on with them: the file in the inbox may
 * be another by then. They lie in the folder work until their run is done.
 */
final class KeptCopies {

    private static final String PREFIX = "run-";
    private static final String END = ".csv";

    private final Path folder;
    private final FileRuns runs;

    KeptCopies(Path folder, FileRuns runs) {
        this.folder = folder;
        this.runs = runs;
    }

    /** Keeps what the run reads. A copy that is cut short by a power cut is found by its content. */
    void keep(FileRun run, CsvInput input) throws IOException {
        Path kept = of(run);
        if (Files.exists(kept)) {
            return;
        }
        try {
            Files.createLink(kept, input.snapshot().file());
        } catch (IOException | UnsupportedOperationException e) { // no links here
            Disk.copy(input.snapshot().file(), kept);
        }
    }

    /** Where the run's copy is, if it is there. */
    Path of(FileRun run) {
        return folder.resolve(PREFIX + run.id() + END);
    }

    void forget(FileRun run) throws IOException {
        Files.deleteIfExists(of(run));
    }

    /** Deletes the copies of runs that are over. */
    void sweep() throws IOException {
        sweep(name -> false);
    }

    /**
     * Deletes those of files that are not in the inbox as well, before the first is taken from there: somebody has taken them
     * out, and a file that comes later has nothing to do with them but its name.
     */
    void sweepAtStart(Path inbox) throws IOException {
        sweep(name -> !Files.exists(inbox.resolve(name)));
    }

    private void sweep(Predicate<String> isGone) throws IOException {
        try (DirectoryStream<Path> copies = Files.newDirectoryStream(folder, PREFIX + "[0-9]*" + END)) {
            for (Path copy : copies) {
                String number = copy.getFileName().toString();
                String name = runs.findName(
                        Long.parseLong(number.substring(PREFIX.length(), number.length() - END.length())));
                if (name == null || isGone.test(name)) {
                    Files.deleteIfExists(copy);
                }
            }
        } catch (NoSuchFileException e) {
            // Nothing was ever in work.
        }
    }
}
