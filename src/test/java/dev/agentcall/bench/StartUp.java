package dev.agentcall.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How long {@code bin/agentcall --check} takes, each time with a fresh data folder, JDK by JDK: the first time, when it
 * leaves the class archive of that JDK, and from then on.
 */
final class StartUp {

    private StartUp() {}

    /** Runs and prints a table in Markdown. */
    static void run(Settings settings, Trial trial, List<String> product)
            throws IOException, InterruptedException, IncompleteRun {
        System.out.println();
        System.out.println("| `--check`, median (min–max) of " + settings.starts() + " | wall s | CPU s | peak MiB |");
        System.out.println("| --- | --- | --- | --- |");
        for (Path jdk : settings.jdks()) {
            String name = "JDK " + version(jdk);
            Files.deleteIfExists(settings.home().resolve("lib/agentcall.jsa"));
            print(name + ", the first", List.of(trial.check(product, jdk)));
            List<Usage> usages = new ArrayList<>();
            for (int start = 0; start < settings.starts(); start++) {
                usages.add(trial.check(product, jdk));
            }
            print(name, usages);
        }
    }

    private static void print(String name, List<Usage> usages) {
        System.out.println(String.join(
                " | ",
                "| " + name,
                Spread.of(usages.stream().mapToDouble(Usage::wallSeconds)).format(2),
                Spread.of(usages.stream().mapToDouble(Usage::cpuSeconds)).format(2),
                Spread.of(usages.stream().mapToDouble(Usage::peakMib)).format(0) + " |"));
    }

    /** As the JDK's own {@code release} file says, or the name of its folder. */
    private static String version(Path jdk) throws IOException {
        Path release = jdk.resolve("release");
        if (Files.exists(release)) {
            for (String line : Files.readAllLines(release)) {
                if (line.startsWith("JAVA_VERSION=")) {
                    return line.replaceAll("JAVA_VERSION=|\"", "");
                }
            }
        }
        return jdk.getFileName().toString();
    }
}
