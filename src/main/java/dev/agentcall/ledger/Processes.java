package dev.agentcall.ledger;

import dev.agentcall.call.OutcomeJson;
import dev.agentcall.call.OutcomeKind;
import dev.agentcall.call.Reason;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The processes that use this ledger: this one, and what the dead ones have left. */
final class Processes {

    private static final Logger LOG = LoggerFactory.getLogger(Processes.class);

    private static final String INSERT =
            "INSERT INTO process (id, node, pid, started_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";

    private final Database database;
    private final SignOfLife signs;
    private final String node;
    private final String startedAt = OutcomeJson.instant(Instant.now());
    /** Signs that were missed, by process. */
    private final Map<Long, Missed> missed = new ConcurrentHashMap<>();

    /**
     * When a sign was missed first and when last, without a look between that found it; nanoseconds.
     *
     * <p>After a time in which nobody looked, the process may have been there and have gone again.
     */
    private record Missed(long first, long last) {

        private static final long LOOKS_APART = TimeUnit.SECONDS.toNanos(20);

        private static Missed now(Missed before) {
            long now = System.nanoTime();
            return new Missed(before == null || now - before.last > LOOKS_APART ? now : before.first, now);
        }
    }

    private volatile long id;
    private GroupCommit writer;

    Processes(Database database, SignOfLife signs, String node) {
        this.database = database;
        this.signs = signs;
        this.node = node;
    }

    /**
     * Enters this process into the ledger. Its sign is shown before the entry is committed, so that nobody finds the entry
     * of a living process without one.
     */
    void register(GroupCommit with) {
        writer = with;
        id = writer.write(sql -> {
            long number = sql.nextNumber();
            insert(sql.prepare(INSERT), number);
            signs.show(number, sql.connection());
            return number;
        });
    }

    /** On a new connection: the old one's sign went with it, and the others may have taken this process for dead. */
    void returned(Connection connection) throws SQLException {
        if (id != 0) {
            signs.show(id, connection);
            try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
                insert(insert, id);
            }
            connection.commit();
        }
    }

    /** Enters this process again, if another took it for dead in the moment in which it came back. */
    Void stay(Sql sql) throws SQLException {
        insert(sql.prepare(INSERT), id);
        return null;
    }

    private void insert(PreparedStatement insert, long number) throws SQLException {
        insert.setLong(1, number);
        insert.setString(2, node);
        insert.setLong(3, ProcessHandle.current().pid());
        insert.setString(4, startedAt);
        insert.executeUpdate();
    }

    long id() {
        return id;
    }

    /** True for this process, and for others as long as they may be alive. */
    boolean isAlive(long process) {
        if (process == id || signs.isShown(process)) {
            missed.remove(process);
            return true;
        }
        boolean mayBe =
                database.readFirst("SELECT 1 FROM process WHERE id = ? AND ended_at IS NULL", found -> true, process)
                        != null;
        if (!mayBe) {
            return false;
        }
        Missed sign = missed.compute(process, (number, before) -> Missed.now(before));
        return sign.last - sign.first < signs.patience().toNanos();
    }

    /**
     * Makes the requests that were in flight in processes that have died {@code unknown}/{@code crash}, and takes over
     * all outcomes of theirs that no channel has.
     */
    void recoverCrashed() {
        Map<Long, String> others = database.read(
                "SELECT id, node, pid FROM process WHERE id <> ?",
                result -> {
                    Map<Long, String> found = new LinkedHashMap<>();
                    while (result.next()) {
                        found.put(result.getLong(1), "process " + result.getLong(3) + " of " + result.getString(2));
                    }
                    return found;
                },
                id);
        missed.keySet().retainAll(others.keySet());
        List<Long> dead = new ArrayList<>(others.keySet());
        dead.removeIf(this::isAlive);
        for (Long process : dead) {
            int crashed = writer.write(sql -> recover(sql, process));
            signs.clearUp(process);
            if (crashed > 0) {
                LOG.warn(
                        "{} has ended with {} calls in flight: they are unknown/crash, look before you repeat them",
                        others.get(process),
                        crashed);
            }
        }
    }

    private int recover(Sql sql, long process) throws SQLException {
        // delivered <> 1: of the index request_open, which finds the few in flight without reading all.
        PreparedStatement crash = sql.prepare("UPDATE request SET outcome = ?, reason = ?, detail = ?, at = ?"
                + " WHERE process_id = ? AND delivered <> 1 AND outcome = 'in-flight'");
        crash.setString(1, OutcomeKind.UNKNOWN.word());
        crash.setString(2, Reason.CRASH);
        crash.setString(3, "the program ended while this call was in flight; it may have been placed");
        crash.setString(4, OutcomeJson.instant(Instant.now()));
        crash.setLong(5, process);
        int crashed = crash.executeUpdate();
        PreparedStatement takeOver =
                sql.prepare("UPDATE request SET process_id = ?, delivered = 2 WHERE process_id = ? AND delivered <> 1");
        takeOver.setLong(1, id);
        takeOver.setLong(2, process);
        takeOver.executeUpdate();
        PreparedStatement forget = sql.prepare("DELETE FROM process WHERE id = ?");
        forget.setLong(1, process);
        forget.executeUpdate();
        return crashed;
    }

    /** A process that ends in good order takes its sign down and, unless it leaves something to see to, its entry along. */
    void leave() {
        try {
            int forgotten = writer.write(sql -> {
                PreparedStatement forget = sql.prepare("DELETE FROM process WHERE id = ?"
                        + " AND NOT EXISTS (SELECT 1 FROM request WHERE process_id = ? AND delivered <> 1)");
                forget.setLong(1, id);
                forget.setLong(2, id);
                int entries = forget.executeUpdate();
                if (entries == 0) {
                    PreparedStatement end = sql.prepare("UPDATE process SET ended_at = ? WHERE id = ?");
                    end.setString(1, OutcomeJson.instant(Instant.now()));
                    end.setLong(2, id);
                    end.executeUpdate();
                }
                signs.hide(id, sql.connection());
                return entries;
            });
            if (forgotten == 1) {
                signs.clearUp(id);
            }
        } catch (LedgerException e) {
            signs.hide(id, null); // the next process finds it dead
        }
    }
}
