package dev.agentcall.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes through one connection and one thread, so that the writes of calls that wait at the same time share one commit
 * and with it one synchronisation of the disk.
 */
final class GroupCommit implements AutoCloseable {

    private static final int MOST_AT_ONCE = 256;

    private final Connection connection;
    private final Sql sql;
    private final LinkedBlockingQueue<Pending<?>> waiting = new LinkedBlockingQueue<>();
    private final Thread writer = new Thread(this::run, "agentcall-ledger");
    private volatile boolean closed;

    /**
     * Takes over a connection.
     *
     * @param connection with auto-commit off; closed by {@link #close}
     */
    GroupCommit(Connection connection) {
        this.connection = connection;
        this.sql = new Sql(connection);
        writer.setDaemon(true);
        writer.start();
    }

    /** One write: some statements, and a result that holds once they are committed. */
    interface Work<T> {
        T run(Sql sql) throws SQLException;
    }

    /**
     * Runs the work in a transaction and returns once that is committed. An interrupt does not end the wait: whether the
     * work was committed must be known.
     *
     * @throws LedgerException if it could not be committed; then nothing of it was
     */
    <T> T write(Work<T> work) {
        Pending<T> own = new Pending<>(work);
        waiting.add(own);
        if (closed && waiting.remove(own)) {
            throw new LedgerException("the ledger is closed", null);
        }
        return own.await();
    }

    private void run() {
        List<Pending<?>> group = new ArrayList<>();
        try {
            while (!closed || !waiting.isEmpty()) {
                group.add(waiting.take());
                waiting.drainTo(group, MOST_AT_ONCE - 1);
                commitAll(group);
                group.clear();
            }
        } catch (InterruptedException e) {
            // closed, and nothing waits
        }
    }

    private void commitAll(List<Pending<?>> group) {
        if (!commit(group) && group.size() > 1) {
            // One bad write must not fail the others: each on its own.
            group.forEach(single -> commit(List.of(single)));
        }
        group.forEach(Pending::finish);
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

    /** Commits what waits, and closes the connection. */
    @Override
    public void close() throws SQLException {
        closed = true;
        waiting.add(new Pending<>(sql -> null));
        boolean interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        connection.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Pending<T> {
        private final Work<T> work;
        private final Thread waiter = Thread.currentThread();
        private T result;
        private Exception failure;
        private volatile boolean finished;

        private Pending(Work<T> work) {
            this.work = work;
        }

        private void run(Sql sql) throws SQLException {
            result = work.run(sql);
        }

        private void finish() {
            finished = true;
            LockSupport.unpark(waiter);
        }

        private T await() {
            boolean interrupted = false;
            while (!finished) {
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
            }
            if (interrupted) {
                waiter.interrupt();
            }
            if (failure != null) {
                throw new LedgerException("the ledger cannot be written: " + failure.getMessage(), failure);
            }
            return result;
        }
    }
}
