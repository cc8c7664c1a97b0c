package dev.agentcall.bench;

import java.util.Locale;
import java.util.stream.DoubleStream;

/** Median, least and greatest of some figures. */
record Spread(double median, double min, double max) {

    /** Of at least one figure; all NaN when one of them is. */
    static Spread of(DoubleStream figures) {
        double[] sorted = figures.sorted().toArray();
        if (Double.isNaN(sorted[sorted.length - 1])) { // sorts last
            return new Spread(Double.NaN, Double.NaN, Double.NaN);
        }
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }

    /** As {@code 1.5 (1.2–1.9)}; a dash where there is nothing to tell. */
    String format(int decimals) {
        if (Double.isNaN(median)) {
            return "–";
        }
        String number = "%." + decimals + "f";
        return String.format(Locale.ROOT, number + " (" + number + "–" + number + ")", median, min, max);
    }
}
