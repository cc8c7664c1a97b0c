package dev.agentcall.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** {@code target/agentcall-routes/bin/agentcall} with a data folder of its own, each run a child process. */
final class PackagedProgram {

    static final long PATIENCE_SECONDS = 180;

    private static final Path HOME = Path.of(System.getProperty("agentcall.home", "target/agentcall-routes"))
            .toAbsolutePath();

    private final Path folder;
    private final Path data;
    private final Map<String, String> environment = new HashMap<>();
    private final List<Running> started = new ArrayList<>();

    /** @param folder for what it says; its data is in the folder data in it */
    PackagedProgram(Path folder, String ucontact) {
        this(folder, folder.resolve("data"), ucontact);
    }

    PackagedProgram(Path folder, Path data, String ucontact) {
        assertThat(HOME.resolve("bin/agentcall")).as("made by mvn package").isExecutable();
        this.folder = folder;
        this.data = data;
        environment("AGENTCALL_UCONTACT_URL", ucontact);
        environment("AGENTCALL_UCONTACT_TOKEN", "any");
        environment("AGENTCALL_DATA", data.toString());
        environment("AGENTCALL_RETRY_DELAY", "20ms");
        environment("AGENTCALL_UCONTACT_RESPONSE_TIMEOUT", "20s"); // sooner than a test's patience ends
        environment("AGENTCALL_REST_PORT", "0"); // several run at a time
        environment("JAVA_HOME", System.getProperty("java.home"));
        // Quick to start; what is tested is not speed.
        environment("JAVA_OPTS", "-XX:TieredStopAtLevel=1 -XX:-UseParallelGC -XX:+UseSerialGC -Xmx256m");
    }

    PackagedProgram environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    Path data() {
        return data;
    }

    Path inbox() {
        return data.resolve("inbox");
    }

    Path outbox() {
        return data.resolve("outbox");
    }

    Path done() {
        return data.resolve("done");
    }

    Running start(Object... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(HOME.resolve("bin/agentcall").toString()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        Path out = folder.resolve("out-" + (started.size() + 1) + ".txt");
        Path err = folder.resolve("err-" + (started.size() + 1) + ".txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("AGENTCALL_") || name.equals("JAVA_TOOL_OPTIONS"));
        builder.environment().putAll(environment);
        Running running = new Running(builder.start(), out, err);
        started.add(running);
        return running;
    }

    /** How a run ended, and what it said. */
    record Ended(int code, String out, String err) {}

    /** Runs it to its end. */
    Ended run(Object... arguments) throws IOException, InterruptedException {
        return start(arguments).end();
    }

    /** What every run said, for the message of a failure. */
    String said() throws IOException {
        StringBuilder said = new StringBuilder();
        for (Running run : started) {
            said.append("--- ").append(run.err.getFileName()).append('\n').append(run.said());
            if (run.isAlive()) {
                said.append("--- its threads\n").append(run.threads());
            }
        }
        return said.toString();
    }

    /** After which it holds no file any more. */
    void killAll() {
        started.forEach(running -> running.process.destroyForcibly().onExit().join());
    }

    /** A run. The script replaces itself by Java, so that a signal reaches the program. */
    static final class Running {
        private final Process process;
        private final Path out;
        private final Path err;

        private Running(Process process, Path out, Path err) {
            this.process = process;
            this.out = out;
            this.err = err;
        }

        boolean isAlive() {
            return process.isAlive();
        }

        /** True if it ends within that time. */
        boolean endsWithin(long millis) throws InterruptedException {
            return process.waitFor(millis, TimeUnit.MILLISECONDS);
        }

        /** SIGTERM. */
        void terminate() {
            process.destroy();
        }

        /** SIGKILL; false if it had ended before. */
        boolean kill() throws InterruptedException {
            process.destroyForcibly();
            return process.waitFor() == 128 + 9;
        }

        Ended end() throws IOException, InterruptedException {
            assertThat(endsWithin(PATIENCE_SECONDS * 1000))
                    .as("ends within %s s, having said: %s", PATIENCE_SECONDS, said())
                    .isTrue();
            return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
        }

        /** What its threads are at, to find out why it does not go on. */
        private String threads() throws IOException {
            Process dump = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "jstack")
                                    .toString(),
                            String.valueOf(process.pid()))
                    .redirectErrorStream(true)
                    .start();
            return new String(dump.getInputStream().readAllBytes());
        }

        String said() throws IOException {
            return Files.readString(out) + Files.readString(err);
        }
    }
}
