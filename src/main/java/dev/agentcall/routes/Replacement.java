package dev.agentcall.routes;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.model.Model;
import org.apache.camel.model.RouteConfigurationDefinition;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.apache.camel.support.service.ServiceHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a file's routes in the place of those that run.
 *
 * <p>Nobody is let into the old ones any more; who comes waits. What is in them comes to its end, however long that
 * takes. Only then they are taken out and the new ones put in, and who waited goes on there.
 */
final class Replacement {

    private static final Logger LOG = LoggerFactory.getLogger(Replacement.class);
    private static final Duration LOOK = Duration.ofMillis(50);
    private static final Duration QUIET = Duration.ofSeconds(2);

    private final CamelContext context;
    private final Model model;
    private final Consumer<Set<String>> replaced;
    private final BooleanSupplier interrupted;
    private volatile boolean givenUp;

    /** What became of it. What is not replaced goes on as before. */
    enum Result {
        REPLACED,
        /** Camel would not have the new one. */
        REFUSED,
        /** Nor the old one any more, because what it is made of is not what it was. */
        LOST,
        /** There was something else to do, while it waited for what is in the old one. */
        INTERRUPTED
    }

    /**
     * For the routes of a context.
     *
     * @param replaced is told the ids of routes that were taken out when those in their place run
     * @param interrupted true if who waits for long is to do something else first
     */
    Replacement(CamelContext context, Consumer<Set<String>> replaced, BooleanSupplier interrupted) {
        this.interrupted = interrupted;
        this.replaced = replaced;
        this.context = context;
        this.model = context.getCamelContextExtension().getContextPlugin(Model.class);
    }

    /**
     * Replaces what runs of a file.
     *
     * @param before null for a new file
     * @param after null for one that is gone
     */
    Result replace(RouteFile before, RouteFile after) throws Exception {
        Parts old = Parts.of(before);
        Parts young = Parts.of(after);
        RouteFile file = after == null ? before : after;
        if (!old.only(false, Parts.ROUTES).equals(young.only(false, Parts.ROUTES))) {
            LOG.warn("{}: beans, and whatever is no route, are taken over by a restart only", file.name());
        }
        if (old.only(true, Parts.ROUTES).equals(young.only(true, Parts.ROUTES))
                && old.material().isEmpty()
                && old.madeOf().isEmpty()) {
            return Result.REPLACED;
        }
        List<Route> routes = routes(old, file.name());
        List<Entrance> entrances = entrances(routes);
        try {
            close(entrances, routes);
            for (Route route : routes) {
                suspend(route);
            }
            if (!awaitEmpty(routes, entrances, file.name())) {
                for (Route route : routes) {
                    ServiceHelper.resumeService(route.getConsumer());
                }
                return Result.INTERRUPTED;
            }
            remove(routes, old);
            try {
                load(young);
                replaced.accept(routes.stream().map(Route::getRouteId).collect(Collectors.toSet()));
                LOG.info("{} {}", file.name(), after == null ? "is gone, and its routes are stopped" : "is reloaded");
                return Result.REPLACED;
            } catch (Exception | LinkageError e) {
                LOG.error("{}: {}; what ran before goes on", file.name(), reason(e));
                remove(routes(young, file.name()), young);
                return putBack(old, file.name());
            }
        } finally {
            entrances.forEach(Entrance::open);
        }
    }

    private Result putBack(Parts old, String file) throws Exception {
        try {
            load(old);
            return Result.REFUSED;
        } catch (Exception | LinkageError e) {
            remove(routes(old, file), old);
            return Result.LOST;
        }
    }

    private static String reason(Throwable e) {
        if (e instanceof LinkageError missing) {
            return MissingClass.describe(missing);
        }
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = String.valueOf(root.getMessage());
        return message.equals(e.getMessage()) ? message : e.getMessage() + ", because " + message;
    }

    /** Those of the file; a route without an id is known by the file it is from. */
    private List<Route> routes(Parts parts, String file) {
        Set<String> ids = new LinkedHashSet<>(parts.routeIds());
        for (RouteDefinition definition : model.getRouteDefinitions()) {
            if (!definition.isCreatedFromTemplate()
                    && definition.getResource() != null
                    && definition.getResource().getLocation().endsWith(file)) {
                ids.add(definition.getRouteId());
            }
        }
        return new ArrayList<>(context.getRoutes().stream()
                .filter(route -> ids.contains(route.getRouteId()))
                .toList());
    }

    private static List<Entrance> entrances(List<Route> routes) {
        List<Entrance> entrances = new ArrayList<>();
        for (Route route : routes) {
            if (route.getEndpoint().getComponent() instanceof EnterableDirectComponent direct) {
                entrances.add(direct.entrance(EnterableDirectComponent.name(route.getEndpoint())));
            }
        }
        return entrances;
    }

    /** Lets nobody in any more but those who are in one of these routes and have to go through another to come out. */
    private static void close(List<Entrance> entrances, List<Route> routes) {
        Set<String> ids = routes.stream().map(Route::getRouteId).collect(Collectors.toSet());
        for (Entrance entrance : entrances) {
            entrance.close(
                    exchange -> ids.contains(exchange.getFromRouteId()) || Entrance.isInside(exchange, entrances));
        }
    }

    private static void suspend(Route route) {
        boolean entered = route.getEndpoint().getComponent() instanceof EnterableDirectComponent;
        if (!entered && !ServiceHelper.suspendService(route.getConsumer())) {
            ServiceHelper.stopService(route.getConsumer());
        }
    }

    /**
     * Whoever is inside may wait for something that one of those before the door has, a permit for one. So the door is
     * closed for a while, then open for as long, then closed for twice as long.
     */
    private boolean awaitEmpty(List<Route> routes, List<Entrance> entrances, String file) throws InterruptedException {
        boolean told = false;
        for (Duration window = QUIET; true; window = window.multipliedBy(2)) {
            for (long end = System.nanoTime() + window.toNanos(); System.nanoTime() < end; ) {
                if (isOver(told)) {
                    return false;
                }
                if (isEmpty(routes, entrances, LOOK)) {
                    entrances.forEach(entrance -> entrance.close(exchange -> false));
                    if (isEmpty(routes, entrances, Duration.ZERO)) { // nobody has slipped in
                        return true;
                    }
                    close(entrances, routes);
                }
                if (entrances.isEmpty()) {
                    Thread.sleep(LOOK.toMillis());
                }
            }
            if (!told) {
                LOG.info("{} takes over when what is in the old route has come to its end", file);
                told = true;
            }
            if (!entrances.isEmpty()) {
                entrances.forEach(Entrance::open);
                for (long end = System.nanoTime() + window.toNanos(); System.nanoTime() < end && !isOver(true); ) {
                    Thread.sleep(LOOK.toMillis());
                }
                close(entrances, routes);
            }
        }
    }

    private boolean isOver(boolean told) {
        return givenUp || told && interrupted.getAsBoolean();
    }

    private boolean isEmpty(List<Route> routes, List<Entrance> entrances, Duration patience)
            throws InterruptedException {
        int inside = 0;
        for (Entrance entrance : entrances) {
            inside += entrance.awaitEmpty(patience);
        }
        for (Route route : routes) {
            inside += context.getInflightRepository().size(route.getRouteId());
        }
        return inside == 0;
    }

    /** Waits for nothing any more; what would be replaced goes on as it is. */
    void giveUp() {
        givenUp = true;
    }

    private void remove(List<Route> routes, Parts parts) throws Exception {
        for (Route route : routes) {
            context.getRouteController().stopRoute(route.getRouteId());
            context.removeRoute(route.getRouteId());
        }
        // Those that a precondition keeps off are in the model only
        for (String id : parts.routeIds()) {
            RouteDefinition definition = model.getRouteDefinition(id);
            if (definition != null) {
                model.removeRouteDefinition(definition);
            }
        }
        for (String id : parts.material()) {
            model.removeRouteTemplateDefinitions(id);
            RouteConfigurationDefinition configuration = model.getRouteConfigurationDefinition(id);
            if (configuration != null) {
                model.removeRouteConfiguration(configuration);
            }
        }
    }

    private void load(Parts parts) throws Exception {
        if (parts.file() == null) {
            return;
        }
        String location = "file:" + parts.file().name();
        byte[] text = parts.only(true, Parts.ROUTES).getBytes(StandardCharsets.UTF_8);
        PluginHelper.getRoutesLoader(context).loadRoutes(ResourceHelper.fromBytes(location, text));
        for (Route route : routes(parts, parts.file().name())) {
            if (!"false".equals(model.getRouteDefinition(route.getRouteId()).getAutoStartup())) {
                context.getRouteController().startRoute(route.getRouteId());
            }
        }
    }
}
