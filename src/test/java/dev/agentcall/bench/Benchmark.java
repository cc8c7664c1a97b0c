package dev.agentcall.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Measures the packaged bundle against {@link PlainClientMain}, each in a process of its own against a fresh
 * {@link StubMain}, and prints tables in Markdown: a comparison, the start-up, REST and JMS beside their
 * ceilings, and, if wanted, a memory run over a million rows and many REST clients for a while. Settings: {@link Settings}.
 *
 * <p>Exit code 0, whatever the times; 1 when a run was incomplete: an exit code other than 0, another number of POSTs
 * than rows, or result files that are not the input's rows; 2 when a setting is wrong or there is nothing to measure.
 */
public final class Benchmark {

    private Benchmark() {}

    public static void main(String[] args) throws Exception {
        System.exit(run());
    }

    private static int run() throws Exception {
        try {
            Settings settings = Settings.fromSystemProperties();
            Path script = settings.home().resolve("bin/agentcall");
            requireExecutable("bench.home", script);
            for (Path jdk : settings.jdks()) {
                requireExecutable("bench.jdks", jdk.resolve("bin/java"));
            }
            Files.createDirectories(settings.work());
            Meter meter = Meter.of(settings.meter());
            Trial trial = new Trial(settings, meter);
            List<String> product = List.of(script.toString());

            printConditions(settings, meter);
            if (settings.starts() > 0) {
                StartUp.run(settings, trial, product);
            }
            // As after every installation: it leaves the class archive of this JDK.
            trial.check(product, Jvm.home());
            if (settings.rounds() > 0) {
                compare(settings, trial, product);
            }
            if (settings.million()) {
                MemoryRun.run(settings, trial, product);
            }
            if (settings.doorRounds() > 0) {
                Doors.run(settings, trial);
            }
            if (settings.soakSeconds() > 0) {
                Soak.run(settings, trial);
            }
            if (settings.rounds() > 0 || settings.million()) {
                System.out.printf(
                        Locale.ROOT,
                        "%nThe stub, on the same CPUs, took %.3f CPU s per 1,000 calls.%n",
                        trial.stubCpuPerThousand());
            }
            return 0;
        } catch (IncompleteRun e) {
            System.out.println();
            System.out.println("Incomplete run: " + e.getMessage());
            return 1;
        } catch (IllegalArgumentException e) {
            System.out.println(e.getMessage());
            return 2;
        }
    }

    private static void compare(Settings settings, Trial trial, List<String> product)
            throws IOException, InterruptedException, IncompleteRun {
        Path work = settings.work();
        Path mixed = Inputs.mixed(work, settings.rows());
        Path mixedStartUp = Inputs.mixed(work, settings.startUpRows());
        Path sorted = Inputs.sorted(work, settings.rows());
        Path sortedStartUp = Inputs.sorted(work, settings.startUpRows());
        List<String> plainClient = Contender.plainClient(settings.javaOpts());
        List<Contender> contenders = new ArrayList<>(List.of(
                new Contender("plain client, mixed", () -> plainClient, mixed, mixedStartUp),
                new Contender("bundle, mixed", () -> product, mixed, mixedStartUp),
                new Contender("bundle, sorted", () -> product, sorted, sortedStartUp)));
        try (Ledgers ledgers = settings.ledgers() ? new Ledgers(product) : null) {
            if (ledgers != null) {
                contenders.addAll(ledgers.contenders(mixed, mixedStartUp));
            }
            Comparison comparison = new Comparison(contenders);
            comparison.run(settings, trial);
            comparison.print();
        }
    }

    private static void printConditions(Settings settings, Meter meter) throws IOException {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        System.out.printf(
                Locale.ROOT,
                "%,d rows, %d rounds, 8 calls in flight, JAVA_OPTS \"%s\"; start-up: the same with %,d rows.%n",
                settings.rows(),
                settings.rounds(),
                settings.javaOpts(),
                settings.startUpRows());
        System.out.println("mixed: rows of 2,000 agents in random order; sorted: by agent, 100 rows each. "
                + meter.description() + ".");
        System.out.printf(
                Locale.ROOT,
                "%s %s, %d CPUs, %.1f GiB, load %.1f before the start, data on %s, JDK %s.%n",
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                system.getAvailableProcessors(),
                system.getTotalMemorySize() / (double) (1L << 30),
                system.getSystemLoadAverage(),
                Files.getFileStore(settings.work()).type(),
                System.getProperty("java.version"));
    }

    private static void requireExecutable(String setting, Path file) {
        if (!Files.isExecutable(file)) {
            throw new IllegalArgumentException(setting + ": expected an executable file " + file + ", found none");
        }
    }
}
