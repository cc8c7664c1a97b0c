package dev.agentcall.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes through one connection, so that the writes of calls that wait at the same time share one commit and with it one
 * synchronisation of the disk. The first who waits leads: it commits for all who wait, and hands the lead to the next.
 * There is no thread of its own that would have to be woken.
 */
final class GroupCommit implements AutoCloseable {

    private static final int MOST_AT_ONCE = 256;

    private final Connection connection;
    private final Sql sql;
    private final ConcurrentLinkedQueue<Pending<?>> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean led = new AtomicBoolean();
    private volatile boolean closed;

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
     * Runs the work in a transaction and returns once that is committed. An interrupt does not end the wait: whether the
     * work was committed must be known.
     *
     * @throws LedgerException if it could not be committed; then nothing of it was
     */
    <T> T write(Work<T> work) {
        Pending<T> own = new Pending<>(work);
        waiting.add(own);
        if (closed && waiting.remove(own)) {
            own.fail(new IllegalStateException("it is closed"));
        }
        boolean interrupted = false;
        while (!own.finished) {
            if (led.compareAndSet(false, true)) {
                lead();
            } else {
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return own.result();
    }

    /** The next one leads before those who are done are woken, which takes its time. */
    private void lead() {
        List<Pending<?>> done;
        try {
            done = commitWaiting();
        } finally {
            led.set(false);
        }
        wakeNextLeader();
        done.forEach(Pending::finish);
    }

    private void wakeNextLeader() {
        Pending<?> next = waiting.peek();
        if (next != null) {
            LockSupport.unpark(next.waiter);
        }
    }

    /** Those who come while others' statements run are taken along. */
    private List<Pending<?>> commitWaiting() {
        List<Pending<?>> group = new ArrayList<>();
        Throwable failure = null;
        try {
            for (Pending<?> next = waiting.poll(); next != null; next = waiting.poll()) {
                group.add(next);
                next.run(sql);
                if (group.size() == MOST_AT_ONCE) {
                    break;
                }
            }
            connection.commit();
        } catch (Throwable e) { // whatever it is, nobody may wait for ever
            failure = e;
            rollBack();
        }
        if (failure != null && group.size() > 1) {
            group.forEach(this::commitAlone); // one bad write must not fail the others
        } else {
            for (Pending<?> pending : group) {
                pending.failure = failure;
            }
        }
        return group;
    }

    private void commitAlone(Pending<?> pending) {
        try {
            pending.run(sql);
            connection.commit();
            pending.failure = null;
        } catch (SQLException | RuntimeException e) {
            rollBack();
            pending.failure = e;
        }
    }

    private void rollBack() {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // The failure that led here is the one to tell.
        }
    }

    /** Waits for a commit that is under way; what is not committed then fails. */
    @Override
    public void close() throws SQLException {
        closed = true;
        while (!led.compareAndSet(false, true)) {
            Thread.onSpinWait();
        }
        for (Pending<?> next = waiting.poll(); next != null; next = waiting.poll()) {
            next.fail(new IllegalStateException("it is closed"));
        }
        connection.close();
    }

    private static final class Pending<T> {
        private final Work<T> work;
        private final Thread waiter = Thread.currentThread();
        private T result;
        private Throwable failure;
        /** Written last: who reads it as true sees the rest. */
        private volatile boolean finished;

        private Pending(Work<T> work) {
            this.work = work;
        }

        private void run(Sql sql) throws SQLException {
            result = work.run(sql);
        }

        private void fail(Throwable reason) {
            failure = reason;
            finish();
        }

        private void finish() {
            finished = true;
            if (waiter != Thread.currentThread()) {
                LockSupport.unpark(waiter);
            }
        }

        private T result() {
            if (failure != null) {
                throw new LedgerException("the ledger cannot be written: " + failure.getMessage(), failure);
            }
            return result;
        }
    }
}
