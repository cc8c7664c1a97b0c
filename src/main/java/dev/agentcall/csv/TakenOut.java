package dev.agentcall.csv;

import dev.agentcall.ledger.FileRun;
import dev.agentcall.ledger.FileRuns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which files of unfinished runs somebody has taken out of the inbox. One that is back soon was not: there are editors that
 * save by moving the old file away and a new one into its place.
 */
final class TakenOut {

    /** Runs whose files are missing, with since when; nanoseconds. */
    private final Map<Long, Long> missing = new HashMap<>();
    /** Runs whose files were missing for long. What has one's name now is another file. */
    private final Set<Long> gone = new HashSet<>();

    /** Those of the runs whose files are gone, for so long. To be asked about all unfinished ones, again and again. */
    List<FileRuns.Open> among(List<FileRuns.Open> runs, Path inbox, Duration patience) {
        Set<Long> unfinished = runs.stream().map(open -> open.run().id()).collect(Collectors.toSet());
        missing.keySet().retainAll(unfinished);
        gone.retainAll(unfinished);
        long now = System.nanoTime();
        for (FileRuns.Open open : runs) {
            long id = open.run().id();
            if (!Files.notExists(inbox.resolve(open.name()))) { // it is there, or cannot be seen now
                missing.remove(id);
            } else if (now - missing.computeIfAbsent(id, any -> now) >= patience.toNanos()) {
                gone.add(id);
            }
        }
        return runs.stream().filter(open -> gone.contains(open.run().id())).toList();
    }

    /** True if the run's file is gone, whatever has its name now. */
    boolean isGone(FileRun run) {
        return gone.contains(run.id());
    }
}
