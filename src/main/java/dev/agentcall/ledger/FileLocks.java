package dev.agentcall.ledger;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Signs of life beside a SQLite ledger: each process holds a lock on a file of its own. */
final class FileLocks implements SignOfLife {

    private static final Logger LOG = LoggerFactory.getLogger(FileLocks.class);

    /** The lock files that this JVM holds: the operating system's locks are a process's, not a ledger's. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path database;
    private final Set<Path> denied = ConcurrentHashMap.newKeySet();
    private FileChannel own;

    FileLocks(Path database) {
        this.database = real(database);
    }

    /** Whatever links lead to it: a process that takes another way has to find the same signs. */
    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file; // it is not there yet
        }
    }

    @Override
    public synchronized void show(long process, Connection writer) throws SQLException {
        if (own == null) {
            try {
                own = lock(file(process));
            } catch (IOException e) {
                throw new SQLException("no lock on " + file(process) + ": " + e.getMessage(), e);
            }
        }
    }

    private FileChannel lock(Path file) throws IOException {
        // Never open a file again that this JVM holds, for another ledger maybe: closing it would drop the lock.
        if (!HELD.add(key(file))) {
            throw new IOException("held by this process");
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            asDatabase(file);
            if (channel.tryLock() == null) {
                throw new IOException("held by another process");
            }
            return channel;
        } catch (IOException e) {
            unlock(file, channel);
            throw e;
        }
    }

    /** Who may write the ledger has to be able to see whether a process lives. */
    private void asDatabase(Path file) {
        try {
            Files.setPosixFilePermissions(file, Files.getPosixFilePermissions(database));
        } catch (IOException | UnsupportedOperationException e) {
            // Another user's, or another system: as it is
        }
    }

    private static void unlock(Path file, FileChannel channel) throws IOException {
        try {
            if (channel != null) {
                channel.close();
            }
        } finally {
            HELD.remove(key(file));
        }
    }

    /** One name for one file, whatever the path to it. */
    private static Path key(Path file) throws IOException {
        return file.toAbsolutePath().getParent().toRealPath().resolve(file.getFileName());
    }

    private Path file(long process) {
        return database.toAbsolutePath().resolveSibling(database.getFileName() + ".process-" + process + ".lock");
    }

    @Override
    public boolean isShown(long process) {
        Path file = file(process);
        if (!Files.exists(file)) {
            return false;
        }
        try {
            unlock(file, lock(file));
            return false;
        } catch (AccessDeniedException e) {
            if (denied.add(file)) {
                LOG.error("{} cannot be opened, so nobody knows whether that process lives: run all as one user", file);
            }
            return true;
        } catch (IOException e) {
            return true;
        }
    }

    /** The operating system drops a lock with its process, and never before. */
    @Override
    public Duration patience() {
        return Duration.ZERO;
    }

    @Override
    public synchronized void hide(long process, Connection writer) {
        try {
            if (own != null) {
                unlock(file(process), own);
                own = null;
            }
        } catch (IOException e) {
            // It goes with the process.
        }
    }

    @Override
    public void clearUp(long process) {
        try {
            Files.deleteIfExists(file(process));
        } catch (IOException e) {
            // A file too many does no harm.
        }
    }
}
