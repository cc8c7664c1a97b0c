package dev.agentcall.ledger;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import dev.agentcall.config.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import org.sqlite.SQLiteJDBCLoader;

/**
 * The ledger's database: a file (SQLite) or a server (PostgreSQL), the latter maybe through a {@link DataSource} of the
 * application. Both understand the same statements; what is not the same is here.
 */
final class Database implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Database.class);
    private static final String SQLITE = "jdbc:sqlite:";
    private static final String LIBRARY_FOLDER = "org.sqlite.tmpdir";
    private static final int VERSION = 1;
    /** For those that somebody has to look at, in ledgers of earlier programs too. */
    private static final String UNKNOWN_INDEX =
            "CREATE INDEX IF NOT EXISTS request_unknown ON request (claimed_at, id) WHERE outcome = 'unknown'";

    private static final int READERS = 4;
    private static final int VALID_SECONDS = 5;
    private static final int BUSY_MILLIS = 10_000;
    /** After so long without a word a server is taken to be gone; nothing that is asked of it takes as long. */
    private static final String SILENCE_SECONDS = "60";
    /** 16 MiB of log before it is moved into the database file: fewer, larger writes. */
    private static final String CHECKPOINT_PAGES = "4000";
    /** Where the server does not wait for its disk by itself, this session does; it keeps to anything stricter. */
    private static final String DURABLE = "SELECT set_config('synchronous_commit', 'on', false)"
            + " WHERE current_setting('synchronous_commit') = 'off'";
    /** A node that froze or lost its network in the midst of a transaction is not to hold up the others for hours. */
    private static final String ENDED_SOON = "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5;"
            + " SET tcp_keepalives_count = 3; SET idle_in_transaction_session_timeout = '30s'; SET lock_timeout = '5s'";
    /** An application's connection goes back without them. */
    private static final String ENDED_AS_BEFORE = ENDED_SOON.replaceAll("SET (\\w+) = [^;]+", "RESET $1");
    /** Rows that PostgreSQL hands out at a time, so that a long result does not fill the memory. */
    private static final int FETCHED_ROWS = 1_000;

    /** Times that a connection is asked for before the application's pool is taken to have none that works. */
    private static final int BORROWINGS = 20;

    private final String url;
    private final DataSource connections;
    /** Null where the connections are the application's. */
    private final HikariDataSource pool;

    private Database(String url, DataSource connections, HikariDataSource pool) {
        this.url = url;
        this.connections = connections;
        this.pool = pool;
    }

    /**
     * Uses the application's connections.
     *
     * @throws SQLException if they lead to anything but PostgreSQL
     */
    static Database of(DataSource connections) throws SQLException {
        try (Connection connection = connections.getConnection()) {
            String product = connection.getMetaData().getDatabaseProductName();
            if (!product.equals("PostgreSQL")) {
                throw new SQLException("it is " + product + ", expected PostgreSQL");
            }
            return new Database(connection.getMetaData().getURL(), connections, null);
        }
    }

    /** Opens the database; fails if it cannot be. */
    static Database open(Settings settings) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("agentcall-ledger");
        config.setJdbcUrl(settings.ledgerUrl());
        config.setUsername(settings.ledgerUser());
        config.setPassword(settings.ledgerPassword());
        config.setMaximumPoolSize(READERS + 1);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(BUSY_MILLIS);
        if (isSqlite(settings.ledgerUrl())) {
            loadLibrary();
            config.addDataSourceProperty("journal_mode", "WAL");
            if (!settings.ledgerUrl().contains("synchronous=")) { // one in the URL counts
                config.addDataSourceProperty("synchronous", "FULL");
            }
            config.addDataSourceProperty("wal_autocheckpoint", CHECKPOINT_PAGES);
            config.addDataSourceProperty("busy_timeout", String.valueOf(BUSY_MILLIS));
            // The driver begins the next transaction with every commit; an immediate one would lock out other
            // processes.
            config.addDataSourceProperty("transaction_mode", "DEFERRED");
            // The driver would ask for them after every statement.
            config.addDataSourceProperty("jdbc.get_generated_keys", "false");
        } else { // what stands in the URL counts
            config.addDataSourceProperty("tcpKeepAlive", "true");
            config.addDataSourceProperty("socketTimeout", SILENCE_SECONDS);
        }
        HikariDataSource pool = open(config);
        return new Database(settings.ledgerUrl(), pool, pool);
    }

    /**
     * The driver leaves its library in the folder for temporary files until Java ends by itself, which it does not on a signal.
     * Once the library is loaded nobody needs its file: it is put into a folder of its own, and that is deleted.
     */
    private static void loadLibrary() {
        if (System.getProperty(LIBRARY_FOLDER) != null) {
            return;
        }
        try {
            Path own = Files.createTempDirectory("agentcall-");
            System.setProperty(LIBRARY_FOLDER, own.toString());
            try {
                SQLiteJDBCLoader.initialize();
            } finally {
                System.clearProperty(LIBRARY_FOLDER);
                try (DirectoryStream<Path> files = Files.newDirectoryStream(own)) {
                    for (Path file : files) {
                        Files.delete(file);
                    }
                }
                Files.delete(own);
            }
        } catch (Exception e) {
            LOG.debug("SQLite's library is not in a folder of its own: {}", e.toString());
        }
    }

    /** Of several processes that make a SQLite file at once, one turns its log on, and the others are not made to wait. */
    private static HikariDataSource open(HikariConfig config) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BUSY_MILLIS);
        while (true) {
            try {
                return new HikariDataSource(config);
            } catch (HikariPool.PoolInitializationException e) {
                if (!isBusy(e.getCause()) || System.nanoTime() - until > 0) {
                    throw e;
                }
            }
        }
    }

    /** True if another process has the SQLite file locked, and had for longer than it is waited for. */
    static boolean isBusy(Throwable failure) {
        return failure instanceof SQLiteException e && e.getErrorCode() == SQLiteErrorCode.SQLITE_BUSY.code;
    }

    private static boolean isSqlite(String url) {
        return url.startsWith(SQLITE);
    }

    boolean isSqlite() {
        return isSqlite(url);
    }

    /** The file of a SQLite database: its URL without the driver's parameters after a question mark. */
    Path file() {
        return Path.of(url.substring(SQLITE.length()).replaceFirst("\\?.*", ""));
    }

    /** See {@link AdvisoryLocks}. */
    int lockGroup() {
        try (Connection connection = connections.getConnection()) {
            return AdvisoryLocks.group(connection);
        } catch (SQLException e) {
            throw cannotRead(e);
        }
    }

    /** A connection to write through, with auto-commit off. */
    Connection openWriter() throws SQLException {
        Connection connection = connection();
        connection.setAutoCommit(false);
        if (!isSqlite()) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(DURABLE);
                statement.execute(ENDED_SOON);
            }
            connection.commit();
        }
        return connection;
    }

    /** The pool does not look at connections that were used a moment ago, and a failover breaks all of them at once. */
    private Connection connection() throws SQLException {
        for (int borrowed = 1; ; borrowed++) {
            Connection connection = connections.getConnection();
            if (isSqlite() || connection.isValid(VALID_SECONDS)) {
                return connection;
            }
            discard(connection);
            if (pool == null && borrowed == BORROWINGS) {
                throw new SQLException(
                        "the application's DataSource has handed out " + BORROWINGS + " connections that do not work");
            }
        }
    }

    /** Closes a connection that is of no use any more; the application's goes back as it came. */
    void discard(Connection connection) {
        if (pool != null) {
            pool.evictConnection(connection);
            return;
        }
        try (connection) {
            connection.setAutoCommit(true);
            try (Statement statement = connection.createStatement()) {
                statement.execute(ENDED_AS_BEFORE);
            }
            AdvisoryLocks.drop(connection); // they would stay with the session, as signs of a life that has ended
        } catch (SQLException e) {
            // It is broken, and its locks are gone with it.
        }
    }

    /** Makes the tables, or checks that they are those of this program. Of several processes one makes them. */
    Void makeTables(Sql sql) throws SQLException {
        try (Statement statement = sql.connection().createStatement()) {
            for (String alone : isSqlite()
                    ? List.of("ROLLBACK", "BEGIN IMMEDIATE")
                    : List.of("SELECT pg_advisory_xact_lock(" + AdvisoryLocks.group(sql.connection()) + ", 0)")) {
                statement.execute(alone);
            }
            if (!hasTables(sql.connection())) {
                for (String table : schema().split(";\\s*\n")) {
                    if (!table.isBlank()) {
                        statement.execute(table);
                    }
                }
                statement.execute("INSERT INTO ledger (version, last_number) VALUES (" + VERSION + ", 0)");
            }
            try (ResultSet version = statement.executeQuery("SELECT version FROM ledger")) {
                if (!version.next() || version.getInt(1) != VERSION) {
                    throw new SQLException("its tables are of version " + version.getInt(1)
                            + ", made by another release of the program; this one knows " + VERSION);
                }
            }
            statement.execute(UNKNOWN_INDEX);
        }
        return null;
    }

    private static boolean hasTables(Connection connection) throws SQLException {
        try (ResultSet tables =
                connection.getMetaData().getTables(null, connection.getSchema(), "ledger", new String[] {"TABLE"})) {
            return tables.next();
        }
    }

    private String schema() {
        try (InputStream sql = Database.class.getResourceAsStream("schema-1.sql")) {
            String schema = new String(sql.readAllBytes(), StandardCharsets.UTF_8);
            // In SQLite only this type makes the key the place of the row, without an index beside it.
            return isSqlite() ? schema.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY") : schema;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes something of what a query found. */
    interface Reading<T> {
        T of(ResultSet result) throws SQLException;
    }

    /** What is made of the first row that a query finds, null if it finds none. */
    <T> T readFirst(String query, Reading<T> row, Object... values) {
        return read(query, result -> result.next() ? row.of(result) : null, values);
    }

    <T> T read(String query, Reading<T> reading, Object... values) {
        try (Connection connection = connection();
                PreparedStatement select = connection.prepareStatement(query)) {
            connection.setAutoCommit(false);
            select.setFetchSize(FETCHED_ROWS);
            for (int i = 0; i < values.length; i++) {
                select.setObject(i + 1, values[i]);
            }
            try (ResultSet result = select.executeQuery()) {
                return reading.of(result);
            } finally {
                connection.rollback();
                if (pool == null) {
                    connection.setAutoCommit(true);
                }
            }
        } catch (SQLException e) {
            throw cannotRead(e);
        }
    }

    private static LedgerException cannotRead(SQLException e) {
        return new LedgerException("the ledger cannot be read: " + e.getMessage(), e);
    }

    @Override
    public void close() {
        if (pool != null) {
            pool.close();
        }
    }
}
