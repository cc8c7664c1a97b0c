package dev.agentcall.bench;

import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * The benchmark's settings, from the system properties {@code bench.*}.
 *
 * @param home {@code bench.home}: the packaged bundle, with {@code bin/agentcall}; {@code target/agentcall-routes}
 * @param work {@code bench.work}: for inputs, data folders and logs; {@code target/bench}
 * @param rows {@code bench.rows}: rows of an input; 100000
 * @param rounds {@code bench.rounds}: 3; 0 leaves the comparison out
 * @param ledgers {@code bench.ledgers}: whether the comparison has the other kinds of ledger too; false
 * @param million {@code bench.million}: whether to make the memory run too; false
 * @param millionRows {@code bench.million.rows}: rows of the memory run; 1000000
 * @param starts {@code bench.starts}: runs of {@code --check} for each JDK; 5; 0 leaves the start-up out
 * @param jdks {@code bench.jdks}: JDK folders for the start-up, separated like a class path; the running one
 * @param doorRounds {@code bench.doors.rounds}: rounds of REST and JMS; 3; 0 leaves them out
 * @param doorWarmUp {@code bench.doors.warm-up}: requests before those that are measured in each of their runs; 60000
 * @param doorRequests {@code bench.doors.requests}: requests that are measured in each of their runs; 20000
 * @param soakSeconds {@code bench.soak.seconds}: how long many REST clients go on; 0 leaves them out; 0
 * @param javaOpts {@code bench.java.opts}: JAVA_OPTS for both contenders; none
 * @param meter {@code bench.meter}: see {@link Meter#of}; auto
 * @param limit {@code bench.limit.minutes}: a run that takes longer counts as hung; 120
 */
record Settings(
        Path home,
        Path work,
        int rows,
        int rounds,
        boolean ledgers,
        boolean million,
        int millionRows,
        int starts,
        List<Path> jdks,
        int doorRounds,
        int doorWarmUp,
        int doorRequests,
        int soakSeconds,
        String javaOpts,
        String meter,
        Duration limit) {

    static Settings fromSystemProperties() {
        return new Settings(
                Path.of(text("bench.home", "target/agentcall-routes")).toAbsolutePath(),
                Path.of(text("bench.work", "target/bench")).toAbsolutePath(),
                number("bench.rows", 100_000, 2),
                number("bench.rounds", 3, 0),
                Boolean.parseBoolean(text("bench.ledgers", "false")),
                Boolean.parseBoolean(text("bench.million", "false")),
                number("bench.million.rows", 1_000_000, 1),
                number("bench.starts", 5, 0),
                Arrays.stream(text("bench.jdks", Jvm.home().toString()).split(File.pathSeparator))
                        .map(Path::of)
                        .toList(),
                number("bench.doors.rounds", 3, 0),
                number("bench.doors.warm-up", 60_000, 1),
                number("bench.doors.requests", 20_000, 1),
                number("bench.soak.seconds", 0, 0),
                text("bench.java.opts", ""),
                text("bench.meter", "auto"),
                Duration.ofMinutes(number("bench.limit.minutes", 120, 1)));
    }

    /** Rows of the small input that stands for the start-up: 1,000, or half the rows where there are fewer than 2,000. */
    int startUpRows() {
        return Math.min(1_000, rows / 2);
    }

    private static String text(String key, String fallback) {
        String value = System.getProperty(key, "");
        return value.isBlank() ? fallback : value.trim();
    }

    private static int number(String key, int fallback, int least) {
        String value = text(key, Integer.toString(fallback));
        if (!value.matches("\\d{1,9}") || Integer.parseInt(value) < least) {
            throw new IllegalArgumentException(key + ": expected a number from " + least + ", found " + value);
        }
        return Integer.parseInt(value);
    }
}
