package dev.agentcall.csv;

import dev.agentcall.call.OutcomeKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What became of one file.
 *
 * @param name the file's name
 * @param state how it ended
 * @param rows rows of the file
 * @param decided rows that have an outcome
 * @param calls calls made in this run of the program
 * @param outcomes rows per outcome, only when done
 * @param reasons rows per reason, only when done
 * @param files the result files, or the error file of a refused one
 * @param detail for people: why it was refused or interrupted; null when done
 * @param took time in this run of the program
 */
public record FileSummary(
        String name,
        State state,
        int rows,
        int decided,
        long calls,
        Map<OutcomeKind, Integer> outcomes,
        Map<String, Integer> reasons,
        List<Path> files,
        String detail,
        Duration took) {

    /** How a file ended. */
    public enum State {
        /** Every row has an outcome and the result files are there. */
        DONE,
        /** It is no CSV file of calls. */
        REFUSED,
        /** uContact is unavailable or the program stops; the file goes on later. */
        INTERRUPTED
    }

    public int count(OutcomeKind kind) {
        return outcomes.getOrDefault(kind, 0);
    }
}
