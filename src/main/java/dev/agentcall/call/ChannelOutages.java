package dev.agentcall.call;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Which places of a channel fail, so that each outage is told once. A place whose outages are short is told of once a
 * minute at most.
 */
final class ChannelOutages {

    private final LongSupplier clock;
    private final Set<Integer> told = ConcurrentHashMap.newKeySet();
    private final Map<Integer, OnceAMinute> quiet = new HashMap<>();

    ChannelOutages() {
        this(System::nanoTime);
    }

    /** With a clock like {@link System#nanoTime}. */
    ChannelOutages(LongSupplier clock) {
        this.clock = clock;
    }

    /** A place of the channel failed. True if this is to be told: it is the first time since it worked. */
    synchronized boolean failed(int place) {
        return !told.contains(place)
                && quiet.computeIfAbsent(place, any -> new OnceAMinute(clock)).isDue()
                && told.add(place);
    }

    /** True if a place failed, as far as is known. */
    boolean areThere() {
        return !told.isEmpty();
    }

    /** These places of the channel work. */
    synchronized void worked(Collection<Integer> places) {
        told.removeAll(places);
    }
}
