package dev.agentcall.chaos;

import dev.agentcall.chaos.TwoPrograms.Scene;
import java.nio.file.Path;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two programs at once on one ledger place one call for each id, and both have its outcome. */
class TwoProgramsIT {

    private static final long SEED = Long.getLong("chaos.seed", System.nanoTime() % 1_000_000);

    @TempDir
    private Path folder;

    @Test
    @Disabled("two runs that end at once write and rename the same .part files: NoSuchFileException, exit code 3")
    void twoOneShotRunsOverTheSameFile() throws Exception {
        play("two one-shots, one file", TwoPrograms::overOneFile);
    }

    @Test
    void aServerAndAOneShotRunWithIdsInCommon() throws Exception {
        play("server and one-shot", TwoPrograms::serverAndOneShot);
    }

    @Test
    @Disabled("a living process never finds out that the one it waits for has died")
    void theSurvivorDoesNotWaitForTheDead() throws Exception {
        play("two one-shots, one SIGKILL, seed " + SEED, TwoPrograms::oneIsKilled);
    }

    @Test
    @Disabled("the second server deletes the first one's .camelLock files and takes its files too")
    void twoServersOnOneInbox() throws Exception {
        play("two servers, one inbox", TwoPrograms::twoServers);
    }

    private void play(String name, Scene scene) throws Exception {
        try (TwoPrograms programs = new TwoPrograms(folder, SEED)) {
            programs.play(name, scene);
        }
    }
}
