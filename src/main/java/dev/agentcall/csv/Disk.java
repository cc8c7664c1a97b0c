package dev.agentcall.csv;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files and their names in folders, so that both survive a power cut, where the system can. */
final class Disk {

    private Disk() {}

    /**
     * Moves a file. Between two file systems the original goes before its copy has its name: a process that dies meanwhile
     * never leaves both.
     */
    static void move(Path from, Path to) throws IOException {
        if (Files.exists(to)) {
            throw new FileAlreadyExistsException(to.toString());
        }
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Path part = part(from, to);
            Files.delete(from);
            Files.move(part, to);
        }
        sync(to.getParent());
    }

    /** Ends a {@link #move} between two file systems that was broken off. */
    static void endMove(Path to) throws IOException {
        if (!Files.exists(to) && Files.exists(partOf(to))) {
            Files.move(partOf(to), to);
            sync(to.getParent());
        }
    }

    /**
     * Gives a file another name in its folder, where nobody looks for it.
     *
     * @return false if it is not there
     */
    static boolean take(Path file, Path as) throws IOException {
        try {
            Files.move(file, as, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Copies a file, which has its name when it is complete. */
    static void copy(Path from, Path to) throws IOException {
        Files.move(part(from, to), to);
        sync(to.getParent());
    }

    private static Path part(Path from, Path to) throws IOException {
        Path part = partOf(to);
        Files.copy(from, part, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        sync(to.getParent());
        return part;
    }

    private static Path partOf(Path to) {
        return to.resolveSibling("." + to.getFileName() + ".part");
    }

    static void sync(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows opens no folders, and needs no such thing.
        }
    }
}
