package dev.agentcall.ledger;

import dev.agentcall.call.OutcomeJson;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * This process's sign of life beside a SQLite ledger: a lock on a file of its own, which the operating system drops when
 * the process ends, however it ends. A process whose lock can be had is dead.
 */
final class ProcessLock implements AutoCloseable {

    /** The lock files that this JVM holds: the operating system's locks are a process's, not a ledger's. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final GroupCommit ledger;
    private final Path database;
    private final long id;
    private final FileChannel channel;

    private ProcessLock(GroupCommit ledger, Path database, long id, FileChannel channel) {
        this.ledger = ledger;
        this.database = database;
        this.id = id;
        this.channel = channel;
    }

    /**
     * Enters this process into the ledger. The lock is held before the entry is committed, so that nobody finds the entry
     * of a living process without one.
     */
    static ProcessLock register(GroupCommit ledger, Path database, String node) throws IOException {
        FileChannel[] held = new FileChannel[1];
        long id = ledger.write(sql -> {
            PreparedStatement insert =
                    sql.prepare("INSERT INTO process (node, pid, started_at) VALUES (?, ?, ?) RETURNING id");
            insert.setString(1, node);
            insert.setLong(2, ProcessHandle.current().pid());
            insert.setString(3, OutcomeJson.instant(Instant.now()));
            long next;
            try (ResultSet result = insert.executeQuery()) {
                result.next();
                next = result.getLong(1);
            }
            try {
                held[0] = lock(lockFile(database, next));
                HELD.add(lockFile(database, next));
            } catch (IOException e) {
                throw new SQLException("no lock on " + lockFile(database, next) + ": " + e.getMessage(), e);
            }
            return next;
        });
        return new ProcessLock(ledger, database, id, held[0]);
    }

    private static FileChannel lock(Path file) throws IOException {
        // Never open a file again that this JVM holds, for another ledger maybe: closing it would drop the lock.
        if (!HELD.add(key(file))) {
            throw new IOException("held by this process");
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (channel.tryLock() == null) {
                throw new IOException("held by another process");
            }
            return channel;
        } catch (IOException e) {
            unlock(file, channel);
            throw e;
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

    private static Path lockFile(Path database, long id) {
        return database.toAbsolutePath().resolveSibling(database.getFileName() + ".process-" + id + ".lock");
    }

    long id() {
        return id;
    }

    /** Processes in the ledger that are no longer alive. */
    List<Long> dead() {
        List<Long> dead = new ArrayList<>();
        for (Long other : others()) {
            if (!isAlive(other)) {
                dead.add(other);
            }
        }
        return dead;
    }

    private List<Long> others() {
        return ledger.write(sql -> {
            List<Long> others = new ArrayList<>();
            PreparedStatement select = sql.prepare("SELECT id FROM process WHERE id <> ?");
            select.setLong(1, id);
            try (ResultSet result = select.executeQuery()) {
                while (result.next()) {
                    others.add(result.getLong(1));
                }
            }
            return others;
        });
    }

    /** True if the process holds its lock. */
    boolean isAlive(long other) {
        Path file = lockFile(database, other);
        if (!Files.exists(file)) {
            return false;
        }
        try {
            unlock(file, lock(file));
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /** Takes a process out of the ledger, unless something of it is still in flight. */
    void forget(long other) {
        int deleted = ledger.write(sql -> {
            PreparedStatement delete = sql.prepare("DELETE FROM process WHERE id = ? AND NOT EXISTS"
                    + " (SELECT 1 FROM request WHERE process_id = ? AND outcome = 'in-flight')");
            delete.setLong(1, other);
            delete.setLong(2, other);
            return delete.executeUpdate();
        });
        if (deleted == 1) {
            try {
                Files.deleteIfExists(lockFile(database, other));
            } catch (IOException e) {
                // A file too many does no harm.
            }
        }
    }

    /** A process that ends in good order leaves nothing in flight and takes its entry along. */
    @Override
    public void close() {
        try {
            unlock(lockFile(database, id), channel);
            forget(id);
        } catch (IOException | LedgerException e) {
            // The next process finds it dead and forgets it.
        }
    }
}
