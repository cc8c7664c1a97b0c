package dev.agentcall.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentcall.chaos.Findings.Doubts;
import dev.agentcall.chaos.PackagedProgram.Ended;
import dev.agentcall.chaos.PackagedProgram.Running;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;

/**
 * Some files, a program that is to process them, and what happens to it and to uContact meanwhile. The last start is left
 * in peace; then the files are done, and what came of them is looked at.
 */
final class Round implements AutoCloseable {

    /** What happens. */
    enum Blow {
        /** SIGKILL at any time after the start, before the first call too. */
        KILL_ANY_TIME,
        /** SIGKILL when some calls more have arrived. */
        KILL_AMONG_CALLS,
        /** SIGKILL while the results of some file are written, renamed, or the file is moved. */
        KILL_AT_RESULTS,
        /** SIGTERM when some calls more have arrived. */
        TERMINATE,
        /** uContact is killed when some calls more have arrived, and comes back after a while. */
        UCONTACT_GONE
    }

    /** A start and a small file take about as long. */
    private static final int ANY_TIME_MILLIS = 4000;

    private static final int GONE_MILLIS = 700;
    private static final Duration PATIENCE = Duration.ofSeconds(PackagedProgram.PATIENCE_SECONDS);

    private final String name;
    private final Random random;
    private final boolean serving;
    private final List<InputFile> files;
    private final int concurrency;
    private final SimulatorProcess simulator;
    private final PackagedProgram program;
    private final Path oneShotFile;
    private Running running;
    private int kills;
    private int simulatorKills;
    /** Since the running program was started something happened that may end a one-shot run with 3. */
    private boolean excused;

    /** @param serving the files are in the inbox of a server; else there is one, and each run is a one-shot run over it */
    Round(String name, Path folder, long seed, boolean serving, List<InputFile> files) throws IOException {
        assertThat(serving || files.size() == 1).isTrue();
        this.name = name;
        this.random = new Random(seed);
        this.serving = serving;
        this.files = files;
        this.concurrency = 1 << (1 + random.nextInt(3));
        Files.createDirectories(folder);
        this.simulator = SimulatorProcess.start(folder, Duration.ofMillis(8L * concurrency));
        this.program = new PackagedProgram(folder, simulator.url())
                .environment("AGENTCALL_CONCURRENCY", String.valueOf(concurrency))
                .environment("AGENTCALL_RETRY_ATTEMPTS", "12");
        Path target = serving ? program.inbox() : folder;
        for (InputFile file : files) {
            file.write(target);
        }
        this.oneShotFile = serving ? null : folder.resolve(files.get(0).fileName());
    }

    PackagedProgram program() {
        return program;
    }

    SimulatorProcess simulator() {
        return simulator;
    }

    /** Lets this happen, one after the other, as long as the files are not done; then lets the program finish in peace. */
    Findings run(List<Blow> blows) throws IOException, InterruptedException {
        try {
            for (Blow blow : blows) {
                if (isDone()) {
                    break;
                }
                if (running == null) {
                    start();
                }
                strike(blow);
            }
            finish();
            return look();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(this + "\n" + e.getMessage() + "\n" + program.said(), e);
        }
    }

    /** What Java ends with on a SIGTERM that comes before the program runs. */
    private static final int UNHEARD = 128 + 15;

    private void start() throws IOException {
        running = serving ? program.start() : program.start(oneShotFile);
        excused = mayBeUnavailable();
    }

    private void strike(Blow blow) throws IOException, InterruptedException {
        switch (blow) {
            case KILL_ANY_TIME -> {
                running.endsWithin(random.nextInt(ANY_TIME_MILLIS));
                kill();
            }
            case KILL_AMONG_CALLS -> {
                awaitSomeCalls();
                kill();
            }
            case KILL_AT_RESULTS -> {
                awaitResults();
                kill();
            }
            case TERMINATE -> terminate();
            case UCONTACT_GONE -> uContactGone();
        }
    }

    private void kill() throws IOException, InterruptedException {
        if (running.kill()) {
            kills++;
        } else {
            assertEndedWell(running.end());
        }
        running = null;
    }

    /** Calls in flight end, and there is no doubt about any. */
    private void terminate() throws IOException, InterruptedException {
        awaitSomeCalls();
        boolean ended = !running.isAlive();
        running.terminate();
        Ended end = running.end();
        running = null;
        if (end.code() == UNHEARD && end.out().isEmpty() && end.err().isEmpty()) {
            return; // it had not begun
        }
        if (serving) {
            assertThat(end.code()).as("a server after SIGTERM: %s", end).isZero();
        } else if (ended || isDone()) {
            assertEndedWell(end);
        } else {
            assertThat(end.code()).as("a one-shot run after SIGTERM: %s", end).isEqualTo(3);
        }
    }

    private void uContactGone() throws IOException, InterruptedException {
        awaitSomeCalls();
        excused = true;
        simulator.kill();
        simulatorKills++;
        running.endsWithin(random.nextInt(GONE_MILLIS));
        simulator.start();
        if (!running.isAlive()) {
            assertEndedWell(running.end());
            running = null;
        }
    }

    private void assertEndedWell(Ended end) {
        assertThat(serving).as("a server ends only when it is told to: %s", end).isFalse();
        assertThat(end.code()).as("one-shot run: %s", end).isIn(excused ? List.of(0, 1, 3) : List.of(0, 1));
        assertThat(end.code() == 3 || isDone())
                .as("has its results, or says that it is not done: %s", end)
                .isTrue();
    }

    private void awaitSomeCalls() {
        int before = simulator.received();
        int more = 1 + random.nextInt(1 + rows() / 4);
        awaitOrEnd(() -> simulator.received() >= before + more || simulator.received() >= callable() || isDone());
    }

    /** Some of the files that come into being at the end of an input file. */
    private void awaitResults() {
        int before = traces();
        int more = 1 + random.nextInt(4);
        awaitOrEnd(() -> traces() >= before + more || isDone());
    }

    private int traces() {
        return (int) names(program.outbox()).stream()
                        .filter(name -> !name.endsWith(".jsonl"))
                        .count()
                + names(program.done()).size();
    }

    private void awaitOrEnd(Callable<Boolean> condition) {
        await().atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> !running.isAlive() || condition.call());
    }

    private int rows() {
        return files.stream().mapToInt(file -> file.rows().size()).sum();
    }

    private long callable() {
        return files.stream()
                .flatMap(file -> file.rows().stream())
                .filter(row -> !row.get("destination").contains(","))
                .count();
    }

    /** A user takes a file for done when it is in done/, or when all three of a one-shot run's results are there. */
    private boolean isDone() {
        return files.stream()
                .allMatch(file -> serving
                        ? Files.exists(program.done().resolve(file.fileName()))
                        : names(program.outbox()).containsAll(Findings.resultNames(file.name())));
    }

    private void finish() throws IOException, InterruptedException {
        if (serving) {
            if (running == null) {
                start();
            }
            // A signal is heard once the program is up, and what a killed one left in the inbox is then taken away.
            awaitOrEnd(() -> isDone()
                    && running.said().contains("serving")
                    && names(program.inbox()).isEmpty());
            assertThat(running.isAlive())
                    .as("a server ends only when it is told to")
                    .isTrue();
            running.terminate();
            assertThat(running.end().code()).isZero();
            running = null;
            return;
        }
        for (int starts = 0; running != null || !isDone(); starts++) {
            assertThat(starts).as("one-shot runs that are not done").isLessThan(20);
            if (running == null) {
                start();
            }
            assertEndedWell(running.end());
            running = null;
        }
    }

    private boolean mayBeUnavailable() {
        return files.stream().flatMap(file -> file.rows().stream()).anyMatch(row -> row.get("agent")
                .startsWith("busy"));
    }

    private Findings look() throws IOException {
        if (serving) {
            assertThat(names(program.inbox())).isEmpty();
            assertThat(names(program.data().resolve("failed"))).isEmpty();
            assertThat(names(program.done()))
                    .containsExactlyInAnyOrderElementsOf(
                            files.stream().map(InputFile::fileName).toList());
        } else {
            assertThat(oneShotFile).exists();
        }
        Findings findings = Findings.of(
                        program, simulator, files, new Doubts(kills * concurrency, simulatorKills * concurrency))
                .afterKills(kills, simulatorKills);
        System.out.println(findings.line(name));
        return findings;
    }

    private static List<String> names(Path folder) {
        try {
            return Findings.names(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return name + ", concurrency " + concurrency + ", kills " + kills + ", kills of uContact " + simulatorKills;
    }

    @Override
    public void close() throws IOException {
        program.killAll();
        simulator.close();
    }
}
