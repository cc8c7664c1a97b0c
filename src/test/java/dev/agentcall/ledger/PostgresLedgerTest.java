package dev.agentcall.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentcall.call.OutcomeKind;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
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
