package dev.agentcall.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Writes through one connection, so that the writes of calls that wait at the same time share one commit and with it one
 * synchronisation of the disk. Whoever gets the lock commits for all who wait; the others find their work done.
 */
final class GroupCommit implements AutoCloseable {

    private static final int MOST_AT_ONCE = 256;

    private final Connection connection;
    private final Sql sql;
    private final ReentrantLock lock = new ReentrantLock();
    private final ConcurrentLinkedQueue<Pending<?>> waiting = new ConcurrentLinkedQueue<>();

    /**
     * Takes over a connection.
     *
     * @param connection with auto-commit off; closed by {@link #close}
     */
    GroupCommit(Connection connection) {
        this.connection = connection;
        this.sql = new Sql(connection);
    }

    /** One write: some statements, and a result that holds once they are committed. */
    interface Work<T> {
        T run(Sql sql) throws SQLException;
    }

    /**
     * Runs the work in a transaction and returns once that is committed.
     *
     * @throws LedgerException if it could not be committed; then nothing of it was
     */
    <T> T write(Work<T> work) {
        Pending<T> own = new Pending<>(work);
        waiting.add(own);
        lock.lock();
        try {
            while (!own.done) {
                commitWaiting();
            }
        } finally {
            lock.unlock();
        }
        if (own.failure != null) {
            throw new LedgerException("the ledger cannot be written: " + own.failure.getMessage(), own.failure);
        }
        return own.result;
    }

    private void commitWaiting() {
        List<Pending<?>> group = new ArrayList<>();
        for (Pending<?> next = waiting.poll(); next != null; next = waiting.poll()) {
            group.add(next);
            if (group.size() == MOST_AT_ONCE) {
                break;
            }
        }
        if (!commit(group) && group.size() > 1) {
            // One bad write must not fail the others: each on its own.
            group.forEach(single -> commit(List.of(single)));
        }
        group.forEach(pending -> pending.done = true);
    }

    private boolean commit(List<Pending<?>> group) {
        try {
            for (Pending<?> pending : group) {
                pending.run(sql);
            }
            connection.commit();
            group.forEach(pending -> pending.failure = null);
            return true;
        } catch (SQLException | RuntimeException e) {
            group.forEach(pending -> pending.failure = e);
            rollBack();
            return false;
        }
    }

    private void rollBack() {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // The failure that led here is the one to tell.
        }
    }

    @Override
    public void close() throws SQLException {
        lock.lock();
        try {
            connection.close();
        } finally {
            lock.unlock();
        }
    }

    /** Guarded by the lock, but for the work itself. */
    private static final class Pending<T> {
        private final Work<T> work;
        private T result;
        private Exception failure;
        private boolean done;

        private Pending(Work<T> work) {
            this.work = work;
        }

        private void run(Sql sql) throws SQLException {
            result = work.run(sql);
        }
    }
}
