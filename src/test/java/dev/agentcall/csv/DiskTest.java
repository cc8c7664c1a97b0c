package dev.agentcall.csv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskTest {

    private static final Path MEMORY = Path.of("/dev/shm");

    @TempDir
    private Path folder;

    @Test
    void aFileMoves() throws IOException {
        assertMoves(folder.resolve("a.csv"));
    }

    @Test
    void aFileMovesToAnotherFileSystem() throws IOException {
        assumeTrue(Files.isWritable(MEMORY), "no second file system: there is no /dev/shm here");
        Path other = Files.createTempDirectory(MEMORY, "disk-test");
        try {
            assumeTrue(!Files.getFileStore(other).equals(Files.getFileStore(folder)), "they are the same file system");
            assertMoves(other.resolve("a.csv"));
            try (Stream<Path> left = Files.list(other)) {
                assertThat(left).containsExactly(other.resolve("a.csv"));
            }
        } finally {
            Files.deleteIfExists(other.resolve("a.csv"));
            Files.delete(other);
        }
    }

    private void assertMoves(Path to) throws IOException {
        Path from = Files.writeString(folder.resolve("from.csv"), "agent;destination");

        Disk.move(from, to);

        assertThat(from).doesNotExist();
        assertThat(to).content().isEqualTo("agent;destination");
    }

    @Test
    void aFileThatIsThereIsNotReplaced() throws IOException {
        Path from = Files.writeString(folder.resolve("from.csv"), "new");
        Path to = Files.writeString(folder.resolve("to.csv"), "old");

        assertThatThrownBy(() -> Disk.move(from, to)).isInstanceOf(FileAlreadyExistsException.class);

        assertThat(from).exists();
        assertThat(to).content().isEqualTo("old");
    }
}
