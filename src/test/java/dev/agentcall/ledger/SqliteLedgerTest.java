package dev.agentcall.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqliteLedgerTest extends LedgerTest {

    @TempDir
    Path folder;

    private int databases;

    @Override
    String newDatabase() {
        return "jdbc:sqlite:" + folder.resolve("ledger-" + ++databases + ".db");
    }

    @Override
    String patientUrl() {
        return url() + "?busy_timeout=30000";
    }

    @Test
    void aProcessThatEndsInGoodOrderLeavesNoLockBehind() throws IOException {
        ledger.close();

        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.endsWith(".lock"));
        }
        open();
    }

    @Test
    void aLinkToTheFileLeadsToTheSameProcesses() throws IOException {
        Path link =
                Files.createSymbolicLink(folder.resolve("link.db"), Path.of(url().substring("jdbc:sqlite:".length())));
        ledger.claim(request("a"), null);

        try (Ledger other = new Ledger(settings("jdbc:sqlite:" + link))) {
            other.recoverCrashed();

            assertThat(ledger.findSpent("a").inFlight()).isTrue();
        }
    }

    // --- Files that are no ledger ----------------------------------------------------------------------------------

    @Test
    void aFileThatIsNoDatabaseIsRefusedWithTheKeyToChange() throws IOException {
        Path file = Files.writeString(folder.resolve("notes.db"), "Dear diary, this is no database. ".repeat(100));

        assertRefused(file).withMessageContaining("not a database");
        assertThat(file).content().startsWith("Dear diary");
    }

    @Test
    void aFolderThatIsNotThereIsRefusedWithTheKeyToChange() {
        assertRefused(folder.resolve("no/such/folder/ledger.db"));
    }

    @Test
    void aLedgerOfANewerProgramIsLeftAlone() throws Exception {
        Path file = folder.resolve("newer.db");
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE ledger (version INTEGER NOT NULL, last_number BIGINT NOT NULL)");
            statement.execute("INSERT INTO ledger VALUES (1000, 0)");
        }

        assertRefused(file).withMessageContaining("version 1000");
    }

    private static ThrowableAssertAlternative<LedgerException> assertRefused(Path file) {
        return assertThatExceptionOfType(LedgerException.class)
                .isThrownBy(() -> new Ledger(settings("jdbc:sqlite:" + file)).close())
                .withMessageStartingWith("agentcall.ledger.url: found jdbc:sqlite:" + file)
                .withMessageContaining("expected");
    }

    // --- Many rows -------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM request WHERE request_id = ? AND released = 0",
                "SELECT * FROM request WHERE id BETWEEN ? AND ? AND outcome <> 'in-flight' ORDER BY id",
                "SELECT * FROM request WHERE process_id = ? AND delivered <> 1 AND delivered = 2 AND outcome = 'placed'",
                "UPDATE request SET outcome = ? WHERE process_id = ? AND delivered <> 1 AND outcome = 'in-flight'",
                "UPDATE request SET delivered = 1 WHERE id BETWEEN ? AND ? AND delivered <> 1",
                "SELECT * FROM request WHERE claimed_at >= ? ORDER BY claimed_at DESC, id DESC LIMIT ?",
                "SELECT * FROM request WHERE claimed_at >= ? AND outcome = 'unknown' ORDER BY claimed_at DESC, id DESC LIMIT ?",
                "SELECT 1 FROM file_run WHERE name = ? AND content = ? AND finished_at IS NULL"
            })
    void oldRowsAreNotReadOneByOne(String statement) throws Exception {
        String url = newDatabase();
        new Ledger(settings(url)).close();
        List<String> plan = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection(url);
                Statement sql = connection.createStatement();
                ResultSet steps = sql.executeQuery("EXPLAIN QUERY PLAN " + statement)) {
            while (steps.next()) {
                plan.add(steps.getString("detail"));
            }
        }
        assertThat(plan).isNotEmpty().noneMatch(step -> step.startsWith("SCAN"));
    }

    @Test
    void aDurabilityInTheUrlCounts() throws Exception {
        assertThat(synchronous(newDatabase())).as("FULL").isEqualTo(2);
        assertThat(synchronous(newDatabase() + "?synchronous=NORMAL"))
                .as("NORMAL")
                .isEqualTo(1);
    }

    private static int synchronous(String url) throws Exception {
        try (Database database = Database.open(settings(url))) {
            return database.readFirst("PRAGMA synchronous", row -> row.getInt(1));
        }
    }
}
