package dev.agentcall.csv;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.apache.camel.component.file.GenericFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompleteFilesTest {

    @TempDir
    private Path inbox;

    private final CompleteFiles complete = new CompleteFiles();

    private boolean isComplete(Path file) {
        GenericFile<File> found = new GenericFile<>();
        found.setAbsoluteFilePath(file.toString());
        found.setFileLength(file.toFile().length());
        found.setLastModified(file.toFile().lastModified());
        return complete.accept(found);
    }

    @Test
    void aFileIsCompleteWhenItIsAsItWasAtTheLookBefore() throws Exception {
        Path file = Files.writeString(inbox.resolve("calls.csv"), "agent");

        assertThat(isComplete(file)).isFalse();
        assertThat(isComplete(file)).isTrue();
    }

    @Test
    void aFileThatGrowsIsNotCompleteHoweverOldItsTimeIs() throws Exception {
        Path file = Files.writeString(inbox.resolve("calls.csv"), "agent");
        FileTime old = FileTime.from(Instant.parse("2026-01-01T00:00:00Z"));
        for (int i = 0; i < 5; i++) {
            Files.writeString(file, "more", StandardOpenOption.APPEND);
            Files.setLastModifiedTime(file, old);

            assertThat(isComplete(file)).isFalse();
        }
        assertThat(isComplete(file)).isTrue();
    }
}
