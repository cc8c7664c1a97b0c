package dev.agentcall.chaos;

import dev.agentcall.chaos.TwoPrograms.Scene;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two programs at once on one ledger place one call for each id, and both have its outcome. */
class TwoProgramsIT {

    private static final long SEED = Long.getLong("chaos.seed", System.nanoTime() % 1_000_000);

    @TempDir
    private Path folder;

    @Test
    void twoOneShotRunsOverTheSameFile() throws Exception {
        play("two one-shots, one file", TwoPrograms::overOneFile);
    }

    @Test
    void aServerAndAOneShotRunWithIdsInCommon() throws Exception {
        play("server and one-shot", TwoPrograms::serverAndOneShot);
    }

    @Test
    void theSurvivorDoesNotWaitForTheDead() throws Exception {
        play("two one-shots, one SIGKILL, seed " + SEED, TwoPrograms::oneIsKilled);
    }

    @Test
    void twoServersOnOneInbox() throws Exception {
        play("two servers, one inbox", TwoPrograms::twoServers);
    }

    private void play(String name, Scene scene) throws Exception {
        try (TwoPrograms programs = new TwoPrograms(folder, SEED)) {
            programs.play(name, scene);
        }
    }
}
