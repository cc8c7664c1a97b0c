package dev.agentcall.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteLedgerTest extends LedgerTest {

    @TempDir
    Path folder;

    private int databases;

    @Override
    String newDatabase() {
        return "jdbc:sqlite:" + folder.resolve("ledger-" + ++databases + ".db");
    }

    @Test
    void aProcessThatEndsInGoodOrderLeavesNoLockBehind() throws IOException {
        ledger.close();

        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.endsWith(".lock"));
        }
        open();
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
}
