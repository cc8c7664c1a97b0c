package dev.agentcall.routes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.nodes.Node;

/** Route templates, and the routes that are made of them. */
final class Templates {

    private final Collection<RouteFinding> findings;
    private final Map<String, Template> templates = new TreeMap<>();
    private final List<Template> routes = new ArrayList<>();

    /** A template, or a route of one; its name is the template's in both. */
    private record Template(String name, String file, Node node) {
        Place place() {
            return Place.of(file, node);
        }
    }

    /**
     * What a template makes: its own part of the file it stands in, with the values of its parameters.
     *
     * @param by where the route of the template stands
     */
    record Made(String kind, String file, Node node, Map<String, String> parameters, Place by) {}

    Templates(Collection<RouteFinding> findings) {
        this.findings = findings;
    }

    void template(String file, Node node) {
        String id = Yaml.text(node, "id").orElse("");
        templates.put(id, new Template(id, file, node));
    }

    void route(String file, Node node) {
        routes.add(new Template(Yaml.text(node, "routeTemplateRef").orElse(""), file, node));
    }

    /** What comes of all routes of templates. */
    List<Made> make() {
        List<Made> made = new ArrayList<>();
        Set<String> used = new HashSet<>();
        for (Template route : routes) {
            Template template = templates.get(route.name());
            used.add(route.name());
            if (template == null) {
                error(
                        route,
                        "found the routeTemplateRef " + route.name() + ", expected "
                                + Spelling.closest(route.name(), templates.keySet())
                                        .orElse("a routeTemplate with this id"));
            } else {
                parameters(template, route).ifPresent(parameters -> {
                    for (String kind : List.of("route", "from", "beans")) {
                        Node node = Yaml.entries(template.node()).get(kind);
                        if (node != null) {
                            made.add(new Made(kind, template.file(), node, parameters, route.place()));
                        }
                    }
                });
            }
        }
        templates.values().stream()
                .filter(template -> !used.contains(template.name()))
                .forEach(template -> findings.add(RouteFinding.warning(
                        template.place(),
                        "found the template " + template.name() + ", expected a templatedRoute of it: there is none")));
        return made;
    }

    private Optional<Map<String, String>> parameters(Template template, Template route) {
        Map<String, String> values = new HashMap<>();
        Set<String> known = new TreeSet<>();
        Set<String> needed = new TreeSet<>();
        for (Node parameter : Yaml.items(Yaml.entries(template.node()).get("parameters"))) {
            String name = Yaml.text(parameter, "name").orElse("");
            Optional<String> byDefault = Yaml.text(parameter, "defaultValue");
            byDefault.ifPresent(value -> values.put(name, value));
            known.add(name);
            if (byDefault.isEmpty()
                    && !Yaml.text(parameter, "required").orElse("true").equals("false")) {
                needed.add(name);
            }
        }
        for (Node parameter : Yaml.items(Yaml.entries(route.node()).get("parameters"))) {
            String name = Yaml.text(parameter, "name").orElse("");
            values.put(name, Yaml.text(parameter, "value").orElse(""));
            needed.remove(name);
            if (!known.contains(name)) {
                findings.add(RouteFinding.warning(
                        Place.of(route.file(), parameter),
                        "found the parameter " + name + ", expected " + Spelling.expected(name, known)
                                + ": the template " + template.name() + " has no other"));
            }
        }
        // In a template the name of a bean of its own is a placeholder too
        Yaml.items(Yaml.entries(template.node()).get("beans"))
                .forEach(bean -> Yaml.text(bean, "name").ifPresent(name -> values.put(name, name)));
        if (needed.isEmpty()) {
            return Optional.of(values);
        }
        error(
                route,
                "found no parameter " + String.join(", ", needed) + ", expected it: the template " + template.name()
                        + " has no default for it");
        return Optional.empty();
    }

    private void error(Template route, String text) {
        findings.add(RouteFinding.error(route.place(), text));
    }
}
