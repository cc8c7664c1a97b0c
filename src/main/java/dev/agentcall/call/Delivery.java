package dev.agentcall.call;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.apache.camel.Endpoint;

/** One outcome on its way to its channel. */
final class Delivery {

    /** Exchange variable with the delivery. */
    static final String VARIABLE = "delivery";

    /** Stands for every place in a channel's route but the endpoints in its list. */
    private static final int ELSEWHERE = -1;

    private final long ledgerId;
    private final String json;
    /** {@link #mark}s of the endpoints that are to get it, with commas; null for all. */
    private final String only;

    private final boolean repeated;
    private final TreeSet<Integer> failedAt = new TreeSet<>();
    private List<Endpoint> endpoints = List.of();
    private List<Endpoint> wanted = List.of();
    private boolean ended;

    private Delivery(long ledgerId, String json, boolean repeated, String only) {
        this.ledgerId = ledgerId;
        this.json = json;
        this.repeated = repeated;
        this.only = only;
    }

    /** To all endpoints of the channel, for the first time. */
    static Delivery first(long ledgerId, String json) {
        return new Delivery(ledgerId, json, false, null);
    }

    /** Another time: {@code missedBy} is what {@link #failedEndpoints} was, null for all. */
    static Delivery again(long ledgerId, String json, String missedBy) {
        return new Delivery(ledgerId, json, true, missedBy);
    }

    long ledgerId() {
        return ledgerId;
    }

    String json() {
        return json;
    }

    boolean isRepeated() {
        return repeated;
    }

    /** Of a channel's endpoints those that are to get it: all, or those that have missed it. */
    synchronized List<Endpoint> wanted(List<Endpoint> all) {
        endpoints = all;
        wanted = all;
        if (only != null) {
            List<String> missed = List.of(only.split(","));
            if (all.stream().map(Delivery::mark).toList().containsAll(missed)) {
                wanted = all.stream().filter(one -> missed.contains(mark(one))).toList();
            } // else the list has changed, and nobody knows which has taken whose place
        }
        return wanted;
    }

    /**
     * What the ledger knows an endpoint by, wherever it stands in the list. Too short to find out a secret in its URI by; two
     * that have the same get each what one of them has missed.
     */
    private static String mark(Endpoint endpoint) {
        CRC32 sum = new CRC32();
        sum.update(endpoint.getEndpointUri().getBytes(StandardCharsets.UTF_8));
        return String.format("%04x", sum.getValue() & 0xffff);
    }

    /** An endpoint failed, of the channel's own or, with null, another. Returns its place in the channel. */
    synchronized int failed(String uri) {
        int place = ELSEWHERE;
        for (int i = 0; i < endpoints.size() && place == ELSEWHERE; i++) {
            if (endpoints.get(i).getEndpointUri().equals(uri)) {
                place = i;
            }
        }
        failedAt.add(place);
        return place;
    }

    synchronized boolean isFailed() {
        return !failedAt.isEmpty();
    }

    /** The marks of the endpoints that failed, with commas; null if it failed elsewhere, and all are to get it again. */
    synchronized String failedEndpoints() {
        return failedAt.contains(ELSEWHERE)
                ? null
                : failedAt.stream().map(endpoints::get).map(Delivery::mark).collect(Collectors.joining(","));
    }

    /** The places of the channel that have taken it, or were passed without a failure. */
    synchronized Collection<Integer> workedAt() {
        return IntStream.range(ELSEWHERE, endpoints.size())
                .filter(place -> place == ELSEWHERE || wanted.contains(endpoints.get(place)))
                .filter(place -> !failedAt.contains(place))
                .boxed()
                .toList();
    }

    synchronized void end() {
        ended = true;
    }

    synchronized boolean isEnded() {
        return ended;
    }
}
