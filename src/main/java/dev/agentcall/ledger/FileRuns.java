package dev.agentcall.ledger;

import dev.agentcall.call.OutcomeJson;
import dev.agentcall.call.OutcomeKind;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The ledger's part about CSV files: which are in work, by whom, and what became of their rows. A file is in work once at
 * a time; a process that has died loses its files to whoever finds them.
 */
public final class FileRuns {

    private final Database database;
    private final GroupCommit writer;
    private final Processes processes;

    FileRuns(Database database, GroupCommit writer, Processes processes) {
        this.database = database;
        this.writer = writer;
        this.processes = processes;
    }

    /** An unfinished run, and the file that it is over. */
    public record Open(FileRun run, String name, String content) {}

    /** The unfinished runs over a file of this name and content, the oldest first. */
    public List<FileRun> findOpen(String name, String content) {
        return find("name = ? AND content = ?", name, content).stream()
                .map(Open::run)
                .toList();
    }

    /** The unfinished runs over other files of this name, the oldest first. */
    public List<Open> findOthers(String name, String content) {
        return find("name = ? AND content <> ?", name, content);
    }

    /** The unfinished run with this number, whichever process has it; null if there is none. */
    public Open findOpen(long runId) {
        List<Open> found = find("id = ?", runId);
        return found.isEmpty() ? null : found.get(0);
    }

    /** Those whose results are there: the original is being moved, or was when its process died. */
    public List<Open> findMoving() {
        return find("done_name IS NOT NULL");
    }

    private List<Open> find(String which, Object... values) {
        return database.read(
                "SELECT id, process_id, result_name, done_name, name, content FROM file_run WHERE " + which
                        + " AND finished_at IS NULL ORDER BY id",
                row -> {
                    List<Open> found = new ArrayList<>();
                    while (row.next()) {
                        FileRun run =
                                new FileRun(row.getLong(1), row.getLong(2), row.getString(3), row.getString(4), true);
                        found.add(new Open(run, row.getString(5), row.getString(6)));
                    }
                    return found;
                },
                values);
    }

    /**
     * Begins a run.
     *
     * @param beside beside an unfinished run of another process over the same file
     * @return null if another has begun one meanwhile, or has chosen the same name for its results
     */
    public FileRun start(String name, String content, boolean beside, String resultName) {
        return writer.write(sql -> {
            long id = sql.nextNumber();
            PreparedStatement insert =
                    sql.prepare("INSERT INTO file_run (id, process_id, name, content, beside, result_name, started_at)"
                            + " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
            insert.setLong(1, id);
            insert.setLong(2, processes.id());
            insert.setString(3, name);
            insert.setString(4, content);
            insert.setLong(5, beside ? id : 0);
            insert.setString(6, resultName);
            insert.setString(7, OutcomeJson.instant(Instant.now()));
            return insert.executeUpdate() == 1 ? new FileRun(id, processes.id(), resultName, null, false) : null;
        });
    }

    /** True if the run is still this process's: another may have taken this one for dead, and finished it. */
    public boolean isOwn(FileRun run) {
        return database.readFirst(
                        "SELECT 1 FROM file_run WHERE id = ? AND process_id = ? AND finished_at IS NULL",
                        row -> true,
                        run.id(),
                        processes.id())
                != null;
    }

    /** True if the run is this process's from now on; false if its process may be alive, or another was quicker. */
    public boolean takeOver(FileRun run) {
        if (run.processId() == processes.id()) {
            return true;
        }
        if (processes.isAlive(run.processId())) {
            return false;
        }
        processes.recoverCrashed(); // no row of the run may be in flight any more
        return writer.write(sql -> {
            PreparedStatement update = sql.prepare(
                    "UPDATE file_run SET process_id = ? WHERE id = ? AND process_id = ? AND finished_at IS NULL");
            update.setLong(1, processes.id());
            update.setLong(2, run.id());
            update.setLong(3, run.processId());
            return update.executeUpdate() == 1;
        });
    }

    /** True if an unfinished run has chosen this name for its results. */
    public boolean isResultNameTaken(String resultName) {
        return database.readFirst(
                        "SELECT 1 FROM file_run WHERE finished_at IS NULL AND result_name = ?", row -> true, resultName)
                != null;
    }

    /** The results are there; what is left is to move the original to this name in the folder done. */
    public void willMove(FileRun run, String doneName) {
        change("UPDATE file_run SET done_name = ? WHERE id = ?", doneName, run.id());
    }

    /**
     * Everything is in its place.
     *
     * @return false if it could not be written now; then it is along with a later write
     */
    public boolean finish(FileRun run) {
        GroupCommit.Work<Integer> end = changing(
                "UPDATE file_run SET finished_at = ? WHERE id = ?", OutcomeJson.instant(Instant.now()), run.id());
        try {
            writer.write(end);
            return true;
        } catch (LedgerException e) {
            writer.writeAlong(end);
            return false;
        }
    }

    /**
     * Gives the run's results another name.
     *
     * @return null if another run has chosen the same
     */
    public FileRun rename(FileRun run, String resultName) {
        int changed = writer.write(sql -> {
            PreparedStatement update = sql.prepare("UPDATE file_run SET result_name = ? WHERE id = ? AND NOT EXISTS"
                    + " (SELECT 1 FROM file_run WHERE result_name = ? AND finished_at IS NULL)");
            update.setString(1, resultName);
            update.setLong(2, run.id());
            update.setString(3, resultName);
            return update.executeUpdate();
        });
        return changed == 0 ? null : new FileRun(run.id(), run.processId(), resultName, run.doneName(), run.resumed());
    }

    /** Takes back a run that was begun over a file that is gone. */
    public void drop(FileRun run) {
        change("DELETE FROM file_run WHERE id = ?", run.id());
    }

    private void change(String statement, Object... values) {
        writer.write(changing(statement, values));
    }

    private static GroupCommit.Work<Integer> changing(String statement, Object... values) {
        return sql -> {
            PreparedStatement change = sql.prepare(statement);
            for (int i = 0; i < values.length; i++) {
                change.setObject(i + 1, values[i]);
            }
            return change.executeUpdate();
        };
    }

    // --- Rows ---

    private static final String DECIDED = " FROM request WHERE id BETWEEN ? AND ? AND outcome <> 'in-flight'";

    /** The rows of a run that have an outcome. */
    public BitSet decidedRows(FileRun run) {
        return database.read(
                "SELECT source_row" + DECIDED,
                result -> {
                    BitSet rows = new BitSet();
                    while (result.next()) {
                        rows.set(result.getInt(1));
                    }
                    return rows;
                },
                Ledger.idOf(run.id(), 0),
                Ledger.idOf(run.id(), Integer.MAX_VALUE));
    }

    /** How many rows of a run have this outcome for this reason, null if they are placed. */
    public record Count(OutcomeKind kind, String reason, int rows) {}

    /** The rows of a run, counted. */
    public List<Count> count(FileRun run) {
        return database.read(
                "SELECT outcome, reason, COUNT(*)" + DECIDED + " GROUP BY outcome, reason",
                result -> {
                    List<Count> counts = new ArrayList<>();
                    while (result.next()) {
                        counts.add(new Count(
                                OutcomeKind.ofWord(result.getString(1)), result.getString(2), result.getInt(3)));
                    }
                    return counts;
                },
                Ledger.idOf(run.id(), 0),
                Ledger.idOf(run.id(), Integer.MAX_VALUE));
    }

    /** The outcome of a row of a run, as it stands in result files. */
    public record RowOutcome(
            String requestId, OutcomeKind kind, String guid, String reason, String detail, boolean replayed) {}

    /** Takes a run's outcomes one by one. */
    public interface RowOutcomes {
        /** The outcome of this row; rows are to be asked for in rising order. Null if the row has none. */
        RowOutcome of(int row) throws SQLException;
    }

    /** Work that reads a run's outcomes. */
    public interface RowReading {
        void read(RowOutcomes outcomes) throws SQLException, IOException;
    }

    /** Reads a run's outcomes in the order of their rows, without holding them all. */
    public void readRows(FileRun run, RowReading reading) throws IOException {
        IOException[] failure = new IOException[1];
        database.read(
                "SELECT source_row, request_id, outcome, guid, reason, detail, replayed" + DECIDED + " ORDER BY id",
                result -> {
                    int[] at = {result.next() ? result.getInt(1) : Integer.MAX_VALUE};
                    try {
                        reading.read(row -> {
                            while (at[0] < row) {
                                at[0] = result.next() ? result.getInt(1) : Integer.MAX_VALUE;
                            }
                            return at[0] == row ? rowOutcome(result) : null;
                        });
                    } catch (IOException e) {
                        failure[0] = e;
                    }
                    return null;
                },
                Ledger.idOf(run.id(), 0),
                Ledger.idOf(run.id(), Integer.MAX_VALUE));
        if (failure[0] != null) {
            throw failure[0];
        }
    }

    private static RowOutcome rowOutcome(ResultSet row) throws SQLException {
        return new RowOutcome(
                row.getString(2),
                OutcomeKind.ofWord(row.getString(3)),
                row.getString(4),
                row.getString(5),
                row.getString(6),
                row.getInt(7) == 1);
    }
}
