package dev.agentcall.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How long {@code bin/agentcall --check} takes, each time with a fresh data folder, the JDKs in turn. */
final class StartUp {

    private StartUp() {}

    /** Runs and prints a table in Markdown. */
    static void run(Settings settings, Trial trial, List<String> product)
            throws IOException, InterruptedException, IncompleteRun {
        Map<Path, List<Usage>> runs = new LinkedHashMap<>();
        for (int start = 0; start < settings.starts(); start++) {
            for (Path jdk : settings.jdks()) {
                runs.computeIfAbsent(jdk, key -> new ArrayList<>()).add(trial.check(product, jdk));
            }
        }
        System.out.println();
        System.out.println("| `--check`, median (min–max) of " + settings.starts() + " | wall s | CPU s | peak MiB |");
        System.out.println("| --- | --- | --- | --- |");
        for (Map.Entry<Path, List<Usage>> jdk : runs.entrySet()) {
            List<Usage> usages = jdk.getValue();
            System.out.println(String.join(
                    " | ",
                    "| JDK " + version(jdk.getKey()),
                    Spread.of(usages.stream().mapToDouble(Usage::wallSeconds)).format(2),
                    Spread.of(usages.stream().mapToDouble(Usage::cpuSeconds)).format(2),
                    Spread.of(usages.stream().mapToDouble(Usage::peakMib)).format(0) + " |"));
        }
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
