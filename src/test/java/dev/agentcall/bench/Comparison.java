package dev.agentcall.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** The contenders in turn, round by round; the first is the one that the others are compared with. */
final class Comparison {

    private final Map<Contender, List<Figures>> results = new LinkedHashMap<>();
    private final List<Contender> contenders;

    Comparison(List<Contender> contenders) {
        this.contenders = contenders;
    }

    /** Runs all the rounds, each beginning with another contender; progress goes to stderr. */
    void run(Settings settings, Trial trial) throws IOException, InterruptedException, IncompleteRun {
        List<Contender> order = new ArrayList<>(contenders);
        for (int round = 1; round <= settings.rounds(); round++) {
            for (Contender contender : order) {
                Usage startUp = trial.run(
                        contender.command().get(),
                        contender.startUpInput(),
                        settings.startUpRows(),
                        settings.javaOpts(),
                        (seconds, requests, resident) -> {});
                Usage whole = trial.run(
                        contender.command().get(),
                        contender.input(),
                        settings.rows(),
                        settings.javaOpts(),
                        (seconds, requests, resident) -> {});
                Figures figures = new Figures(startUp, whole, settings.startUpRows(), settings.rows());
                results.computeIfAbsent(contender, key -> new ArrayList<>()).add(figures);
                System.err.println(String.format(
                        Locale.ROOT,
                        "round %d of %d, %s: %.1f s (%d rows: %.1f s)",
                        round,
                        settings.rounds(),
                        contender.name(),
                        whole.wallSeconds(),
                        settings.startUpRows(),
                        startUp.wallSeconds()));
            }
            Collections.rotate(order, -1);
        }
    }

    /** Two tables in Markdown: the figures, and their ratios to the first contender's of the same round. */
    void print() {
        System.out.println();
        System.out.println("| median (min–max) | wall s | calls/s | calls/s without start-up | CPU s per 1,000 calls"
                + " | CPU s per 1,000 calls without start-up | peak MiB |");
        System.out.println("| --- | --- | --- | --- | --- | --- | --- |");
        for (Contender contender : contenders) {
            List<Figures> rounds = results.get(contender);
            System.out.println(String.join(
                    " | ",
                    "| " + contender.name(),
                    spread(rounds, Figures::wallSeconds, 1),
                    spread(rounds, Figures::callsPerSecond, 0),
                    spread(rounds, Figures::callsPerSecondWithoutStartUp, 0),
                    spread(rounds, Figures::cpuPerThousand, 3),
                    spread(rounds, Figures::cpuPerThousandWithoutStartUp, 3),
                    spread(rounds, Figures::peakMib, 0) + " |"));
        }
        Contender yardstick = contenders.get(0);
        System.out.println();
        System.out.println("| ratio to the " + yardstick.name() + ", paired by round | wall | calls/s"
                + " | calls/s without start-up | CPU | CPU without start-up | peak |");
        System.out.println("| --- | --- | --- | --- | --- | --- | --- |");
        for (Contender contender : contenders.subList(1, contenders.size())) {
            System.out.println(String.join(
                    " | ",
                    "| " + contender.name(),
                    ratio(contender, Figures::wallSeconds),
                    ratio(contender, Figures::callsPerSecond),
                    ratio(contender, Figures::callsPerSecondWithoutStartUp),
                    ratio(contender, Figures::cpuPerThousand),
                    ratio(contender, Figures::cpuPerThousandWithoutStartUp),
                    ratio(contender, Figures::peakMib) + " |"));
        }
    }

    private static String spread(List<Figures> rounds, ToDoubleFunction<Figures> figure, int decimals) {
        return Spread.of(rounds.stream().mapToDouble(figure)).format(decimals);
    }

    private String ratio(Contender contender, ToDoubleFunction<Figures> figure) {
        List<Figures> rounds = results.get(contender);
        List<Figures> yardstick = results.get(contenders.get(0));
        return Spread.of(IntStream.range(0, rounds.size())
                        .mapToDouble(i -> figure.applyAsDouble(rounds.get(i)) / figure.applyAsDouble(yardstick.get(i))))
                .format(2);
    }
}
