package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The program in a folder of its own, as the package has it: a copy of routes/ and config/, and a process for each run.
 * After each run it is made sure that the token is nowhere in what the program said and wrote.
 */
final class Program {

    static final String TOKEN = "c2VjcmV0OnRva2Vu-0nly-f0r-uC0ntact";

    private static final long PATIENCE_SECONDS = 90;

    private final Path home;
    private final Map<String, String> environment = new HashMap<>();
    private final List<String> javaOptions = new ArrayList<>();
    private Path standardInput;
    private int runs;

    private Program(Path home) {
        this.home = home;
    }

    /** A program without any settings but the shipped ones. */
    static Program unpack(Path home) throws IOException {
        for (String folder : List.of("routes", "config")) {
            try (Stream<Path> files = Files.walk(Path.of(folder))) {
                for (Path file : files.toList()) {
                    Files.createDirectories(home.resolve(file).getParent());
                    Files.copy(file, home.resolve(file));
                }
            }
        }
        return new Program(home).environment("AGENTCALL_REST_PORT", "0");
    }

    /** The same with uContact's address and the token in the environment. */
    static Program unpack(Path home, URI ucontact) throws IOException {
        return unpack(home)
                .environment("AGENTCALL_UCONTACT_URL", ucontact.toString())
                .environment("AGENTCALL_UCONTACT_TOKEN", TOKEN)
                .environment("AGENTCALL_RETRY_DELAY", "10ms");
    }

    Program environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    Program javaOption(String option) {
        javaOptions.add(option);
        return this;
    }

    /** Adds lines to config/application.properties; of a key that is there twice the last one counts. */
    Program configuration(String lines) throws IOException {
        Path file = home.resolve("config/application.properties");
        Files.writeString(file, Files.readString(file) + "\n" + lines + "\n");
        return this;
    }

    Path home() {
        return home;
    }

    Path data() {
        return home.resolve("data");
    }

    Path outbox() {
        return data().resolve("outbox");
    }

    /** A file in the program's folder. */
    Path file(String name, String content) throws IOException {
        return Files.writeString(home.resolve(name), content);
    }

    /** How a run ended, and what it said. */
    record Ended(int code, String out, String err) {
        String all() {
            return out + err;
        }
    }

    /** A run that has not ended yet. */
    final class Running implements AutoCloseable {
        private final Process process;
        private final Path out;
        private final Path err;

        private Running(Process process, Path out, Path err) {
            this.process = process;
            this.out = out;
            this.err = err;
        }

        String out() throws IOException {
            return Files.readString(out, StandardCharsets.UTF_8);
        }

        String err() throws IOException {
            return Files.readString(err, StandardCharsets.UTF_8);
        }

        boolean isAlive() {
            return process.isAlive();
        }

        /** SIGTERM. */
        void terminate() {
            process.destroy();
        }

        /** SIGKILL. */
        void kill() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }

        /** Waits for the end. */
        Ended end() throws IOException, InterruptedException {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("ended: %s%s", out(), err())
                    .isTrue();
            Ended ended = new Ended(process.exitValue(), out(), err());
            assertTokenIsNowhere(ended);
            return ended;
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    Running start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-Dfile.encoding=UTF-8"));
        command.add("-Dagentcall.started.in=" + home);
        command.addAll(javaOptions);
        command.add("-cp");
        command.add(home.resolve("config") + File.pathSeparator + System.getProperty("java.class.path"));
        command.add(AgentCall.class.getName());
        command.addAll(List.of(arguments));
        runs++;
        Path out = home.resolve("out-" + runs + ".txt");
        Path err = home.resolve("err-" + runs + ".txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(home.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        if (standardInput != null) {
            builder.redirectInput(standardInput.toFile());
        }
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("AGENTCALL_") || name.equals("JAVA_TOOL_OPTIONS"));
        builder.environment().putAll(environment);
        return new Running(builder.start(), out, err);
    }

    /** Runs with this file as its standard input. */
    Ended run(Path input, String... arguments) throws IOException, InterruptedException {
        standardInput = input;
        try {
            return run(arguments);
        } finally {
            standardInput = null;
        }
    }

    Ended run(String... arguments) throws IOException, InterruptedException {
        try (Running running = start(arguments)) {
            return running.end();
        }
    }

    private void assertTokenIsNowhere(Ended ended) throws IOException {
        assertThat(ended.all()).doesNotContain(TOKEN).doesNotContain(TOKEN.substring(0, 20));
        if (Files.exists(data())) {
            try (Stream<Path> files = Files.walk(data())) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                            .as("the token in %s", file)
                            .doesNotContain(TOKEN);
                }
            }
        }
    }
}
