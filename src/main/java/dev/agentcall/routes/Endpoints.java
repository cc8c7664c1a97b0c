package dev.agentcall.routes;

import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.EndpointUriFactory;
import org.apache.camel.spi.annotations.Component;
import org.snakeyaml.engine.v2.nodes.Node;

/** Whether endpoints have a component, and only options that it knows; of no endpoint is anything made for that. */
final class Endpoints {

    /** What every endpoint takes, though its component does not list it. */
    private static final Set<String> COMMON = Set.of("synchronous");

    private final CamelContext context;
    /** Components that the files declare as beans, and their classes. */
    private final Map<String, String> components = new HashMap<>();

    Endpoints(CamelContext context) {
        this.context = context;
    }

    void declare(String name, String type) {
        components.put(name, type);
    }

    /**
     * An endpoint, as it stands in a file.
     *
     * @param uri without placeholders
     * @param parameters beside the uri
     * @param where the route, in words
     */
    void check(Place place, String uri, Map<String, Node> parameters, String where, Collection<RouteFinding> findings) {
        String scheme = uri.split("[:?]", 2)[0];
        if (!scheme.matches("[a-zA-Z][a-zA-Z0-9+.-]*")) {
            return; // a setting without a value; it is told of with the settings
        }
        if (!components.containsKey(scheme) && !isThere(scheme)) {
            findings.add(
                    RouteFinding.error(
                            place,
                            "found the endpoint " + scheme + ":" + where
                                    + ", expected a component whose jar is in lib, with those that it needs, or a bean of that name"));
            return;
        }
        Optional<EndpointUriFactory> options = options(scheme);
        if (options.isPresent()) {
            Stream<String> inUri = uri.contains("?")
                    ? Stream.of(uri.substring(uri.indexOf('?') + 1).split("&"))
                            .map(option -> option.split("=", 2)[0])
                            .filter(option -> option.matches("[\\w.-]+"))
                    : Stream.of();
            inUri.forEach(option -> option(place, option, scheme, options.get(), where, findings));
            parameters.forEach((option, value) -> option(
                    new Place(
                            place.file(),
                            value.getStartMark().map(mark -> mark.getLine() + 1).orElse(place.line())),
                    option,
                    scheme,
                    options.get(),
                    where,
                    findings));
        }
    }

    private boolean isThere(String scheme) {
        try {
            return context.getComponent(scheme, true, false) != null;
        } catch (LinkageError e) { // its own jar is there, and one that it needs is not
            return false;
        }
    }

    private static void option(
            Place place,
            String option,
            String scheme,
            EndpointUriFactory options,
            String where,
            Collection<RouteFinding> findings) {
        Set<String> known = new TreeSet<>(options.propertyNames());
        boolean isKnown = known.contains(option)
                || COMMON.contains(option)
                || options.multiValuePrefixes().values().stream().anyMatch(option::startsWith);
        if (!isKnown && options.isLenientProperties()) {
            Spelling.closest(option, known)
                    .ifPresent(close -> findings.add(RouteFinding.warning(
                            place,
                            "found the option " + option + " of " + scheme + ":" + where + ", expected " + close
                                    + "; it goes into the address as it is")));
        } else if (!isKnown) {
            findings.add(RouteFinding.error(
                    place,
                    "found the option " + option + " of " + scheme + ":" + where + ", expected "
                            + Spelling.expected(option, known)));
        }
    }

    /** Nothing for a component that does not list its options; Camel tells when the route is loaded. */
    private Optional<EndpointUriFactory> options(String scheme) {
        String type = components.get(scheme);
        if (type == null) {
            return factory(scheme);
        }
        // A component that has another name as a bean: its own name is at its class, or in its class's
        Class<?> declared = context.getClassResolver().resolveClass(type);
        Component annotation = declared == null ? null : declared.getAnnotation(Component.class);
        if (annotation != null) {
            return factory(annotation.value().split(",")[0]);
        }
        String own = type.substring(type.lastIndexOf('.') + 1).replaceAll("Component$", "");
        return factory(own.toLowerCase(Locale.ROOT))
                .or(() -> factory(own.replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT)));
    }

    private Optional<EndpointUriFactory> factory(String scheme) {
        EndpointUriFactory factory = context.getCamelContextExtension().getEndpointUriFactory(scheme);
        return factory == null || !factory.isEnabled(scheme) ? Optional.empty() : Optional.of(factory);
    }
}
