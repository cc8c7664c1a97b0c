package dev.agentcall.bench;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;

/** The bundle with other ledgers than the one it comes with: what each kind of durability costs. */
final class Ledgers implements AutoCloseable {

    private static final String SQLITE = "jdbc:sqlite:{{agentcall.data}}/ledger.db?synchronous=";

    private final List<String> product;
    private final EmbeddedPostgres postgres;
    private int databases;

    /** Starts a PostgreSQL server, with its own defaults: each commit is on the disk. */
    Ledgers(List<String> product) throws IOException {
        this.product = product;
        this.postgres = EmbeddedPostgres.start();
    }

    List<Contender> contenders(Path input, Path startUpInput) {
        return List.of(
                new Contender("bundle, mixed, SQLite NORMAL", () -> with(SQLITE + "NORMAL"), input, startUpInput),
                new Contender("bundle, mixed, SQLite OFF", () -> with(SQLITE + "OFF"), input, startUpInput),
                new Contender("bundle, mixed, PostgreSQL", () -> with(freshDatabase()), input, startUpInput));
    }

    private List<String> with(String url) {
        return Stream.concat(Stream.of("env", "AGENTCALL_LEDGER_URL=" + url), product.stream())
                .toList();
    }

    /** A run must not find the calls of another. */
    private String freshDatabase() {
        String name = "bench_" + ++databases;
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement sql = connection.createStatement()) {
            sql.execute("CREATE DATABASE " + name);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return postgres.getJdbcUrl("postgres", name);
    }

    @Override
    public void close() throws IOException {
        postgres.close();
    }
}
