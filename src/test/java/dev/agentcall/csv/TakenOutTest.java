package dev.agentcall.csv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentcall.ledger.FileRun;
import dev.agentcall.ledger.FileRuns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TakenOutTest {

    private static final Duration NONE = Duration.ZERO;
    private static final Duration LONG = Duration.ofDays(1);

    private final FileRun run = new FileRun(7, 1, "f", null, true);
    private final List<FileRuns.Open> unfinished = List.of(new FileRuns.Open(run, "f.csv", "content"));
    private final TakenOut takenOut = new TakenOut();

    @TempDir
    private Path inbox;

    @Test
    void aFileThatIsThereIsNotGone() throws IOException {
        Files.createFile(inbox.resolve("f.csv"));

        assertThat(takenOut.among(unfinished, inbox, NONE)).isEmpty();
    }

    @Test
    void aFileThatIsBackSoonIsNotGone() throws IOException {
        assertThat(takenOut.among(unfinished, inbox, LONG)).isEmpty();
        Files.createFile(inbox.resolve("f.csv"));
        assertThat(takenOut.among(unfinished, inbox, NONE)).isEmpty();

        Files.delete(inbox.resolve("f.csv"));
        assertThat(takenOut.among(unfinished, inbox, LONG))
                .as("it counts from the last time that it was there")
                .isEmpty();
    }

    @Test
    void aFileThatIsGoneDoesNotComeBackWithAnotherOfItsName() throws IOException {
        assertThat(takenOut.among(unfinished, inbox, NONE)).isEqualTo(unfinished);
        Files.createFile(inbox.resolve("f.csv"));

        assertThat(takenOut.among(unfinished, inbox, LONG)).isEqualTo(unfinished);
        assertThat(takenOut.isGone(run)).isTrue();
    }
}
