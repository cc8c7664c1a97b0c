package dev.agentcall.bench;

/**
 * What one contender took in one round. The figures "without start-up" are those of the rows beyond the small input's:
 * the difference of the two runs, so that the start of a JVM counts for neither.
 *
 * @param startUp the run on the small input
 * @param whole the run on the input
 * @param startUpRows rows of the small input
 * @param rows rows of the input
 */
record Figures(Usage startUp, Usage whole, int startUpRows, int rows) {

    double wallSeconds() {
        return whole.wallSeconds();
    }

    double callsPerSecond() {
        return rows / whole.wallSeconds();
    }

    /** NaN where the run was too short to tell. */
    double callsPerSecondWithoutStartUp() {
        double seconds = whole.wallSeconds() - startUp.wallSeconds();
        return seconds > 0 ? (rows - startUpRows) / seconds : Double.NaN;
    }

    double cpuPerThousand() {
        return 1000 * whole.cpuSeconds() / rows;
    }

    /** NaN where the run was too short to tell. */
    double cpuPerThousandWithoutStartUp() {
        double seconds = whole.cpuSeconds() - startUp.cpuSeconds();
        return seconds > 0 ? 1000 * seconds / (rows - startUpRows) : Double.NaN;
    }

    double peakMib() {
        return whole.peakMib();
    }
}
