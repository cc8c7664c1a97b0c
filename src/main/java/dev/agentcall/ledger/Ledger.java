package dev.agentcall.ledger;

import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Outcome;
import dev.agentcall.call.OutcomeJson;
import dev.agentcall.call.OutcomeKind;
import dev.agentcall.call.Reason;
import dev.agentcall.call.Text;
import dev.agentcall.config.Settings;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The durable record of every request: written before it is sent and again when its outcome is known. The tables are
 * described in {@code schema-1.sql}.
 *
 * <p>All writes return once they are committed and synchronised to the disk, but those about deliveries, which follow
 * within a second. Every method throws {@link LedgerException} when the database cannot be read or written.
 */
public final class Ledger implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Ledger.class);

    private static final int COUNT_BITS = 32;
    private static final int PRUNED_TOGETHER = 500;
    /** For so long a request that could not be written tells that the next cannot be either. */
    private static final Duration REMEMBERED = Duration.ofSeconds(15);

    private static final Duration PRUNE_INTERVAL = Duration.ofHours(6);
    /** On top of what a call may take. */
    private static final Duration FAILOVER_MARGIN = Duration.ofSeconds(2);

    private static final String INSERT =
            "INSERT INTO request (id, process_id, file_run_id, request_id, released, request, extra, source_kind,"
                    + " source_name, source_row, claimed_at, outcome, guid, reason, detail, http_status, replayed, at,"
                    + " millis, message_id, delivered)"
                    + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING";

    private static final String SELECT = "SELECT " + Rows.COLUMNS + " FROM request ";

    private static final String DECIDE =
            "UPDATE request SET outcome = ?, guid = ?, reason = ?, detail = ?, http_status = ?,"
                    + " at = ?, millis = ? WHERE id = ? AND outcome = 'in-flight'";

    /** A statement of its own, so that the usual one leaves the index of ids alone. */
    private static final String DECIDE_AND_RELEASE = DECIDE.replace("SET outcome", "SET released = id, outcome");

    /** This process was taken for dead, and has the real answer after all. */
    private static final String DECIDE_LATE =
            "UPDATE request SET outcome = ?, guid = ?, reason = ?, detail = ?, http_status = ?, at = ?, millis = ?,"
                    + " process_id = ?, delivered = 0, released = CASE WHEN ? = 1 THEN id ELSE 0 END"
                    + " WHERE id = ? AND outcome = 'unknown' AND reason = '" + Reason.CRASH + "' AND settled IS NULL";

    private final Database database;
    private final Processes processes;
    private final GroupCommit writer;
    private final FileRuns fileRuns;
    private final Duration keep;
    private final AtomicLong count = new AtomicLong();
    /** Why the last request could not be written; null if it could. */
    private volatile Refusal refusal;

    private final Object decided = new Object();
    private final Object marksLock = new Object();
    private Marks marks = new Marks();
    private final ScheduledExecutorService care = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "agentcall-ledger-care");
        thread.setDaemon(true);
        return thread;
    });

    private record Refusal(long nanos, LedgerException why) {}

    /**
     * Opens the ledger, makes or checks its tables, and registers this process.
     *
     * @throws LedgerException if it cannot be opened
     */
    public Ledger(Settings settings) {
        this(settings, null);
    }

    /**
     * The same.
     *
     * @param connections the application's, to a PostgreSQL database; null for those that the settings lead to
     */
    public Ledger(Settings settings, DataSource connections) {
        try {
            database = connections == null ? Database.open(settings) : Database.of(connections);
        } catch (SQLException | RuntimeException e) {
            throw cannotOpen(settings, e);
        }
        try {
            SignOfLife signs = database.isSqlite()
                    ? new FileLocks(database.file())
                    : new AdvisoryLocks(
                            database,
                            settings.connectTimeout()
                                    .plus(settings.responseTimeout())
                                    .plus(FAILOVER_MARGIN));
            processes = new Processes(database, signs, settings.node());
            writer = new GroupCommit(database, processes::returned);
            writer.write(database::makeTables);
            processes.register(writer);
        } catch (RuntimeException e) {
            database.close();
            throw cannotOpen(settings, e);
        }
        fileRuns = new FileRuns(database, writer, processes);
        keep = settings.ledgerKeep();
        care("mark deliveries", writer::flush, Duration.ofMillis(500), Duration.ofMillis(500));
        writer.writeAlong(marks);
        // On PostgreSQL the session is the sign of life: one that broke while nobody wrote is to be missed before it is
        // long.
        if (!database.isSqlite()) {
            care("keep the session", () -> writer.write(processes::stay), Duration.ofSeconds(5), Duration.ofSeconds(5));
        }
        care("find crashed processes", this::recoverCrashed, Duration.ofSeconds(5), Duration.ofSeconds(5));
        // Soon after the start too: where files are only given on the command line, nothing runs for hours.
        care("prune", () -> prune(Instant.now().minus(keep)), Duration.ofSeconds(1), PRUNE_INTERVAL);
    }

    private static LedgerException cannotOpen(Settings settings, Exception e) {
        return new LedgerException(
                "agentcall.ledger.url: found " + settings.ledgerUrlShown() + " ("
                        + Text.root(e).getMessage() + "), expected a database that can be opened and written",
                e);
    }

    private void care(String what, Runnable work, Duration first, Duration interval) {
        care.scheduleWithFixedDelay(
                () -> {
                    try {
                        work.run();
                    } catch (RuntimeException e) {
                        LOG.debug("cannot {}, will try again: {}", what, e.toString());
                    }
                },
                first.toMillis(),
                interval.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** True if no node elsewhere can have this ledger too. */
    public boolean isOfOneMachine() {
        return database.isSqlite();
    }

    /** The part about CSV files. */
    public FileRuns fileRuns() {
        return fileRuns;
    }

    static long idOf(long number, long count) {
        return (number << COUNT_BITS) + count;
    }

    // --- Requests ---

    /** The request that has spent this id: placed, unknown or in flight. Null if none has. */
    public Entry findSpent(String requestId) {
        return database.readFirst(SELECT + "WHERE request_id = ? AND released = 0", Rows::entry, requestId);
    }

    /**
     * The request that has spent this id; if none has, the newest with it that repeats no other; null if there is none.
     * A repetition does not know what was settled.
     */
    public Entry findLatest(String requestId) {
        return database.readFirst(
                SELECT + "WHERE request_id = ?"
                        + " ORDER BY CASE WHEN released = 0 THEN 0 ELSE 1 END, replayed, claimed_at DESC",
                Rows::entry,
                requestId);
    }

    /** The request with this number in the ledger, or null. */
    public Entry find(long id) {
        return database.readFirst(SELECT + "WHERE id = ?", Rows::entry, id);
    }

    /** The first decision on a message with this id that carried this request, or null. */
    public Entry findMessage(String messageId, String requestId) {
        return database.readFirst(
                SELECT + "WHERE message_id = ? AND request_id = ? AND outcome <> 'in-flight' ORDER BY id",
                Rows::entry,
                messageId,
                requestId);
    }

    /** A row of a run, null if it was never claimed. */
    public Entry findRow(long runId, int row) {
        return find(idOf(runId, row));
    }

    /**
     * The newest requests, newest first.
     *
     * @param kind only those with this outcome, and of the unknown ones only those not settled, each once, however
     *     often it was repeated; null for all
     * @param since only those written after; null for all
     * @param limit how many at most
     */
    public List<Entry> recent(OutcomeKind kind, Instant since, int limit) {
        String open = kind == OutcomeKind.UNKNOWN ? " AND settled IS NULL AND replayed = 0" : "";
        // With the word itself in it: the unknown ones have an index of their own.
        String only = kind == null ? "" : " AND outcome = '" + kind.word() + "'" + open;
        return database.read(
                SELECT + "WHERE claimed_at >= ?" + only + " ORDER BY claimed_at DESC, id DESC LIMIT ?",
                Rows::entries,
                since == null ? "" : OutcomeJson.instant(since),
                limit);
    }

    /**
     * Writes that a request is about to be sent.
     *
     * @param runId the file run that delivers it, null for none
     * @param messageId the message that delivers it, null for none
     * @return the request's number in the ledger, or null if its id is spent
     */
    public Long claim(CallRequest request, Long runId, String messageId) {
        long id = newId(request, runId);
        try {
            return insert(id, request, runId, messageId, null) ? id : null;
        } catch (LedgerException e) {
            // Whether a commit that failed was one is not known; this request is not going to be sent.
            writer.writeFirst(releasing(id));
            throw e;
        }
    }

    /**
     * Writes an outcome that was known without sending: invalid, or replayed.
     *
     * @return the request's number in the ledger
     */
    public long add(Outcome outcome, Long runId, String messageId) {
        long id = newId(outcome.request(), runId);
        insert(id, outcome.request(), runId, messageId, outcome);
        return id;
    }

    /** The same for a request that no message delivers. */
    public Long claim(CallRequest request, Long runId) {
        return claim(request, runId, null);
    }

    /** The same for a request that no message delivers. */
    public long add(Outcome outcome, Long runId) {
        return add(outcome, runId, null);
    }

    private long newId(CallRequest request, Long runId) {
        return runId == null
                ? idOf(processes.id(), count.incrementAndGet())
                : idOf(runId, request.source().row());
    }

    private boolean insert(long id, CallRequest request, Long runId, String messageId, Outcome outcome) {
        try {
            boolean inserted = writeRequest(id, request, runId, messageId, outcome);
            refusal = null;
            return inserted;
        } catch (LedgerException e) {
            refusal = new Refusal(System.nanoTime(), e);
            throw e;
        }
    }

    private boolean writeRequest(long id, CallRequest request, Long runId, String messageId, Outcome outcome) {
        String fields = OutcomeJson.fields(request);
        String extra = OutcomeJson.object(request.extra());
        String now = OutcomeJson.instant(Instant.now());
        return writer.write(sql -> {
            PreparedStatement insert = sql.prepare(INSERT);
            insert.setLong(1, id);
            insert.setLong(2, processes.id());
            insert.setObject(3, runId);
            insert.setString(4, request.requestId());
            insert.setLong(5, outcome == null ? 0 : id);
            insert.setString(6, fields);
            insert.setString(7, extra);
            insert.setString(8, request.source().kind());
            insert.setString(9, request.source().name());
            insert.setObject(10, request.source().row());
            insert.setString(11, now);
            insert.setString(
                    12, outcome == null ? Rows.IN_FLIGHT : outcome.kind().word());
            insert.setString(13, outcome == null ? null : outcome.guid());
            insert.setString(14, outcome == null ? null : outcome.reason());
            insert.setString(15, outcome == null ? null : outcome.detail());
            insert.setObject(16, outcome == null ? null : outcome.httpStatus());
            insert.setInt(17, outcome != null && outcome.replayed() ? 1 : 0);
            insert.setString(18, outcome == null ? null : OutcomeJson.instant(outcome.at()));
            insert.setObject(19, outcome == null ? null : outcome.millis());
            insert.setString(20, messageId);
            return insert.executeUpdate() == 1;
        });
    }

    /** Writes the outcome of a claimed request. */
    public void record(long id, Outcome outcome) {
        record(id, outcome, () -> {});
    }

    /**
     * The same.
     *
     * @param inLine run before the outcome is committed, once a claim that comes later is not committed without it
     */
    public void record(long id, Outcome outcome, Runnable inLine) {
        boolean release = outcome.kind() == OutcomeKind.REJECTED || outcome.kind() == OutcomeKind.INVALID;
        writer.write(
                sql -> {
                    PreparedStatement update = sql.prepare(release ? DECIDE_AND_RELEASE : DECIDE);
                    setOutcome(update, outcome);
                    update.setLong(8, id);
                    if (update.executeUpdate() == 0) {
                        PreparedStatement late = sql.prepare(DECIDE_LATE);
                        setOutcome(late, outcome);
                        late.setLong(8, processes.id());
                        late.setInt(9, release ? 1 : 0);
                        late.setLong(10, id);
                        if (late.executeUpdate() == 0) {
                            LOG.warn(
                                    "request {} is {}, and decided in the ledger already",
                                    id,
                                    outcome.kind().word());
                        }
                    }
                    return null;
                },
                inLine);
        wakeWaiting();
    }

    private static void setOutcome(PreparedStatement update, Outcome outcome) throws SQLException {
        update.setString(1, outcome.kind().word());
        update.setString(2, outcome.guid());
        update.setString(3, outcome.reason());
        update.setString(4, outcome.detail());
        update.setObject(5, outcome.httpStatus());
        update.setString(6, OutcomeJson.instant(outcome.at()));
        update.setObject(7, outcome.millis());
    }

    /**
     * Takes a claim back: the request was not taken and keeps its place where it came from. What cannot be written now is
     * as soon as anything can, so that the claim of a living process never stands in its own way.
     */
    public void release(long id) {
        try {
            writer.write(releasing(id));
        } catch (LedgerException e) {
            LOG.warn("a call that was not taken is taken back once the ledger can be written: {}", e.getMessage());
            writer.writeFirst(releasing(id));
        }
        wakeWaiting();
    }

    /** Late, it may be another process's claim by then: a row has the same number whoever calls it. */
    private GroupCommit.Work<Integer> releasing(long id) {
        return sql -> {
            PreparedStatement delete =
                    sql.prepare("DELETE FROM request WHERE id = ? AND process_id = ? AND outcome = 'in-flight'");
            delete.setLong(1, id);
            delete.setLong(2, processes.id());
            return delete.executeUpdate();
        };
    }

    private void wakeWaiting() {
        synchronized (decided) {
            decided.notifyAll();
        }
    }

    /** Waits up to {@code millis} for some request to be decided. */
    public void awaitDecision(long millis) throws InterruptedException {
        synchronized (decided) {
            decided.wait(millis);
        }
    }

    // --- Deliveries ---

    /** The outcome's channel has it. After a crash within half a second it may get it again. */
    public void delivered(long id) {
        synchronized (marksLock) {
            if (!marks.add(id)) {
                marks = new Marks();
                marks.add(id);
                writer.writeAlong(marks);
            }
        }
    }

    /**
     * The outcome's channel failed; {@link #missed()} gives it again.
     *
     * @param by which of its endpoints failed, null for all
     */
    public void missed(long id, String by) {
        writer.writeAlong(sql -> {
            PreparedStatement update =
                    sql.prepare("UPDATE request SET delivered = 2, missed_by = ? WHERE id = ? AND delivered <> 1");
            update.setString(1, by);
            update.setLong(2, id);
            return update.executeUpdate();
        });
    }

    /**
     * An outcome that its channel has missed.
     *
     * @param id the request's number in the ledger, see {@link #find}
     * @param placed which channel that is
     * @param since when the request came or was decided, whichever is later
     */
    public record Missed(long id, boolean placed, Instant since) {}

    /**
     * The outcomes that their channels have missed, this process's and those of dead ones, each channel's in the order of
     * their requests.
     *
     * @param most for a channel
     */
    public List<Missed> missed(int most) {
        writer.flush();
        List<Missed> missed = new ArrayList<>();
        for (boolean placed : new boolean[] {true, false}) {
            // delivered <> 1 is the condition of the index request_open: said again, so that it is used.
            missed.addAll(database.read(
                    "SELECT id, claimed_at, at FROM request WHERE process_id = ? AND delivered <> 1 AND delivered = 2"
                            + " AND outcome " + (placed ? "=" : "<>") + " 'placed' ORDER BY id LIMIT ?",
                    result -> {
                        List<Missed> found = new ArrayList<>();
                        while (result.next()) {
                            Instant claimed = Instant.parse(result.getString(2));
                            Instant decided = Instant.parse(result.getString(3));
                            // A replayed outcome was decided long before its request came
                            found.add(new Missed(
                                    result.getLong(1), placed, decided.isAfter(claimed) ? decided : claimed));
                        }
                        return found;
                    },
                    processes.id(),
                    most));
        }
        return missed;
    }

    // --- What a human finds out ---

    /**
     * Writes what a human found out about an unknown request. One that was not placed may be sent again.
     *
     * @param guid the call's name at uContact, null if it is not known
     * @param by who found out
     * @param note null for none
     * @return false if no unknown request that is not settled has this id
     */
    public boolean settle(String requestId, boolean placed, String guid, String by, String note) {
        return writer.write(sql -> {
            PreparedStatement update = sql.prepare("UPDATE request SET settled = ?, settled_at = ?, settled_by = ?,"
                    + " note = ?, guid = ?, released = CASE WHEN ? = 1 THEN 0 ELSE id END"
                    + " WHERE request_id = ? AND released = 0 AND outcome = 'unknown' AND settled IS NULL");
            update.setString(1, placed ? Entry.Settled.PLACED : Entry.Settled.NOT_PLACED);
            update.setString(2, OutcomeJson.instant(Instant.now()));
            update.setString(3, by);
            update.setString(4, note);
            update.setString(5, guid);
            update.setInt(6, placed ? 1 : 0);
            update.setString(7, requestId);
            return update.executeUpdate() == 1;
        });
    }

    // --- Processes ---

    /**
     * Makes the requests that were in flight in processes that have died {@code unknown}/{@code crash}. They, and what
     * else those processes did not deliver, are then among the {@link #missed} ones.
     */
    public void recoverCrashed() {
        processes.recoverCrashed();
        wakeWaiting();
    }

    /** This process's number in the ledger. */
    public long processId() {
        return processes.id();
    }

    /** True for this process, and for others as long as they may be alive. */
    public boolean isAlive(long processId) {
        return processes.isAlive(processId);
    }

    /**
     * Returns if the ledger can be written now, as far as that can be told without a request.
     *
     * @throws LedgerException if not
     */
    public void checkWritable() {
        // On a full disk there may be room for less than a request.
        Refusal last = refusal;
        if (last != null && System.nanoTime() - last.nanos < REMEMBERED.toNanos()) {
            throw new LedgerException(last.why.getMessage(), last.why);
        }
        writer.write(sql -> {
            PreparedStatement update = sql.prepare("UPDATE process SET node = node WHERE id = ?");
            update.setLong(1, processes.id());
            return update.executeUpdate();
        });
    }

    // --- Old ones ---

    /**
     * Deletes what was written before, but for requests that are unknown and not settled, in flight, not delivered, or of
     * a file that is not done.
     */
    public void prune(Instant before) {
        String from = "";
        List<Old> old;
        do {
            old = database.read(
                    "SELECT id, claimed_at FROM request WHERE claimed_at >= ? AND claimed_at < ? AND delivered = 1"
                            + " AND outcome <> 'in-flight' AND (outcome <> 'unknown' OR settled IS NOT NULL OR replayed = 1)"
                            + " AND NOT EXISTS (SELECT 1 FROM file_run"
                            + " WHERE file_run.id = request.file_run_id AND finished_at IS NULL)"
                            + " ORDER BY claimed_at LIMIT " + PRUNED_TOGETHER,
                    Ledger::old,
                    from,
                    OutcomeJson.instant(before));
            if (!old.isEmpty()) {
                delete(old);
                from = old.get(old.size() - 1).claimedAt; // past those that stay
            }
        } while (old.size() == PRUNED_TOGETHER);
        writer.write(sql -> {
            // Nobody has come back with the file.
            PreparedStatement end = sql.prepare("UPDATE file_run SET finished_at = ? WHERE finished_at IS NULL"
                    + " AND started_at < ? AND process_id NOT IN (SELECT id FROM process)");
            end.setString(1, OutcomeJson.instant(Instant.now()));
            end.setString(2, OutcomeJson.instant(before));
            end.executeUpdate();
            PreparedStatement delete = sql.prepare("DELETE FROM file_run WHERE finished_at < ?");
            delete.setString(1, OutcomeJson.instant(before));
            return delete.executeUpdate();
        });
    }

    private record Old(long id, String claimedAt) {}

    private static List<Old> old(ResultSet result) throws SQLException {
        List<Old> old = new ArrayList<>();
        while (result.next()) {
            old.add(new Old(result.getLong(1), result.getString(2)));
        }
        return old;
    }

    private void delete(List<Old> old) {
        writer.write(sql -> {
            PreparedStatement delete = sql.prepare("DELETE FROM request WHERE id = ?");
            for (Old request : old) {
                delete.setLong(1, request.id);
                delete.executeUpdate();
            }
            return null;
        });
    }

    @Override
    public void close() {
        care.shutdownNow();
        try {
            writer.flush();
        } catch (LedgerException e) {
            LOG.warn("{}", e.getMessage());
        }
        processes.leave();
        writer.close();
        database.close();
    }
}
