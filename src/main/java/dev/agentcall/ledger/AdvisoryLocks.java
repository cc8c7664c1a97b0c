package dev.agentcall.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Signs of life in a PostgreSQL ledger: each process holds an advisory lock in the session that it writes through. A
 * session can break while its process lives, at a failover for one; so a process is dead only when its lock has been free
 * for longer than an answer may take.
 */
final class AdvisoryLocks implements SignOfLife {

    private static final String HOLDERS = " FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
            + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            + " AND classid = ?::bigint::oid AND objid = ?::bigint::oid";

    private final Database database;
    private final Duration patience;

    /** Longer than an answer may take: {@code patience}. */
    AdvisoryLocks(Database database, Duration patience) {
        this.database = database;
        this.patience = patience;
    }

    /** The first of a lock's two numbers: the same for all processes of one ledger, which is a schema of a database. */
    static int group(Connection connection) throws SQLException {
        return ("agentcall " + connection.getSchema()).hashCode();
    }

    /** Drops the locks of this session. */
    static void drop(Connection connection) throws SQLException {
        try (PreparedStatement unlock = connection.prepareStatement("SELECT pg_advisory_unlock_all()")) {
            unlock.execute();
        }
    }

    @Override
    public void show(long process, Connection writer) throws SQLException {
        endEarlierSessions(process, writer);
        try (PreparedStatement lock = writer.prepareStatement("SELECT pg_advisory_lock(?, ?)")) {
            lock.setInt(1, group(writer));
            lock.setInt(2, Math.toIntExact(process));
            lock.execute();
        }
    }

    /** Nobody but this process asks for its lock: who holds it is a session that broke without the server's noticing. */
    private static void endEarlierSessions(long process, Connection writer) throws SQLException {
        try (PreparedStatement end = writer.prepareStatement(
                "SELECT pg_terminate_backend(pid)" + HOLDERS + " AND pid <> pg_backend_pid()")) {
            end.setLong(1, Integer.toUnsignedLong(group(writer)));
            end.setLong(2, process);
            end.execute();
        }
    }

    @Override
    public boolean isShown(long process) {
        return database.readFirst(
                        "SELECT 1" + HOLDERS, found -> true, Integer.toUnsignedLong(database.lockGroup()), process)
                != null;
    }

    @Override
    public Duration patience() {
        return patience;
    }

    /** The session ends with the connection, but the server notices that some moments later. */
    @Override
    public void hide(long process, Connection writer) {
        if (writer != null) {
            try {
                drop(writer);
            } catch (SQLException e) {
                // It goes with the session.
            }
        }
    }

    @Override
    public void clearUp(long process) {}
}
