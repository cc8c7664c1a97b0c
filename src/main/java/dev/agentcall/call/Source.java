package dev.agentcall.call;

/**
 * Where a request came from.
 *
 * @param kind {@code csv}, {@code jms}, {@code rest}, or the scheme of the endpoint that received it
 * @param name the file, the queue or the route
 * @param row the row of the file as a spreadsheet numbers it, null where there are no rows
 */
public record Source(String kind, String name, Integer row) {}
