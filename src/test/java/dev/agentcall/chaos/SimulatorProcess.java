package dev.agentcall.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** {@link SimulatorMain} as a child process that can be killed and started again on its port, and its record so far. */
final class SimulatorProcess implements AutoCloseable {

    /** Keeps the port while nobody listens on it, so that nobody else gets it. */
    private final Socket reservation = new Socket();

    private final Path log;
    private final Path err;
    private final Duration delay;
    private Process process;

    private SimulatorProcess(Path folder, Duration delay) throws IOException {
        this.log = Files.createFile(folder.resolve("simulator.log"));
        this.err = folder.resolve("simulator.err");
        this.delay = delay;
        reservation.setReuseAddress(true);
        reservation.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /** A running simulator that takes some time for each answer. */
    static SimulatorProcess start(Path folder, Duration delay) throws IOException {
        SimulatorProcess simulator = new SimulatorProcess(folder, delay);
        simulator.start();
        return simulator;
    }

    String url() {
        return "http://127.0.0.1:" + reservation.getLocalPort();
    }

    /** Returns once it listens. */
    void start() throws IOException {
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SimulatorMain.class.getName(),
                        String.valueOf(reservation.getLocalPort()),
                        String.valueOf(delay.toMillis()),
                        log.toString())
                .redirectError(ProcessBuilder.Redirect.appendTo(err.toFile()))
                .start();
        if (!"listening".equals(process.inputReader().readLine())) {
            throw new IOException("the simulator did not start: " + Files.readString(err));
        }
    }

    /** SIGKILL: its connections break, and new ones are refused. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** What arrived and was answered so far. */
    Record record() throws IOException {
        Record record = new Record(new ArrayList<>(), new HashMap<>(), new HashMap<>());
        String lines = Files.readString(log);
        // A line without an end is being written, or was when the simulator was killed.
        for (String line : lines.substring(0, lines.lastIndexOf('\n') + 1).split("\n")) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "received" -> {
                    record.received.add(words[1]);
                    record.taken.merge(words[1], 1, Integer::sum);
                }
                case "busy" -> record.taken.merge(words[1], -1, Integer::sum);
                case "placed" -> record.guids.put(words[2], words[1]);
                default -> {}
            }
        }
        return record;
    }

    /** How many calls arrived so far. */
    int received() {
        try {
            return record().received.size();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /**
     * @param received destinations in the order of arrival
     * @param taken how often a destination was called and not answered with 503
     * @param guids destinations by the GUIDs that were handed out for them
     */
    record Record(List<String> received, Map<String, Integer> taken, Map<String, String> guids) {}

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        reservation.close();
    }
}
