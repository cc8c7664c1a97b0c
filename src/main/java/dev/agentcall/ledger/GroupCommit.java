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
    /** Times that a leader lets others go first. */
    private static final int YIELDS = 2;

    private static final int VALID_SECONDS = 5;

    private final Database database;
    private final Opened opened;
    private final ConcurrentLinkedQueue<Pending<?>> waiting = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Work<?>> first = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Work<?>> along = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean led = new AtomicBoolean();
    private volatile boolean closed;
    /** The leader's; null until it is needed, and after it broke. */
    private Sql sql;

    /** What is to be done with a new connection before anything is written through it. */
    interface Opened {
        void with(Connection connection) throws SQLException;
    }

    /** One write: some statements, and a result that holds once they are committed. */
    interface Work<T> {
        T run(Sql sql) throws SQLException;
    }

    GroupCommit(Database database, Opened opened) {
        this.database = database;
        this.opened = opened;
    }

    /**
     * Runs the work in a transaction and returns once that is committed. An interrupt does not end the wait: whether the
     * work was committed must be known.
     *
     * @throws LedgerException if it could not be committed; where the connection broke meanwhile, it may have been
     */
    <T> T write(Work<T> work) {
        return write(work, () -> {});
    }

    /**
     * The same.
     *
     * @param inLine run as soon as whatever is written from then on is committed together with this, or later
     */
    <T> T write(Work<T> work, Runnable inLine) {
        Pending<T> own = new Pending<>(work);
        waiting.add(own);
        inLine.run();
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

    /** Commits the work, as soon as that can be done, before anything that is written from now on. */
    void writeFirst(Work<?> work) {
        first.add(work);
    }

    /** Runs the work along with the next write, or {@link #flush}; again, if that is not committed. */
    void writeAlong(Work<?> work) {
        along.add(work);
    }

    /** Commits what waits for a write to come; returns once what another has just taken of it is committed too. */
    void flush() {
        // In this order: who leads has the lead before he takes what waits, and as long as it is not committed.
        if (!first.isEmpty() || !along.isEmpty() || led.get()) {
            write(sql -> null);
        }
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
        List<Work<?>> taken = new ArrayList<>();
        List<Work<?>> firsts = new ArrayList<>();
        boolean committing = false;
        try {
            commitFirst();
            runAlong(taken);
            runWaiting(group, firsts);
            // Those who are about to write, and only lack a processor, come along: fewer commits, each of more.
            for (int i = 0; i < YIELDS; i++) {
                Thread.yield();
                runWaiting(group, firsts);
            }
            runAlong(taken); // a flush in the group may be for what came after the first
            committing = true;
            connection().commit();
            first.removeAll(firsts);
            group.forEach(pending -> pending.failure = null);
        } catch (Throwable e) { // whatever it is, nobody may wait for ever
            boolean broken = !rollBack();
            along.addAll(taken);
            takeWaiting(group);
            if (broken && committing) {
                // It may have been committed: to run it again could find its own traces.
                group.forEach(pending -> pending.failure = e);
            } else {
                commitEachAlone(group, e);
            }
        }
        return group;
    }

    /** One bad write must not fail the others; but where none can be written, each would wait for it in turn. */
    private void commitEachAlone(List<Pending<?>> group, Throwable failure) {
        Throwable ofAll = Database.isBusy(failure) ? failure : null;
        for (Pending<?> pending : group) {
            if (ofAll == null) {
                ofAll = commitAlone(pending);
            } else {
                pending.failure = ofAll;
            }
        }
    }

    private void takeWaiting(List<Pending<?>> group) {
        if (group.isEmpty()) {
            for (Pending<?> next = waiting.poll(); next != null; next = waiting.poll()) {
                group.add(next);
            }
        }
    }

    private void runAlong(List<Work<?>> taken) throws SQLException {
        for (Work<?> next = along.poll(); next != null; next = along.poll()) {
            taken.add(next);
            next.run(sql());
        }
    }

    private void runWaiting(List<Pending<?>> group, List<Work<?>> firsts) throws SQLException {
        while (group.size() < MOST_AT_ONCE) {
            Pending<?> next = waiting.poll();
            if (next == null) {
                return;
            }
            group.add(next);
            // What came to be first meanwhile is before this: run later, it could undo it.
            for (Work<?> work : first) {
                if (!firsts.contains(work)) {
                    work.run(sql());
                    firsts.add(work);
                }
            }
            next.run(sql());
        }
    }

    /** In a transaction of its own: nothing that fails after it may take it back. */
    private void commitFirst() throws SQLException {
        if (first.isEmpty()) {
            return;
        }
        List<Work<?>> works = List.copyOf(first);
        for (Work<?> work : works) {
            work.run(sql());
        }
        connection().commit();
        first.removeAll(works);
    }

    /** The failure, if it is one that any other write would meet; else null. */
    private Throwable commitAlone(Pending<?> pending) {
        try {
            commitFirst();
            pending.run(sql());
            connection().commit();
            pending.failure = null;
            return null;
        } catch (Throwable e) {
            boolean broken = !rollBack();
            pending.failure = e;
            return broken || Database.isBusy(e) ? e : null;
        }
    }

    private Sql sql() throws SQLException {
        if (sql == null) {
            Connection connection = database.openWriter();
            try {
                opened.with(connection);
            } catch (SQLException e) {
                database.discard(connection);
                throw e;
            }
            sql = new Sql(connection);
        }
        return sql;
    }

    private Connection connection() throws SQLException {
        return sql().connection();
    }

    /** False if the connection is broken; the next one who needs it opens another. */
    private boolean rollBack() {
        try {
            if (sql != null) {
                sql.connection().rollback();
                sql.forgetStatements();
                if (sql.connection().isValid(VALID_SECONDS)) {
                    return true;
                }
            }
        } catch (Throwable e) {
            // The failure that led here is the one to tell; and whatever it is, nobody may wait for ever.
        }
        try {
            closeConnection();
        } catch (RuntimeException e) {
            sql = null;
        }
        return false;
    }

    private void closeConnection() {
        if (sql != null) {
            database.discard(sql.connection());
            sql = null;
        }
    }

    /** Waits for a commit that is under way; what is not committed then fails. */
    @Override
    public void close() {
        closed = true;
        while (!led.compareAndSet(false, true)) {
            Thread.onSpinWait();
        }
        for (Pending<?> next = waiting.poll(); next != null; next = waiting.poll()) {
            next.fail(new IllegalStateException("it is closed"));
        }
        closeConnection();
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
