package dev.agentcall.routes;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.Node;

/** The ids that files give to routes, each of which is given once. */
final class RouteIds {

    private final Map<String, Place> places = new HashMap<>();
    private final Collection<RouteFinding> findings;

    /**
     * None yet.
     *
     * @param findings gets what is wrong
     */
    RouteIds(Collection<RouteFinding> findings) {
        this.findings = findings;
    }

    /** Notes the id that an item of a file gives to a route; most give none. */
    void read(String file, String kind, Node item) {
        switch (kind) {
            case "route", "from" -> {
                Node id = Yaml.entries(item).get("id");
                Yaml.text(id).ifPresent(text -> note(Place.of(file, id), text));
            }
            case "templatedRoute" -> routeId(file, item);
            case "rest" -> rest(file, item);
            default -> {
                // is no route
            }
        }
    }

    private void routeId(String file, Node node) {
        Yaml.text(node, "routeId").ifPresent(id -> note(Place.of(file, node), id));
    }

    /** Each of its methods is a route. */
    private void rest(String file, Node node) {
        routeId(file, node);
        Yaml.entries(node).values().forEach(value -> rest(file, value));
        Yaml.items(node).forEach(item -> rest(file, item));
    }

    private void note(Place place, String id) {
        Place first = places.putIfAbsent(id, place);
        if (first != null) {
            findings.add(RouteFinding.error(
                    place, "found the route id " + id + " a second time, expected another: " + first + " has it"));
        }
    }
}
