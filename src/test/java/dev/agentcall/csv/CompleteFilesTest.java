package dev.agentcall.csv;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.camel.component.file.FileConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompleteFilesTest {

    @TempDir
    private Path inbox;

    private final List<String> warnings = new ArrayList<>();
    private final CompleteFiles complete = new CompleteFiles(warnings::add);

    private boolean isComplete(Path file) {
        return isComplete(file.toFile());
    }

    /** As when Camel finds it in the folder. */
    private boolean isComplete(File file) {
        return complete.accept(FileConsumer.asGenericFile(inbox.toString(), file, null, false));
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

    @ParameterizedTest
    @CsvSource({
        "campa\uFFFDa.csv, campa\uFFFDa.csv, bytes in it that are not UTF-8",
        "A\\B.CSV, A\\B.CSV, a backslash",
        "'a\nb.csv', a b.csv, a line break",
        "'a\u2028b\u001B.csv', a b .csv, a line break",
    })
    void aNameThatCannotBeReadIsToldOnce(String name, String shown, String why) {
        for (int look = 0; look < 4; look++) {
            assertThat(isComplete(new File(inbox.toFile(), name))).isFalse();
        }

        assertThat(warnings)
                .singleElement()
                .asString()
                .startsWith("'" + shown + "' cannot")
                .contains(why, "rename it");
    }

    @Test
    void aFileWithABackslashInItsNameCannotBeReadAlthoughItIsThere() throws Exception {
        Path file = Files.writeString(inbox.resolve("a\\b.csv"), "agent");

        assertThat(isComplete(file)).isFalse();
        assertThat(warnings).isEmpty();
        assertThat(isComplete(file)).isFalse();
        assertThat(warnings).hasSize(1);
    }

    @Test
    void aFileThatAnotherTakesIsNotTold() throws Exception {
        for (String name : List.of("calls.csv", "\uFFFD.csv")) {
            Path file = Files.writeString(inbox.resolve(name), "agent");
            assertThat(isComplete(file)).isFalse();
            assertThat(isComplete(file)).isTrue();
            Files.delete(file);

            assertThat(isComplete(file)).isFalse();
        }
        assertThat(warnings).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"campa\uFFFDa.txt", "~a\\b.csv", ".a\nb.csv", "a.csv\n"})
    void aNameThatTheInboxDoesNotTakeAnywayIsNotTold(String name) {
        isComplete(new File(inbox.toFile(), name));
        isComplete(new File(inbox.toFile(), name));

        assertThat(warnings).isEmpty();
    }
}
