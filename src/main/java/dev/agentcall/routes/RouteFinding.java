package dev.agentcall.routes;

/**
 * Something about a route file that its author should know.
 *
 * @param error whether it cannot run so; what is only suspicious runs
 * @param file as it is shown
 * @param line from 1; 0 for the file as a whole
 * @param text what was found and what was expected
 */
public record RouteFinding(boolean error, String file, int line, String text) {

    static RouteFinding error(Place place, String text) {
        return new RouteFinding(true, place.file(), place.line(), text);
    }

    static RouteFinding warning(Place place, String text) {
        return new RouteFinding(false, place.file(), place.line(), text);
    }

    @Override
    public String toString() {
        return (error ? "" : "warning: ") + new Place(file, line) + ": " + text;
    }
}
