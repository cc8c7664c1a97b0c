package dev.agentcall.csv;

import dev.agentcall.config.Settings;
import dev.agentcall.ledger.FileRun;
import dev.agentcall.ledger.FileRuns;
import dev.agentcall.ledger.Ledger;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the files of unfinished runs were when these began, for whoever goes on with them: the file in the inbox may be another
 * by then. They are there until their run is over, and whoever sees one shares the inbox that its file came from: they lie in
 * the folder work or, where nodes with a folder work each may share an inbox, hidden in that.
 */
final class KeptCopies {

    private static final Logger LOG = LoggerFactory.getLogger(KeptCopies.class);
    private static final Pattern NAME = Pattern.compile("[.]run-(\\d{1,18})[.]csv");

    private final Path folder;
    private final FileRuns runs;

    KeptCopies(Settings settings, Ledger ledger) {
        this.folder = settings.inbox() == null || ledger.isOfOneMachine() ? settings.work() : settings.inbox();
        this.runs = ledger.fileRuns();
    }

    /** Keeps what the run reads. A copy that is cut short by a power cut is found by its content. */
    void keep(FileRun run, CsvInput input) throws IOException {
        Path kept = of(run);
        Path read = input.snapshot().file();
        if (Files.exists(kept) && Files.size(kept) == Files.size(read)) {
            return;
        }
        Files.deleteIfExists(kept);
        try {
            Disk.sync(read);
            Files.createLink(kept, read);
            Disk.sync(folder);
        } catch (IOException | UnsupportedOperationException e) { // no links here
            Disk.copy(read, kept);
        }
    }

    /** Where the run's copy is, if it is there. */
    Path of(FileRun run) {
        return folder.resolve(".run-" + run.id() + ".csv");
    }

    /** What cannot be deleted now is by {@link #unfinished}. */
    void forget(FileRun run) {
        try {
            Files.deleteIfExists(of(run));
        } catch (IOException e) {
            LOG.debug("cannot delete a copy: {}", e.toString());
        }
    }

    /** The runs that there are copies of; those of runs that are over are deleted. */
    List<FileRuns.Open> unfinished() throws IOException {
        List<FileRuns.Open> unfinished = new ArrayList<>();
        try (DirectoryStream<Path> copies = Files.newDirectoryStream(folder, ".run-*.csv")) {
            for (Path copy : copies) {
                Matcher name = NAME.matcher(copy.getFileName().toString());
                if (name.matches()) {
                    FileRuns.Open open = runs.findOpen(Long.parseLong(name.group(1)));
                    if (open == null) {
                        Files.deleteIfExists(copy);
                    } else {
                        unfinished.add(open);
                    }
                }
            }
        } catch (NoSuchFileException e) {
            LOG.debug("nothing was ever in work: {}", e.toString());
        }
        return unfinished;
    }
}
