package dev.agentcall.routes;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.camel.CamelContext;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.builder.RouteBuilderLifecycleStrategy;
import org.apache.camel.model.CatchDefinition;
import org.apache.camel.model.ChoiceDefinition;
import org.apache.camel.model.EndpointRequiredDefinition;
import org.apache.camel.model.ExpressionNode;
import org.apache.camel.model.Model;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.ToDynamicDefinition;
import org.apache.camel.model.WhenDefinition;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;

/**
 * Routes as a Mermaid flowchart, out of Camel's model of them: a box for each, where its messages come from, whom it
 * calls, what a choice depends on, and where messages go. Other steps are left out, beans too; routes that lead nowhere
 * else are one box together.
 */
public final class Flowchart {

    private static final int LONGEST_PREDICATE = 48;
    private static final int LONGEST_ADDRESS = 100;
    private static final Set<String> ADDRESSING =
            Set.of("recipientList", "routingSlip", "dynamicRouter", "enrich", "pollEnrich", "poll");

    private final Map<String, String> nodes = new LinkedHashMap<>();
    private final Set<Edge> edges = new LinkedHashSet<>();
    private final Set<String> routes = new LinkedHashSet<>();
    private final Set<String> off = new HashSet<>();
    /** Name of a direct endpoint to the id of its route. */
    private final Map<String, String> served = new HashMap<>();

    private record Edge(String from, String arrow, String to) {}

    private Flowchart() {}

    /**
     * The flowchart's text. No bean is made and no endpoint.
     *
     * @param context takes the routes into its model; is not started
     */
    public static String of(CamelContext context, Collection<RouteFile> files) throws Exception {
        Flowchart chart = new Flowchart();
        List<RouteDefinition> routes = chart.load(context, files);
        routes.forEach(route -> direct(address(route, route.getInput().getEndpointUri()))
                .ifPresent(name -> chart.served.put(name, route.getRouteId())));
        routes.forEach(chart::route);
        chart.alone();
        return chart.text();
    }

    private List<RouteDefinition> load(CamelContext context, Collection<RouteFile> files) throws Exception {
        List<Resource> resources = new ArrayList<>();
        for (RouteFile file : files) {
            String routes = Parts.of(file).only(false, Set.of("beans"));
            resources.add(ResourceHelper.fromBytes("file:" + file.name(), routes.getBytes(StandardCharsets.UTF_8)));
        }
        Collection<RoutesBuilder> builders =
                PluginHelper.getRoutesLoader(context).findRoutesBuilders(resources);
        for (RoutesBuilder builder : builders) {
            ((RouteBuilder) builder).addLifecycleInterceptor(new RouteBuilderLifecycleStrategy() {
                @Override
                public void afterConfigure(RouteBuilder configured) {
                    configured.getRouteCollection().getRoutes().forEach(route -> keep(context, route));
                }
            });
            context.addRoutes(builder);
        }
        for (RoutesBuilder builder : builders) {
            context.addTemplatedRoutes(builder);
        }
        return context.getCamelContextExtension().getContextPlugin(Model.class).getRouteDefinitions();
    }

    /** A route that is switched off is shown too. */
    private void keep(CamelContext context, RouteDefinition route) {
        try {
            if (route.getPrecondition() != null && !Precondition.holds(context, route.getPrecondition())) {
                off.add(route.getRouteId());
            }
        } catch (Exception e) {
            off.add(route.getRouteId()); // a value is missing that it needs
        }
        route.setPrecondition(null);
    }

    private void route(RouteDefinition route) {
        String id = id(route.getRouteId());
        boolean isOff = off.contains(route.getRouteId());
        routes.add(id);
        nodes.put(id, "[\"" + escaped(route.getRouteId(), LONGEST_ADDRESS) + (isOff ? "<br>(off)\"]:::off" : "\"]"));
        String from = address(route, route.getInput().getEndpointUri());
        if (direct(from).isEmpty()) {
            edge(source(from), "", id, false);
        }
        steps(route, route.getOutputs(), id, "", false);
    }

    /** From what stands before them, under a condition, and after a failure or not. */
    private void steps(
            RouteDefinition route, List<ProcessorDefinition<?>> steps, String from, String when, boolean failed) {
        for (ProcessorDefinition<?> step : steps) {
            if (step instanceof ChoiceDefinition choice) {
                choice(route, choice, from, when, failed);
            } else if (step instanceof EndpointRequiredDefinition endpoint) {
                edge(from, when, target(address(route, endpoint.getEndpointUri())), failed);
            } else if (step instanceof ToDynamicDefinition endpoint) {
                edge(from, when, target(address(route, endpoint.getUri())), failed);
            } else if (step instanceof ExpressionNode addressing && ADDRESSING.contains(step.getShortName())) {
                edge(
                        from,
                        when,
                        target(address(route, addressing.getExpression().getExpression())),
                        failed);
            } else {
                steps(route, step.getOutputs(), from, when, failed || step instanceof CatchDefinition);
            }
        }
    }

    private void choice(RouteDefinition route, ChoiceDefinition choice, String from, String when, boolean failed) {
        List<WhenDefinition> branches = choice.getWhenClauses();
        boolean yesOrNo = branches.size() == 1;
        long asked = nodes.keySet().stream()
                .filter(node -> node.startsWith(from + "__"))
                .count();
        String question = from + "__" + (1 + asked);
        Edge asking = edge(from, when, question, failed);
        int before = edges.size();
        nodes.put(question, yesOrNo ? "{\"" + predicate(branches.get(0)) + "\"}" : "{\"which?\"}");
        for (WhenDefinition branch : branches) {
            steps(route, branch.getOutputs(), question, yesOrNo ? "yes" : predicate(branch), failed);
        }
        if (choice.getOtherwise() != null) {
            steps(route, choice.getOtherwise().getOutputs(), question, yesOrNo ? "no" : "otherwise", failed);
        }
        if (edges.size() == before) {
            nodes.remove(question); // it leads nowhere else
            edges.remove(asking);
        }
    }

    /** Routes that nobody calls and that call nobody: what comes to them they answer by themselves. */
    private void alone() {
        Set<String> calling = new HashSet<>();
        Set<String> called = new HashSet<>();
        for (Edge edge : edges) {
            calling.add(edge.from());
            if (!edge.from().startsWith("from_")) {
                called.add(edge.to());
            }
        }
        List<String> names = new ArrayList<>();
        for (String route : routes) {
            if (!calling.contains(route) && !called.contains(route)) {
                names.add(nodes.remove(route).replaceFirst("^\\[\"", "").replaceFirst("\"].*$", ""));
                edges.removeIf(edge -> edge.to().equals(route));
            }
        }
        nodes.keySet()
                .removeIf(node -> node.startsWith("from_")
                        && edges.stream().noneMatch(edge -> edge.from().equals(node)));
        if (!names.isEmpty()) {
            nodes.put("alone", "[\"" + String.join("<br>", names) + "\"]");
        }
    }

    private static String predicate(WhenDefinition branch) {
        return escaped(branch.getExpression().getExpression(), LONGEST_PREDICATE);
    }

    private Edge edge(String from, String label, String to, boolean failed) {
        String arrow = failed ? "-.->" : "-->";
        Edge edge = new Edge(from, arrow + (label.isEmpty() ? "" : "|\"" + label + "\"|"), to);
        if (!to.isEmpty()) {
            edges.add(edge);
        }
        return edge;
    }

    private String source(String address) {
        String id = "from_" + id(address);
        nodes.put(id, "[/\"" + escaped(address, LONGEST_ADDRESS) + "\"/]");
        return id;
    }

    private String target(String address) {
        Optional<String> route = direct(address).map(served::get);
        if (route.isPresent()) {
            return id(route.get());
        }
        if (address.startsWith("bean:")) {
            return "";
        }
        String id = "to_" + id(address);
        nodes.put(id, "([\"" + escaped(address, LONGEST_ADDRESS) + "\"])");
        return id;
    }

    /** Without options, and with the values that a template got. */
    private static String address(RouteDefinition route, String uri) {
        String address = uri.replaceFirst("\\?.*$", "")
                .replaceFirst("^(\\w+)://", "$1:")
                .replace("%7B", "{")
                .replace("%7D", "}");
        if (route.getTemplateParameters() != null) {
            for (Map.Entry<String, Object> parameter :
                    route.getTemplateParameters().entrySet()) {
                address = address.replace("{{" + parameter.getKey() + "}}", String.valueOf(parameter.getValue()));
            }
        }
        return address;
    }

    private static Optional<String> direct(String address) {
        return address.startsWith("direct:") ? Optional.of(address.substring("direct:".length())) : Optional.empty();
    }

    private static String id(String text) {
        return text.replaceAll("[^A-Za-z0-9]+", "_").replaceAll("^_|_$", "") + (text.matches("(?i).*end") ? "_" : "");
    }

    private static String escaped(String text, int longest) {
        String line = text.replaceAll("\\s+", " ").strip();
        String shown = line.length() > longest ? line.substring(0, longest) + "…" : line;
        return shown.replace("#", "#35;")
                .replace("\"", "#quot;")
                .replace("<", "#lt;")
                .replace(">", "#gt;")
                .replace("`", "#96;");
    }

    private String text() {
        StringBuilder text = new StringBuilder("flowchart TD\n");
        nodes.forEach(
                (id, shape) -> text.append("    ").append(id).append(shape).append('\n'));
        edges.forEach(edge -> text.append("    ")
                .append(String.join(" ", edge.from(), edge.arrow(), edge.to()))
                .append('\n'));
        if (nodes.values().stream().anyMatch(shape -> shape.endsWith(":::off"))) {
            text.append("    classDef off stroke-dasharray: 4 4\n");
        }
        return text.toString();
    }
}
