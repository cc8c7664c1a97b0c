package dev.agentcall.chaos;

import dev.agentcall.chaos.Round.Blow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The long form: {@code mvn -Pchaos verify -Drounds=50}. Each round is drawn by its own seed, which it prints. */
@Tag("long")
class ChaosIT {

    private static final int MOST_BLOWS = 6;

    @TempDir
    private Path folder;

    @Test
    void rounds() throws Exception {
        int rounds = Integer.getInteger("rounds", 50);
        long seed = Long.getLong("chaos.seed", System.nanoTime() % 1_000_000);
        List<String> failures = new ArrayList<>();
        List<Findings> findings = new ArrayList<>();
        System.out.println(Findings.header());
        for (int i = 0; i < rounds; i++) {
            try {
                findings.add(round(seed + i, folder.resolve("round-" + i)));
            } catch (AssertionError e) {
                Path said = Files.writeString(Path.of("target", "chaos-" + (seed + i) + ".txt"), e.getMessage());
                failures.add("-Drounds=1 -Dchaos.seed=" + (seed + i) + ", " + said + ": "
                        + e.getMessage().lines().limit(5).collect(Collectors.joining(" ")));
                System.out.println("FAILED " + failures.get(failures.size() - 1));
            }
        }
        System.out.println(Findings.header());
        System.out.println(Findings.sum(findings).line("all " + findings.size() + " good rounds"));
        if (!failures.isEmpty()) {
            throw new AssertionError(
                    failures.size() + " of " + rounds + " rounds failed:\n" + String.join("\n", failures));
        }
    }

    private static Findings round(long seed, Path folder) throws Exception {
        Random random = new Random(seed);
        int dice = random.nextInt(10);
        if (dice < 3) {
            try (TwoPrograms programs = new TwoPrograms(folder, seed)) {
                return switch (dice) {
                    case 0 -> programs.play(seed + " two over one file", TwoPrograms::overOneFile);
                    case 1 -> programs.play(seed + " server and one-shot", TwoPrograms::serverAndOneShot);
                    default -> programs.play(seed + " one of two killed", TwoPrograms::oneIsKilled);
                };
            }
        }
        boolean serving = random.nextBoolean();
        boolean many = serving && random.nextInt(3) == 0;
        boolean busy = random.nextBoolean();
        List<InputFile> files = IntStream.range(0, many ? 30 : 1)
                .mapToObj(
                        i -> InputFile.mixed("calls" + i, 1000 * i, many ? 4 : 100 + random.nextInt(400), busy, random))
                .toList();
        List<Blow> blows = random.ints(1 + random.nextInt(MOST_BLOWS), 0, Blow.values().length)
                .mapToObj(i -> Blow.values()[i])
                .toList();
        String letters = blows.stream()
                .map(blow -> blow.name().toLowerCase(Locale.ROOT).replaceAll("_?([a-z])[a-z]*", "$1"))
                .collect(Collectors.joining(" "));
        String name = seed + (many ? " files " : serving ? " server " : " one-shot ") + letters;
        try (Round round = new Round(name, folder, seed, serving, files)) {
            return round.run(blows);
        }
    }
}
