package dev.agentcall.routes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.camel.CamelContext;

/** What the files declare, and what they name: the one has to be there for the other. */
final class Names {

    /** Routes that the program itself calls. */
    private static final Set<String> CALLED_BY_THE_PROGRAM = Set.of("call-rows", "deliver-missed");

    private final CamelContext context;
    private final Collection<RouteFinding> findings;

    private final Map<String, Place> served = new LinkedHashMap<>();
    private final Map<String, Map<Map<String, String>, Place>> polled = new HashMap<>();
    private final Set<String> beans = new TreeSet<>();
    private final Map<String, Place> declared = new HashMap<>();
    private final Set<String> configurations = new TreeSet<>();

    private final List<Named> called = new ArrayList<>();
    private final Set<String> mentioned = new HashSet<>();
    private final List<Named> references = new ArrayList<>();
    private final List<Named> configured = new ArrayList<>();
    private boolean anyCallPossible;

    /** A name, where it stands, and in which route as words. */
    private record Named(String name, Place place, String where) {}

    Names(CamelContext context, Collection<RouteFinding> findings) {
        this.context = context;
        this.findings = findings;
    }

    /** A bean for all routes. */
    void bean(Place place, String name) {
        beans.add(name);
        Place first = declared.putIfAbsent(name, place);
        if (first != null) {
            error(place, "found the bean " + name + " a second time, expected another name: " + first + " has it");
        }
    }

    /** A bean of a template's own, of which each route that is made of one has its own. */
    void beanOfTemplate(String name) {
        beans.add(name);
    }

    void configuration(String id) {
        configurations.add(id);
    }

    /** A route begins at this direct endpoint. */
    void serve(Place place, String name) {
        Place first = served.putIfAbsent(name, place);
        if (first != null) {
            error(
                    place,
                    "found a second route from direct:" + name + ", expected another name: the one in " + first
                            + " has it");
        }
    }

    /**
     * A route takes files there, as no other may: each would take what the other is at.
     *
     * @param selection options that choose among the files; those of two routes may be for different ones
     */
    void poll(Place place, String folder, Map<String, String> selection, String shown) {
        Map<Map<String, String>, Place> others = polled.computeIfAbsent(folder, key -> new LinkedHashMap<>());
        others.forEach((other, first) -> {
            if (other.equals(selection) || other.isEmpty() || selection.isEmpty()) {
                error(
                        place,
                        "found a second route from " + shown + ", expected another address: the one in " + first
                                + " has it");
            }
        });
        others.putIfAbsent(selection, place);
    }

    /** A step sends to this direct endpoint. */
    void call(Place place, String name, String where) {
        called.add(new Named(name, place, where));
    }

    /** A step sends to direct endpoints that only the message knows. */
    void callAny() {
        anyCallPossible = true;
    }

    /** A text has this direct endpoint in it. */
    void mention(String name) {
        mentioned.add(name);
    }

    void reference(Place place, String bean, String where) {
        references.add(new Named(bean, place, where));
    }

    void configured(Place place, String id, String where) {
        configured.add(new Named(id, place, where));
    }

    /** Once all files are read. */
    void judge() {
        called.stream()
                .filter(call -> !served.containsKey(call.name()))
                .forEach(call -> error(
                        call.place(),
                        "found direct:" + call.name() + call.where() + ", expected a route from there"
                                + Spelling.closest(call.name(), served.keySet())
                                        .map(close -> ", or direct:" + close)
                                        .orElse(": no file has one")));
        for (String name : CALLED_BY_THE_PROGRAM) {
            if (!served.containsKey(name)) {
                error(
                        new Place("routes", 0),
                        "found no route from direct:" + name + ", expected one: the program calls it");
            }
        }
        Set<String> calls = new HashSet<>(mentioned);
        calls.addAll(CALLED_BY_THE_PROGRAM);
        called.forEach(call -> calls.add(call.name()));
        served.forEach((name, place) -> {
            if (!calls.contains(name) && !anyCallPossible) {
                findings.add(RouteFinding.warning(
                        place,
                        "found a route from direct:" + name + ", expected something that calls it: nothing does"));
            }
        });
        references.stream()
                .filter(bean -> !isThere(bean.name()))
                .forEach(bean -> error(
                        bean.place(),
                        "found the bean " + bean.name() + bean.where() + ", expected "
                                + Spelling.closest(bean.name(), beans).orElse("one of that name under beans:")));
        configured.stream()
                .filter(id -> !configurations.contains(id.name()))
                .forEach(id -> error(
                        id.place(),
                        "found the routeConfigurationId " + id.name() + id.where() + ", expected "
                                + Spelling.closest(id.name(), configurations)
                                        .orElse("a routeConfiguration with this id")));
    }

    private boolean isThere(String bean) {
        return beans.contains(bean)
                || context.getRegistry().lookupByName(bean) != null
                || context.getClassResolver().resolveClass(bean) != null;
    }

    private void error(Place place, String text) {
        findings.add(RouteFinding.error(place, text));
    }
}
