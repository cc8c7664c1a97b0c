package dev.agentcall.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Field;
import dev.agentcall.call.Outcome;
import dev.agentcall.call.OutcomeJson;
import dev.agentcall.call.OutcomeKind;
import dev.agentcall.call.Reason;
import dev.agentcall.call.Source;
import dev.agentcall.config.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The durable record of every request: written before it is sent and again when its outcome is known. A database in a
 * file (SQLite); the tables are described in {@code schema-1.sql}.
 *
 * <p>All writes return once they are committed and synchronised to the disk. Every method throws {@link LedgerException}
 * when the database cannot be read or written.
 */
public final class Ledger implements AutoCloseable {

    private static final String IN_FLIGHT = "in-flight";
    private static final int COUNT_BITS = 40;
    private static final int READERS = 4;
    /** 16 MiB of log before it is moved into the database: fewer, larger writes. */
    private static final String CHECKPOINT_PAGES = "4000";

    private static final int BUSY_MILLIS = 10_000;
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private static final String COLUMNS =
            "id, request_id, request, extra, source_kind, source_name, source_row, outcome, guid, reason, detail,"
                    + " http_status, replayed, at, millis";

    private static final String INSERT =
            "INSERT INTO request (id, process_id, file_run_id, request_id, request, extra, source_kind, source_name,"
                    + " source_row, spent, outcome, guid, reason, detail, http_status, replayed, at, millis, message_id)"
                    + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

    private static final String SPENT = "SELECT " + COLUMNS + " FROM request WHERE request_id = ? AND spent = 1";

    private static final String DECIDE =
            "UPDATE request SET outcome = ?, guid = ?, reason = ?, detail = ?, http_status = ?,"
                    + " at = ?, millis = ? WHERE id = ?";

    /** A statement of its own, so that the usual one leaves the index of spent ids alone. */
    private static final String DECIDE_AND_FREE = DECIDE.replace("SET outcome", "SET spent = 0, outcome");

    private final HikariDataSource database;
    private final GroupCommit writer;
    private final ProcessLock process;
    private final AtomicLong count = new AtomicLong();
    private final Object decided = new Object();

    /**
     * Opens the ledger, makes or checks its tables, and registers this process.
     *
     * @throws LedgerException if it cannot be opened
     */
    public Ledger(Settings settings) {
        String url = settings.ledgerUrl();
        HikariConfig config = new HikariConfig();
        config.setPoolName("agentcall-ledger");
        config.setJdbcUrl(url);
        config.setUsername(settings.ledgerUser());
        config.setPassword(settings.ledgerPassword());
        config.setMaximumPoolSize(READERS + 1);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(BUSY_MILLIS);
        config.addDataSourceProperty("journal_mode", "WAL");
        config.addDataSourceProperty("synchronous", "FULL");
        config.addDataSourceProperty("wal_autocheckpoint", CHECKPOINT_PAGES);
        config.addDataSourceProperty("busy_timeout", String.valueOf(BUSY_MILLIS));
        // The driver begins the next transaction with every commit; an immediate one would lock out other processes.
        config.addDataSourceProperty("transaction_mode", "DEFERRED");
        try {
            database = new HikariDataSource(config);
        } catch (RuntimeException e) {
            throw new LedgerException(cannotOpen(url, e), e);
        }
        try {
            Connection connection = database.getConnection();
            connection.setAutoCommit(false);
            writer = new GroupCommit(connection);
            writer.write(Ledger::makeTables);
            process = ProcessLock.register(writer, databaseFile(url), settings.node());
        } catch (SQLException | RuntimeException | IOException e) {
            database.close();
            throw new LedgerException(cannotOpen(url, e), e);
        }
    }

    /** The file of a JDBC URL, without the driver's parameters after a question mark. */
    private static Path databaseFile(String url) {
        return Path.of(url.substring("jdbc:sqlite:".length()).replaceFirst("\\?.*", ""));
    }

    private static String cannotOpen(String url, Exception e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return "agentcall.ledger.url: found " + url + " (" + root.getMessage()
                + "), expected a database that can be opened and written";
    }

    private static Void makeTables(Sql sql) throws SQLException {
        try (Statement statement = sql.connection().createStatement()) {
            // Of two processes that find no tables, one makes them and the other waits.
            statement.execute("ROLLBACK");
            statement.execute("BEGIN IMMEDIATE");
            int version;
            try (ResultSet result = statement.executeQuery("PRAGMA user_version")) {
                version = result.next() ? result.getInt(1) : 0;
            }
            if (version > 1) {
                throw new SQLException(
                        "its tables are of version " + version + ", made by a newer program; this one knows 1");
            }
            if (version == 0) {
                for (String table : schema().split(";\\s*\n")) {
                    if (!table.isBlank()) {
                        statement.execute(table);
                    }
                }
                statement.execute("PRAGMA user_version = 1");
            }
        }
        return null;
    }

    private static String schema() {
        try (InputStream sql = Ledger.class.getResourceAsStream("schema-1.sql")) {
            return new String(sql.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // --- Requests ---

    /** The request that has spent this id: placed, unknown or in flight. Null if none has. */
    public Entry findSpent(String requestId) {
        return readFirst(SPENT, Ledger::entry, requestId);
    }

    /** The outcome of a row of a run, null if it has none. */
    public Outcome findRow(long runId, int row) {
        return readFirst(
                "SELECT " + COLUMNS + " FROM request WHERE file_run_id = ? AND source_row = ? AND outcome <> '"
                        + IN_FLIGHT + "'",
                Ledger::outcome,
                runId,
                row);
    }

    /** The first decision on a message with this id that carried this request, or null. */
    public Entry findMessage(String messageId, String requestId) {
        return readFirst(
                "SELECT " + COLUMNS + " FROM request WHERE message_id = ? AND request_id = ? AND outcome <> '"
                        + IN_FLIGHT + "' ORDER BY id",
                Ledger::entry,
                messageId,
                requestId);
    }

    /** The request with this number in the ledger, or null. */
    public Entry find(long id) {
        return readFirst("SELECT " + COLUMNS + " FROM request WHERE id = ?", Ledger::entry, id);
    }

    /**
     * Writes that a request is about to be sent.
     *
     * @param runId the file run that delivers it, null for none
     * @param messageId the message that delivers it, null for none
     * @return the request's number in the ledger, or null if its id is spent
     */
    public Long claim(CallRequest request, Long runId, String messageId) {
        return insert(request, runId, messageId, null);
    }

    /** The same for a request that no message delivers. */
    public Long claim(CallRequest request, Long runId) {
        return claim(request, runId, null);
    }

    /** Writes an outcome that was known without sending: invalid, or replayed. */
    public void add(Outcome outcome, Long runId, String messageId) {
        insert(outcome.request(), runId, messageId, outcome);
    }

    /** The same for a request that no message delivers. */
    public void add(Outcome outcome, Long runId) {
        add(outcome, runId, null);
    }

    private Long insert(CallRequest request, Long runId, String messageId, Outcome outcome) {
        String fields = OutcomeJson.fields(request);
        String extra = OutcomeJson.object(request.extra());
        String at = OutcomeJson.instant(outcome == null ? Instant.now() : outcome.at());
        long id = (process.id() << COUNT_BITS) + count.incrementAndGet();
        int inserted = writer.write(sql -> {
            PreparedStatement insert = sql.prepare(INSERT);
            insert.setLong(1, id);
            insert.setLong(2, process.id());
            insert.setObject(3, runId);
            insert.setString(4, request.requestId());
            insert.setString(5, fields);
            insert.setString(6, extra);
            insert.setString(7, request.source().kind());
            insert.setString(8, request.source().name());
            insert.setObject(9, request.source().row());
            insert.setInt(10, outcome == null ? 1 : 0);
            insert.setString(11, outcome == null ? IN_FLIGHT : outcome.kind().word());
            insert.setString(12, outcome == null ? null : outcome.guid());
            insert.setString(13, outcome == null ? null : outcome.reason());
            insert.setString(14, outcome == null ? null : outcome.detail());
            insert.setObject(15, outcome == null ? null : outcome.httpStatus());
            insert.setInt(16, outcome != null && outcome.replayed() ? 1 : 0);
            insert.setString(17, at);
            insert.setObject(18, outcome == null ? null : outcome.millis());
            insert.setString(19, messageId);
            return insert.executeUpdate();
        });
        return inserted == 1 ? id : null;
    }

    /** Writes the outcome of a claimed request. */
    public void record(long id, Outcome outcome) {
        writer.write(sql -> {
            boolean free = outcome.kind() == OutcomeKind.REJECTED || outcome.kind() == OutcomeKind.INVALID;
            PreparedStatement update = sql.prepare(free ? DECIDE_AND_FREE : DECIDE);
            update.setString(1, outcome.kind().word());
            update.setString(2, outcome.guid());
            update.setString(3, outcome.reason());
            update.setString(4, outcome.detail());
            update.setObject(5, outcome.httpStatus());
            update.setString(6, OutcomeJson.instant(outcome.at()));
            update.setObject(7, outcome.millis());
            update.setLong(8, id);
            return update.executeUpdate();
        });
        wakeWaiting();
    }

    /** Takes a claim back: the request was not taken and keeps its place where it came from. */
    public void release(long id) {
        writer.write(sql -> {
            PreparedStatement delete = sql.prepare("DELETE FROM request WHERE id = ?");
            delete.setLong(1, id);
            return delete.executeUpdate();
        });
        wakeWaiting();
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

    // --- Processes ---

    /**
     * Makes the requests that were in flight in processes that have died {@code unknown}/{@code crash}.
     *
     * @return their outcomes
     */
    public List<Outcome> recoverCrashed() {
        List<Long> dead = process.dead();
        List<Outcome> crashed = new ArrayList<>();
        for (Long id : dead) {
            crashed.addAll(writer.write(sql -> recover(sql, id)));
            process.forget(id);
        }
        if (!crashed.isEmpty()) {
            wakeWaiting();
        }
        return crashed;
    }

    private static List<Outcome> recover(Sql sql, long processId) throws SQLException {
        PreparedStatement update = sql.prepare(
                "UPDATE request SET outcome = ?, reason = ?, detail = ?, at = ? WHERE process_id = ? AND outcome = '"
                        + IN_FLIGHT + "' RETURNING " + COLUMNS);
        update.setString(1, OutcomeKind.UNKNOWN.word());
        update.setString(2, Reason.CRASH);
        update.setString(3, "the program ended while this call was in flight; it may have been placed");
        update.setString(4, OutcomeJson.instant(Instant.now()));
        update.setLong(5, processId);
        List<Outcome> crashed = new ArrayList<>();
        try (ResultSet result = update.executeQuery()) {
            while (result.next()) {
                crashed.add(outcome(result));
            }
        }
        return crashed;
    }

    /** This process's number in the ledger. */
    public long processId() {
        return process.id();
    }

    /** True for this process, and for others that hold their lock. */
    public boolean isAlive(long processId) {
        return process.isAlive(processId);
    }

    // --- File runs ---

    /** The unfinished run over a file of this name and content, or null. */
    public FileRun findOpenRun(String name, String content) {
        return readFirst(
                "SELECT id, result_name FROM file_run WHERE name = ? AND content = ? AND finished_at IS NULL ORDER BY id",
                row -> new FileRun(row.getLong(1), row.getString(2), true),
                name,
                content);
    }

    /** Begins a run. */
    public FileRun startRun(String name, String content, String resultName) {
        return writer.write(sql -> {
            PreparedStatement insert = sql.prepare(
                    "INSERT INTO file_run (process_id, name, content, result_name, started_at) VALUES (?, ?, ?, ?, ?) RETURNING id");
            insert.setLong(1, process.id());
            insert.setString(2, name);
            insert.setString(3, content);
            insert.setString(4, resultName);
            insert.setString(5, OutcomeJson.instant(Instant.now()));
            try (ResultSet id = insert.executeQuery()) {
                id.next();
                return new FileRun(id.getLong(1), resultName, false);
            }
        });
    }

    /** True if an unfinished run has chosen this name for its results. */
    public boolean isResultNameTaken(String resultName) {
        return readFirst(
                        "SELECT 1 FROM file_run WHERE finished_at IS NULL AND result_name = ?", row -> true, resultName)
                != null;
    }

    public void finishRun(FileRun run) {
        writer.write(sql -> {
            PreparedStatement update = sql.prepare("UPDATE file_run SET finished_at = ? WHERE id = ?");
            update.setString(1, OutcomeJson.instant(Instant.now()));
            update.setLong(2, run.id());
            return update.executeUpdate();
        });
    }

    /** The rows of a run that have an outcome. */
    public BitSet decidedRows(FileRun run) {
        return read(
                "SELECT source_row FROM request WHERE file_run_id = ? AND outcome <> '" + IN_FLIGHT + "'",
                result -> {
                    BitSet rows = new BitSet();
                    while (result.next()) {
                        rows.set(result.getInt(1));
                    }
                    return rows;
                },
                run.id());
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
        try (Connection connection = database.getConnection();
                PreparedStatement select = connection.prepareStatement(
                        "SELECT source_row, request_id, outcome, guid, reason, detail, replayed"
                                + " FROM request WHERE file_run_id = ? AND outcome <> '" + IN_FLIGHT
                                + "' ORDER BY source_row")) {
            select.setLong(1, run.id());
            try (ResultSet result = select.executeQuery()) {
                int[] at = {result.next() ? result.getInt(1) : Integer.MAX_VALUE};
                reading.read(row -> {
                    while (at[0] < row) {
                        at[0] = result.next() ? result.getInt(1) : Integer.MAX_VALUE;
                    }
                    return at[0] == row ? rowOutcome(result) : null;
                });
            }
        } catch (SQLException e) {
            throw new LedgerException("the ledger cannot be read: " + e.getMessage(), e);
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

    // --- Reading ---

    private interface Reading<T> {
        T of(ResultSet result) throws SQLException;
    }

    /** The first row that a query finds, null if it finds none. */
    private <T> T readFirst(String query, Reading<T> row, Object... values) {
        return read(query, result -> result.next() ? row.of(result) : null, values);
    }

    private <T> T read(String query, Reading<T> reading, Object... values) {
        try (Connection connection = database.getConnection();
                PreparedStatement select = connection.prepareStatement(query)) {
            for (int i = 0; i < values.length; i++) {
                select.setObject(i + 1, values[i]);
            }
            try (ResultSet result = select.executeQuery()) {
                return reading.of(result);
            }
        } catch (SQLException e) {
            throw new LedgerException("the ledger cannot be read: " + e.getMessage(), e);
        }
    }

    private static Entry entry(ResultSet row) throws SQLException {
        if (row.getString("outcome").equals(IN_FLIGHT)) {
            return new Entry(row.getLong("id"), row.getString("request"), null);
        }
        return new Entry(row.getLong("id"), row.getString("request"), outcome(row));
    }

    private static Outcome outcome(ResultSet row) throws SQLException {
        return new Outcome(
                request(row),
                OutcomeKind.ofWord(row.getString("outcome")),
                row.getString("guid"),
                row.getString("reason"),
                row.getString("detail"),
                (Integer) row.getObject("http_status"),
                row.getInt("replayed") == 1,
                Instant.parse(row.getString("at")),
                row.getObject("millis") == null ? null : row.getLong("millis"));
    }

    private static CallRequest request(ResultSet row) throws SQLException {
        try {
            Map<String, String> fields = MAPPER.readValue(row.getString("request"), new TypeReference<>() {});
            Map<Field, String> known = CallRequest.newFields();
            fields.forEach((key, value) -> known.put(Field.ofKey(key), value));
            Map<String, Object> extra =
                    MAPPER.readValue(row.getString("extra"), new TypeReference<LinkedHashMap<String, Object>>() {});
            Source source = new Source(
                    row.getString("source_kind"), row.getString("source_name"), (Integer) row.getObject("source_row"));
            return new CallRequest(row.getString("request_id"), known, extra, source);
        } catch (JsonProcessingException e) {
            throw new SQLException("request " + row.getLong("id") + " cannot be read: " + e.getOriginalMessage(), e);
        }
    }

    @Override
    public void close() {
        process.close();
        try {
            writer.close();
        } catch (SQLException e) {
            // All that matters was committed.
        }
        database.close();
    }
}
