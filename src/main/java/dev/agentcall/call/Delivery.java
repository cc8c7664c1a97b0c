package dev.agentcall.call;

import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.camel.Endpoint;

/** One outcome on its way to its channel. */
final class Delivery {

    /** Exchange variable with the delivery. */
    static final String VARIABLE = "delivery";

    private final long ledgerId;
    private final String json;
    /** Places in the channel's list of the endpoints that are to get it, with commas; null for all. */
    private final String only;

    private final boolean repeated;
    private final TreeSet<Integer> failedAt = new TreeSet<>();
    private List<Endpoint> endpoints = List.of();
    private boolean failedElsewhere;
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
        if (only == null) {
            return all;
        }
        List<Endpoint> wanted = List.of(only.split(",")).stream()
                .map(Integer::valueOf)
                .filter(place -> place < all.size())
                .map(all::get)
                .toList();
        return wanted.isEmpty() ? all : wanted; // the setting has changed
    }

    /** An endpoint failed, of the channel's own or, with null, another. */
    synchronized void failed(String uri) {
        for (int i = 0; i < endpoints.size(); i++) {
            if (endpoints.get(i).getEndpointUri().equals(uri)) {
                failedAt.add(i);
                return;
            }
        }
        failedElsewhere = true;
    }

    synchronized boolean isFailed() {
        return failedElsewhere || !failedAt.isEmpty();
    }

    /** The places of the endpoints that failed, with commas; null if it failed elsewhere, and all are to get it again. */
    synchronized String failedEndpoints() {
        return failedElsewhere ? null : failedAt.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    synchronized void end() {
        ended = true;
    }

    synchronized boolean isEnded() {
        return ended;
    }
}
