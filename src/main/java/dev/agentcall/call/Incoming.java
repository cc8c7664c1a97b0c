package dev.agentcall.call;

import java.util.List;

/**
 * A request as it was read, with what was already wrong about it while reading (a cell too many, a JSON array where a
 * text belongs).
 */
public record Incoming(CallRequest request, List<Fault> faults) {

    public static Incoming of(CallRequest request) {
        return new Incoming(request, List.of());
    }
}
