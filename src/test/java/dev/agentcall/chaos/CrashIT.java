package dev.agentcall.chaos;

import static dev.agentcall.chaos.Round.Blow.KILL_AMONG_CALLS;
import static dev.agentcall.chaos.Round.Blow.KILL_ANY_TIME;
import static dev.agentcall.chaos.Round.Blow.KILL_AT_RESULTS;
import static dev.agentcall.chaos.Round.Blow.TERMINATE;
import static dev.agentcall.chaos.Round.Blow.UCONTACT_GONE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentcall.chaos.PackagedProgram.Ended;
import dev.agentcall.chaos.PackagedProgram.Running;
import dev.agentcall.chaos.Round.Blow;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged program, killed in the middle of its work and started again: nobody is called twice, no row is lost, and
 * no more is unknown than was in flight. {@code -Dchaos.seed} repeats the choice of moments of an earlier run.
 */
class CrashIT {

    private static final long SEED = Long.getLong("chaos.seed", System.nanoTime() % 1_000_000);

    @TempDir
    private Path folder;

    @BeforeAll
    static void tellTheSeed() {
        System.out.println("chaos.seed=" + SEED);
        System.out.println(Findings.header());
    }

    @Test
    void aServerThatIsKilledGoesOn() throws Exception {
        round("server, SIGKILL", true, mixed(200), KILL_AMONG_CALLS, KILL_ANY_TIME, KILL_AMONG_CALLS);
    }

    @Test
    void aOneShotRunThatIsKilledGoesOn() throws Exception {
        round("one-shot, SIGKILL", false, mixed(200), KILL_AMONG_CALLS, KILL_ANY_TIME, KILL_AT_RESULTS);
    }

    @Test
    void aServerThatIsTerminatedLeavesNoDoubt() throws Exception {
        Findings findings = round("server, SIGTERM", true, mixed(200), TERMINATE, TERMINATE);
        assertThat(findings.unknown()).isZero();
        assertThat(findings.untold()).isZero();
    }

    @Test
    void aOneShotRunThatIsTerminatedLeavesNoDoubt() throws Exception {
        Findings findings = round("one-shot, SIGTERM", false, mixed(200), TERMINATE, TERMINATE);
        assertThat(findings.unknown()).isZero();
        assertThat(findings.untold()).isZero();
    }

    @Test
    void aOneShotRunThatIsTerminatedAtItsStartDoesNotSayThatAllIsPlaced() throws Exception {
        // Nobody answers there, so it ends with 3 as well if it is quicker than the signal.
        Path file = InputFile.good("calls", 0, 1).write(folder);
        PackagedProgram program = new PackagedProgram(folder, "http://127.0.0.1:1");
        try {
            for (int moment = 400; moment <= 1600; moment += 200) {
                Running running = program.start(file);
                running.endsWithin(moment);
                running.terminate();
                Ended end = running.end();
                boolean notBegun = end.code() == 128 + 15 && end.err().isEmpty(); // Java itself was not there yet
                assertThat(notBegun ? 3 : end.code())
                        .as("after %d ms: %s", moment, end)
                        .isEqualTo(3);
            }
        } finally {
            program.killAll();
        }
    }

    @Test
    void onlyCallsThatUcontactHadGotAreInDoubtWhenItGoes() throws Exception {
        List<InputFile> files = List.of(InputFile.mixed("calls", 0, 200, true, new Random(SEED)));
        Findings findings = round("server, uContact gone", true, files, UCONTACT_GONE, UCONTACT_GONE);
        assertThat(findings.untold()).isZero();
    }

    @Test
    void aKillWhileResultsAreWrittenEndsInOneSetOfThem() throws Exception {
        List<InputFile> files = IntStream.range(0, 25)
                .mapToObj(i -> InputFile.mixed("calls" + i, 10 * i, 3, false, new Random(SEED + i)))
                .toList();
        round("many files, SIGKILL at results", true, files, KILL_AT_RESULTS, KILL_AT_RESULTS, KILL_AT_RESULTS);
    }

    private static List<InputFile> mixed(int rows) {
        return List.of(InputFile.mixed("calls", 0, rows, false, new Random(SEED)));
    }

    private Findings round(String name, boolean serving, List<InputFile> files, Blow... blows) throws Exception {
        try (Round round = new Round(name, folder, SEED, serving, files)) {
            return round.run(List.of(blows));
        }
    }
}
