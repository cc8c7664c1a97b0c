package dev.agentcall.cases;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a case came to.
 *
 * @param name the file's path below the folder of the cases, without its ending
 * @param file the file, as it is called in reports
 * @param description null for none
 * @param state how it ended
 * @param failures a sentence each; none if it passed
 */
public record CaseResult(
        String name, String file, String description, State state, List<String> failures, Duration took) {

    /** How a case ended. */
    public enum State {
        PASSED,
        FAILED,
        /** It could not be run: its file cannot be read, or the routes do not start with its settings. */
        BROKEN
    }

    static CaseResult of(Case one, List<String> failures, Duration took) {
        return new CaseResult(
                one.name(),
                one.file(),
                one.description(),
                failures.isEmpty() ? State.PASSED : State.FAILED,
                failures,
                took);
    }

    static CaseResult broken(String name, String file, List<String> faults) {
        return new CaseResult(name, file, null, State.BROKEN, faults, Duration.ZERO);
    }

    /** The same with one more failure. */
    CaseResult failed(String failure) {
        List<String> all = new ArrayList<>(failures);
        all.add(failure);
        return new CaseResult(name, file, description, State.FAILED, List.copyOf(all), took);
    }
}
