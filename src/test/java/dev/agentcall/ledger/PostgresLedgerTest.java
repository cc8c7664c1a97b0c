package dev.agentcall.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.agentcall.call.OutcomeKind;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PostgresLedgerTest extends LedgerTest {

    private static EmbeddedPostgres server;

    private int schemas;

    @BeforeAll
    static void startServer() {
        server = RealPostgres.start();
    }

    @AfterAll
    static void stopServer() throws IOException {
        if (server != null) {
            server.close();
        }
    }

    @Override
    String newDatabase() throws SQLException {
        String schema = "ledger_" + System.nanoTime() + "_" + ++schemas;
        administerServer("CREATE SCHEMA " + schema);
        return server.getJdbcUrl("postgres", "postgres") + "&currentSchema=" + schema;
    }

    private static void administerServer(String statement) throws SQLException {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement sql = connection.createStatement()) {
            sql.execute(statement);
        }
    }

    private static void breakSessions() throws SQLException {
        administerServer("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
    }

    @Test
    void aSessionThatTheServerTakesForAliveDoesNotLockItsProcessOut() throws Exception {
        try (Connection stale = DriverManager.getConnection(url());
                Connection admin = server.getPostgresDatabase().getConnection()) {
            int pid = number(stale, "SELECT pg_backend_pid()");
            String lock = "SELECT pg_advisory_lock(" + AdvisoryLocks.group(stale) + ", " + ledger.processId() + ")";
            CompletableFuture<Void> takesOver = CompletableFuture.runAsync(() -> execute(stale, lock));
            await().until(() -> number(
                            admin,
                            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND pid = " + pid)
                    == 1);
            execute(
                    admin,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND pid <> "
                            + pid);
            takesOver.join();

            await().ignoreExceptions().until(() -> ledger.claim(request("a"), null) != null);

            await().until(() -> number(admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid) == 0);
        }
    }

    /** Nobody calls anything while uContact is away; the others must not take the node for dead meanwhile. */
    @Test
    void aSessionThatBreaksWhileNothingIsWrittenIsOpenedAgain() throws Exception {
        try (Connection admin = server.getPostgresDatabase().getConnection()) {
            String holder = "SELECT coalesce(max(pid), 0) FROM pg_locks WHERE locktype = 'advisory' AND objid = "
                    + ledger.processId() + " AND classid::bigint = " + Integer.toUnsignedLong(group());
            // Twice: once in six hours, the first time soon after the start, old requests are deleted, which is a
            // write.
            for (int breaks = 0; breaks < 2; breaks++) {
                int before = number(admin, holder);
                assertThat(before).isPositive();
                execute(admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");

                await().until(() -> number(admin, holder), pid -> pid != 0 && pid != before);
            }
        }
    }

    private int group() throws SQLException {
        try (Connection connection = DriverManager.getConnection(url())) {
            return AdvisoryLocks.group(connection);
        }
    }

    /** As a node that lost its power in the midst of a transaction: the server goes on waiting for it. */
    @Test
    void aNodeThatIsFrozenInATransactionDoesNotHoldUpTheOthersForLong() throws Exception {
        try (Connection frozen = DriverManager.getConnection(url())) {
            frozen.setAutoCommit(false);
            execute(
                    frozen,
                    "INSERT INTO request (id, process_id, request_id, released, request, extra, source_kind, source_name,"
                            + " claimed_at, outcome, replayed, delivered) VALUES (77, 99, 'a', 0, '{}', '{}', 'jms', 'q',"
                            + " '2026', 'in-flight', 0, 0)");
            CompletableFuture<Long> same = CompletableFuture.supplyAsync(() -> ledger.claim(request("a"), null));
            // It waits, or has waited already.
            await().until(() -> number(frozen, "SELECT count(*) FROM pg_locks WHERE NOT granted") > 0 || same.isDone());

            assertThat(ledger.claim(request("b"), null)).isNotNull();

            assertThatThrownBy(same::join).hasMessageContaining("lock timeout").satisfies(e -> frozen.rollback());
        }
    }

    /** The server notices the end of a session some moments after it. */
    @Test
    void aProcessThatEndsInGoodOrderTakesItsSignDownBeforeItsSessionEnds() {
        try (Database database = Database.open(settings(url()))) {
            SignOfLife signs = new AdvisoryLocks(database, Duration.ofMinutes(1));
            Processes processes = new Processes(database, signs, "node");
            try (GroupCommit writer = new GroupCommit(database, processes::returned)) {
                processes.register(writer);
                assertThat(signs.isShown(processes.id())).isTrue();

                processes.leave();

                assertThat(signs.isShown(processes.id())).isFalse();
            }
        }
    }

    @Test
    void aServerThatDoesNotWaitForItsDiskIsMadeToForTheLedger() throws Exception {
        ledger.close();
        administerServer("ALTER DATABASE postgres SET synchronous_commit = off");
        try {
            open();
            try (Database database = Database.open(settings(url()));
                    Connection writer = database.openWriter();
                    Statement sql = writer.createStatement();
                    ResultSet result = sql.executeQuery("SHOW synchronous_commit")) {
                assertThat(result.next()).isTrue();
                assertThat(result.getString(1)).isEqualTo("on");
            }
        } finally {
            administerServer("ALTER DATABASE postgres RESET synchronous_commit");
        }
    }

    private static int number(Connection connection, String query) throws SQLException {
        try (Statement sql = connection.createStatement();
                ResultSet result = sql.executeQuery(query)) {
            result.next();
            return result.getInt(1);
        }
    }

    private static void execute(Connection connection, String statement) {
        try (Statement sql = connection.createStatement()) {
            sql.execute(statement);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aProcessThatLosesItsSessionGoesOnAndIsNotTakenForDead() throws Exception {
        Long before = ledger.claim(request("before"), null);
        try (Ledger other = openLedger()) {
            breakSessions();
            other.recoverCrashed();
            ledger.record(before, outcome(request("before"), OutcomeKind.PLACED));

            assertThat(ledger.claim(request("after"), null)).isNotNull();
            other.recoverCrashed();
            assertThat(ledger.findSpent("after").inFlight()).isTrue();
            assertThat(ledger.findSpent("before").outcome().kind()).isEqualTo(OutcomeKind.PLACED);
        }
    }
}
