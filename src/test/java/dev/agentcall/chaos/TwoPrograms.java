package dev.agentcall.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentcall.chaos.Findings.Doubts;
import dev.agentcall.chaos.PackagedProgram.Ended;
import dev.agentcall.chaos.PackagedProgram.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Two programs at once on one ledger and one outbox, with requests in common, none of which uContact refuses. */
final class TwoPrograms implements AutoCloseable {

    private static final int CONCURRENCY = 4;
    private static final int ROWS = 150;
    private static final Duration PATIENCE = Duration.ofSeconds(PackagedProgram.PATIENCE_SECONDS);

    private final Path folder;
    private final Random random;
    private final SimulatorProcess simulator;
    private final PackagedProgram program;
    private int kills;

    TwoPrograms(Path folder, long seed) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.random = new Random(seed);
        this.simulator = SimulatorProcess.start(folder, Duration.ofMillis(20));
        this.program = new PackagedProgram(folder, simulator.url())
                .environment("AGENTCALL_CONCURRENCY", String.valueOf(CONCURRENCY));
    }

    interface Scene {
        Findings play(TwoPrograms programs) throws IOException, InterruptedException;
    }

    Findings play(String name, Scene scene) throws IOException, InterruptedException {
        try {
            Findings findings = scene.play(this).afterKills(kills, 0);
            System.out.println(findings.line(name));
            return findings;
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(name + "\n" + e.getMessage() + "\n" + program.said(), e);
        }
    }

    /** Two one-shot runs over the same file: whoever comes first, the results are complete, and both know it. */
    Findings overOneFile() throws IOException, InterruptedException {
        InputFile calls = InputFile.good("calls", 0, ROWS);
        Path file = calls.write(folder);
        Running one = program.start(file);
        Running other = program.start(file);
        for (Running running : List.of(one, other)) {
            assertThat(running.end()).extracting(Ended::code).as(running.said()).isEqualTo(0);
        }
        // The second set is of a run that began when the first was done.
        for (String name : Findings.names(program.outbox())) {
            if (name.endsWith(".success.csv")) {
                assertAllPlaced(calls, name.replace(".success.csv", ""));
            }
            assertThat(name).doesNotEndWith(".part");
        }
        return Findings.of(program, simulator, List.of(calls), Doubts.NONE, true);
    }

    /** A server and a one-shot run whose files have half of their ids in common. */
    Findings serverAndOneShot() throws IOException, InterruptedException {
        InputFile served = InputFile.good("served", 0, ROWS);
        InputFile oneShot = InputFile.good("one-shot", ROWS / 2, ROWS);
        served.write(program.inbox());
        Running server = program.start();
        Ended ended = program.run(oneShot.write(folder));
        assertThat(ended.code()).as("one-shot run: %s", ended).isZero();
        await().atMost(PATIENCE)
                .until(() -> !server.isAlive() || Files.exists(program.done().resolve(served.fileName())));
        server.terminate();
        assertThat(server.end().code()).as("server: %s", server.said()).isZero();
        assertAllPlaced(served, served.name());
        assertAllPlaced(oneShot, oneShot.name());
        return Findings.of(program, simulator, List.of(served, oneShot), Doubts.NONE);
    }

    /** Two servers on one inbox: each file is done once. */
    Findings twoServers() throws IOException, InterruptedException {
        List<InputFile> files = IntStream.range(0, 6)
                .mapToObj(i -> InputFile.good("calls" + i, 100 * i, 40))
                .toList();
        for (InputFile file : files) {
            file.write(program.inbox());
        }
        List<Running> servers = List.of(program.start(), program.start());
        await().atMost(PATIENCE)
                .until(() -> !servers.stream().allMatch(Running::isAlive)
                        || Findings.names(program.done()).size() >= files.size());
        for (Running server : servers) {
            server.terminate();
            assertThat(server.end().code()).as("server: %s", server.said()).isZero();
        }
        assertThat(Findings.names(program.done()))
                .containsExactlyInAnyOrderElementsOf(
                        files.stream().map(InputFile::fileName).toList());
        for (InputFile file : files) {
            assertAllPlaced(file, file.name());
        }
        return Findings.of(program, simulator, files, Doubts.NONE);
    }

    /** Of two one-shot runs with the same ids one is killed: the other does not wait for the dead, and loses nothing. */
    Findings oneIsKilled() throws IOException, InterruptedException {
        InputFile first = InputFile.good("first", 0, ROWS);
        InputFile second = InputFile.good("second", 0, ROWS);
        Path firstFile = first.write(folder);
        Path secondFile = second.write(folder);
        Running victim = program.start(firstFile);
        Running survivor = program.start(secondFile);
        int calls = 1 + random.nextInt(ROWS - 20);
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> !victim.isAlive() || simulator.received() >= calls);
        kills += victim.kill() ? 1 : 0;
        assertThat(survivor.end().code()).as("survivor: %s", survivor.said()).isIn(0, 1);
        Ended again = program.run(firstFile);
        assertThat(again.code()).as("the killed one again: %s", again).isIn(0, 1);
        // What is in doubt is so in both files.
        return Findings.of(program, simulator, List.of(first, second), new Doubts(2 * kills * CONCURRENCY, 0));
    }

    private void assertAllPlaced(InputFile file, String resultName) throws IOException {
        List<Map<String, String>> rows = Findings.results(program.outbox(), file, resultName);
        assertThat(rows).extracting(row -> row.get("agentcall_outcome")).containsOnly("placed");
    }

    @Override
    public void close() throws IOException {
        program.killAll();
        simulator.close();
    }
}
