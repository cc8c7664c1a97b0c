package dev.agentcall.bench;

import java.util.List;
import java.util.stream.LongStream;

/**
 * How long requests took, and all of them together.
 *
 * @param sortedNanos each request's time
 * @param wallSeconds from the first one's beginning to the last one's end
 */
record Latencies(long[] sortedNanos, double wallSeconds) {

    static Latencies of(List<long[]> parts, long wallNanos) {
        return new Latencies(
                parts.stream().flatMapToLong(LongStream::of).sorted().toArray(), wallNanos / 1e9);
    }

    int count() {
        return sortedNanos.length;
    }

    double perSecond() {
        return count() / wallSeconds;
    }

    /** The time in milliseconds that this share of the requests did not exceed. */
    double millis(double share) {
        return sortedNanos[(int) Math.min(count() - 1L, (long) (share * count()))] / 1e6;
    }
}
