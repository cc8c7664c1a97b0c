package dev.agentcall.ledger;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Arrays;

/** Outcomes to be marked as delivered with the next commit. */
final class Marks implements GroupCommit.Work<Void> {

    private long[] ids = new long[16];
    private int count;
    private boolean closed;

    /** False if it is too late for these. */
    synchronized boolean add(long id) {
        if (closed) {
            return false;
        }
        if (count == ids.length) {
            ids = Arrays.copyOf(ids, 2 * count);
        }
        ids[count++] = id;
        return true;
    }

    /** Ids come mostly one after the other: a statement for each stretch of them is several times quicker. */
    @Override
    public synchronized Void run(Sql sql) throws SQLException {
        if (!closed) {
            closed = true;
            Arrays.sort(ids, 0, count);
        }
        PreparedStatement update =
                sql.prepare("UPDATE request SET delivered = 1 WHERE id BETWEEN ? AND ? AND delivered <> 1");
        for (int from = 0, to; from < count; from = to) {
            to = from + 1;
            while (to < count && ids[to] - ids[to - 1] <= 1) {
                to++;
            }
            update.setLong(1, ids[from]);
            update.setLong(2, ids[to - 1]);
            update.executeUpdate();
        }
        return null;
    }
}
