package dev.agentcall.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.agentcall.chaos.Findings.Doubts;
import dev.agentcall.chaos.PackagedProgram.Ended;
import dev.agentcall.chaos.PackagedProgram.Running;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A ledger that cannot be written: nothing is sent that is not recorded, it is said clearly, and it goes on later. */
class LedgerTroubleIT {

    private static final int CONCURRENCY = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(PackagedProgram.PATIENCE_SECONDS);
    /** Long enough for hundreds of calls, if any were made. */
    private static final Duration A_WHILE = Duration.ofSeconds(2);

    @TempDir
    private Path folder;

    private SimulatorProcess simulator;
    private PackagedProgram program;
    private final List<PackagedProgram> programs = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        simulator = SimulatorProcess.start(folder, Duration.ofMillis(15));
        program = program(folder.resolve("data"));
    }

    @AfterEach
    void stop() throws IOException {
        programs.forEach(PackagedProgram::killAll);
        simulator.close();
    }

    private PackagedProgram program(Path data) {
        programs.add(new PackagedProgram(folder, data, simulator.url())
                .environment("AGENTCALL_CONCURRENCY", String.valueOf(CONCURRENCY)));
        return programs.get(programs.size() - 1);
    }

    private static void assertTold(Ended ended) {
        assertThat(ended.err()).doesNotContain("\tat ", "Caused by:");
    }

    @Test
    void aCorruptLedgerIsToldAndNobodyIsCalled() throws Exception {
        InputFile calls = InputFile.good("calls", 0, 20);
        Path file = calls.write(folder);
        assertThat(program.run(InputFile.good("before", 100, 5).write(folder)).code())
                .isZero();
        Path ledger = program.data().resolve("ledger.db");
        byte[] good = Files.readAllBytes(ledger);
        try (FileChannel channel = FileChannel.open(ledger, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap("no database, but something else".getBytes()), 0);
        }

        Ended ended = program.run(file);

        assertThat(ended.code()).as(ended.err()).isEqualTo(2);
        assertThat(ended.err()).contains("agentcall.ledger.url", "ledger.db");
        assertTold(ended);
        assertThat(simulator.received()).isEqualTo(5);

        Files.write(ledger, good);
        assertThat(program.run(file).code()).isZero();
        assertThat(simulator.received()).isEqualTo(25);
    }

    @Test
    void aReadOnlyLedgerIsToldAndNobodyIsCalled() throws Exception {
        Path file = InputFile.good("calls", 0, 20).write(folder);
        try (Tmpfs disk = Tmpfs.mount(folder.resolve("disk"), "32m")) {
            PackagedProgram here = program(folder.resolve("data"))
                    .environment(
                            "AGENTCALL_LEDGER_URL",
                            "jdbc:sqlite:" + disk.folder().resolve("ledger.db"));
            assertThat(here.run(InputFile.good("before", 100, 5).write(folder)).code())
                    .isZero();
            disk.remount("ro");

            Ended ended = here.run(file);

            assertThat(ended.code()).as(ended.err()).isEqualTo(2);
            assertThat(ended.err()).contains("agentcall.ledger.url", "ledger.db");
            assertTold(ended);
            assertThat(simulator.received()).isEqualTo(5);

            disk.remount("rw");
            assertThat(here.run(file).code()).isZero();
            assertThat(simulator.received()).isEqualTo(25);
        }
    }

    /** Shorter than the program's own patience with a lock. */
    @Test
    void aLedgerThatAnotherProcessLocksIsWaitedFor() throws Exception {
        InputFile calls = InputFile.good("calls", 0, 200);
        Running running = program.start(calls.write(folder));
        await().atMost(PATIENCE).until(() -> !running.isAlive() || simulator.received() > 20);
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:sqlite:" + program.data().resolve("ledger.db"));
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout = 10000");
            statement.execute("BEGIN EXCLUSIVE");
            int before = simulator.received();
            // What was claimed before may still be on its way.
            await().during(A_WHILE).atMost(PATIENCE).until(() -> {
                assertThat(simulator.received()).isLessThanOrEqualTo(before + CONCURRENCY);
                return true;
            });
            statement.execute("ROLLBACK");
        }
        Ended ended = running.end();

        assertThat(ended.code()).as(ended.err()).isZero();
        System.out.println(
                Findings.of(program, simulator, List.of(calls), Doubts.NONE).line("ledger locked for a while"));
    }

    @Test
    void aFullDiskEndsAOneShotRunThatGoesOnOnceThereIsSpace() throws Exception {
        InputFile calls = InputFile.good("calls", 0, 200);
        Path file = calls.write(folder);
        try (Tmpfs disk = Tmpfs.mount(folder.resolve("disk"), "8m")) {
            PackagedProgram here = program(disk.folder().resolve("data"));
            Running running = here.start(file);
            await().atMost(PATIENCE).until(() -> !running.isAlive() || simulator.received() > 20);
            Path filler = disk.fill();
            await().atMost(PATIENCE)
                    .until(() -> !running.isAlive() || here.said().contains("disk"));
            assertNothingIsSent();
            // Before the program gives up what it holds.
            Files.delete(filler);
            Ended ended = running.end();

            assertTold(ended);
            // Where all that was in flight had its answer already, no claim failed, and the run went on to its end.
            assertThat(ended.code()).as(ended.err()).isIn(0, 3);
            if (ended.code() == 3) {
                assertThat(ended.err()).contains("disk", "the same command goes on");
                assertThat(Findings.names(here.outbox())).allMatch(name -> name.endsWith(".jsonl"));
                ended = here.run(file);
            }

            assertThat(ended.code()).as(here.said() + ended.out()).isZero();
            System.out.println(
                    Findings.of(here, simulator, List.of(calls), Doubts.NONE).line("disk full for a while"));
        }
    }

    @Test
    @Tag("long")
    void aServerGoesOnByItselfOnceTheDiskHasSpace() throws Exception {
        InputFile calls = InputFile.good("calls", 0, 200);
        try (Tmpfs disk = Tmpfs.mount(folder.resolve("disk"), "8m")) {
            PackagedProgram here = program(disk.folder().resolve("data"));
            calls.write(here.inbox());
            Running server = here.start();
            await().atMost(PATIENCE).until(() -> !server.isAlive() || simulator.received() > 20);
            Path filler = disk.fill();
            await().atMost(PATIENCE)
                    .until(() -> !server.isAlive() || here.said().contains("disk"));
            assertNothingIsSent();
            Files.delete(filler);

            assertServerIsDone(here, server, calls);
            System.out.println(
                    Findings.of(here, simulator, List.of(calls), Doubts.NONE).line("server, disk full for a while"));
        }
    }

    /** Longer than the program's patience with a lock. */
    @Test
    @Tag("long")
    void aServerGoesOnByItselfOnceTheLedgerIsNoLongerLocked() throws Exception {
        InputFile calls = InputFile.good("calls", 0, 200);
        calls.write(program.inbox());
        Running server = program.start();
        await().atMost(PATIENCE).until(() -> !server.isAlive() || simulator.received() > 20);
        try (Connection locked = lock(program)) {
            await().atMost(PATIENCE)
                    .until(() -> !server.isAlive() || program.said().contains("ledger cannot be"));
            assertNothingIsSent();
        }

        assertServerIsDone(program, server, calls);
        System.out.println(
                Findings.of(program, simulator, List.of(calls), Doubts.NONE).line("server, ledger locked for long"));
    }

    /** What was claimed before may still be on its way. */
    private void assertNothingIsSent() {
        int before = simulator.received();
        await().during(A_WHILE).atMost(PATIENCE).until(() -> {
            assertThat(simulator.received()).isLessThanOrEqualTo(before + CONCURRENCY);
            return true;
        });
    }

    private static void assertServerIsDone(PackagedProgram program, Running server, InputFile calls)
            throws IOException, InterruptedException {
        await().atMost(PATIENCE)
                .failFast("the server ended", () -> !server.isAlive())
                .untilAsserted(() -> assertThat(program.done().resolve(calls.fileName()))
                        .as(program.said())
                        .exists());
        server.terminate();
        assertThat(server.end().code()).as(server.said()).isZero();
    }

    private static Connection lock(PackagedProgram program) throws SQLException {
        Connection connection =
                DriverManager.getConnection("jdbc:sqlite:" + program.data().resolve("ledger.db"));
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout = 10000");
            statement.execute("BEGIN EXCLUSIVE");
        }
        return connection;
    }

    /** A small file system of its own; only root may mount one. */
    private record Tmpfs(Path folder) implements AutoCloseable {

        static Tmpfs mount(Path folder, String size) throws IOException, InterruptedException {
            Files.createDirectories(folder);
            boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder.toString());
            if (!mounted) {
                System.err.println("SKIPPED: no tmpfs can be mounted at " + folder + "; run as root to test it");
            }
            assumeTrue(mounted, "a tmpfs can be mounted");
            return new Tmpfs(folder);
        }

        void remount(String option) throws IOException, InterruptedException {
            assertThat(run("mount", "-o", "remount," + option, folder.toString()))
                    .isTrue();
        }

        /** Leaves not a byte; deleting the file gives it back. */
        Path fill() throws IOException {
            Path filler = folder.resolve("filler");
            byte[] page = new byte[4096];
            try (OutputStream out = Files.newOutputStream(filler)) {
                while (true) {
                    out.write(page);
                }
            } catch (IOException full) {
                return filler;
            }
        }

        @Override
        public void close() throws IOException, InterruptedException {
            // Lazy: after a failure the program may still be there.
            assertThat(run("umount", "--lazy", folder.toString())).isTrue();
        }

        private static boolean run(String... command) throws IOException, InterruptedException {
            return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
        }
    }
}
