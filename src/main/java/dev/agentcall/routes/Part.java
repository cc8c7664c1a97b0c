package dev.agentcall.routes;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.apache.camel.CamelContext;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.language.simple.types.SimpleIllegalSyntaxException;
import org.snakeyaml.engine.v2.nodes.Node;

/** One thing in a file, a route or beans for one, read for what it names. */
final class Part {

    private static final Pattern DIRECT = Pattern.compile("direct:(?://)?([^\\s?,&'\"]+)");
    private static final Pattern BEAN_IN_TEXT = Pattern.compile("\\$\\{bean:(?!type:)([\\w.-]+)");
    /** A reference; not #class:, #type: and the like. */
    private static final Pattern REFERENCE = Pattern.compile("#(?:bean:)?([A-Za-z_][\\w.-]*)");
    /** Keys whose value is for people. */
    private static final Set<String> REMARKS = Set.of("description", "note");
    /** Keys whose value is text of any kind. */
    private static final Set<String> TEXTS = Set.of("expression", "constant", "simple", "message", "value", "name");
    /** Keys whose value is an endpoint's address, where it is no mapping. */
    private static final Set<String> ADDRESSES = Set.of("to", "toD", "from", "poll", "wireTap", "deadLetterUri");
    /** Components that let no two routes have the same endpoint. */
    private static final Set<String> POLLED = Set.of("file", "ftp", "ftps", "sftp");
    /** Steps whose expression gives addresses. */
    private static final Set<String> ADDRESSING =
            Set.of("recipientList", "routingSlip", "dynamicRouter", "enrich", "pollEnrich");

    /** A regular expression that stands in Simple as it is; Camel reads it when the first message comes. */
    private static final Pattern REGEX = Pattern.compile("\\bregex\\s+(['\"])((?:(?!\\1)[^$])*)\\1");

    /** Which of a folder's files are taken. */
    private static final Set<String> SELECTING =
            Set.of("fileName", "include", "exclude", "includeExt", "excludeExt", "antInclude", "antExclude");

    private final String file;
    private final String kind;
    private final Node root;
    private final Placeholders placeholders;
    private final String where;
    /** Where the route of a template stands that this is; null if it is none. */
    private final Place madeBy;

    private final CamelContext context;
    private final Names names;
    private final Endpoints endpoints;
    private final Collection<RouteFinding> findings;
    private boolean off;

    /** A part as it stands in a file. */
    Part(
            String file,
            String kind,
            Node root,
            CamelContext context,
            Names names,
            Endpoints endpoints,
            Collection<RouteFinding> findings) {
        this(new Templates.Made(kind, file, root, Map.of(), null), context, names, endpoints, findings);
    }

    /** A part that a template makes; its line is in the template, but for what comes of its parameters. */
    Part(
            Templates.Made made,
            CamelContext context,
            Names names,
            Endpoints endpoints,
            Collection<RouteFinding> findings) {
        this.file = made.file();
        this.kind = made.kind();
        this.root = made.node();
        this.madeBy = made.by();
        this.placeholders = new Placeholders(context, made.parameters());
        this.where = Yaml.text(root, "id").map(id -> " in the route " + id).orElse("");
        this.context = context;
        this.names = names;
        this.endpoints = endpoints;
        this.findings = findings;
    }

    /** Tells what it has and names. */
    void read() {
        if (kind.equals("route") || kind.equals("from")) {
            off = Yaml.text(root, "precondition").map(this::isOff).orElse(false);
            Node from = kind.equals("from") ? root : Yaml.entries(root).get("from");
            direct(address(from)).ifPresent(name -> names.serve(placeOfValue(from), name));
            if (!off) {
                polled(from);
            }
        }
        if (kind.equals("rest")) {
            findings.add(RouteFinding.warning(
                    place(root),
                    "found rest:, expected a route from agentcall-servlet:/path, as routes/receive-rest-*.yaml are: without a"
                            + " component of yours for it nothing serves this"));
        }
        visit(kind, root, "");
    }

    /** What has a placeholder in it is the matter of the route that gives the parameter. */
    private Place placeOfValue(Node node) {
        return madeBy != null ? madeBy : place(node);
    }

    private void polled(Node from) {
        String address = address(from);
        if (POLLED.contains(address.split(":", 2)[0])) {
            Map<String, String> options = new TreeMap<>();
            Yaml.entries(Yaml.entries(from).get("parameters"))
                    .forEach((key, value) -> options.put(
                            key, placeholders.resolve(Yaml.text(value).orElse(""))));
            String[] parts = address.split("[?]", 2);
            for (String option : parts.length == 1 ? new String[0] : parts[1].split("&")) {
                options.put(option.split("=", 2)[0], option.replaceFirst("^[^=]*=?", ""));
            }
            String folder = parts[0].contains(":") ? parts[0] : parts[0] + ":" + options.get("directoryName");
            options.keySet().retainAll(SELECTING);
            names.poll(placeOfValue(from), folder.replaceFirst("^([^:]+:)/+(?=/)", "$1"), options, folder);
        }
    }

    private boolean isOff(String precondition) {
        try {
            return !Precondition.holds(context, precondition);
        } catch (SimpleIllegalSyntaxException e) {
            syntax(Yaml.entries(root).get("precondition"), e);
        } catch (Exception e) {
            // Camel tells
        }
        return false;
    }

    /** A Simple expression that Camel cannot read; of a predicate no more than the expressions in it are looked at here. */
    private void simple(Node node, String text) {
        String resolved = placeholders.resolve(text);
        if (resolved.contains("{{")) {
            return;
        }
        REGEX.matcher(resolved).results().forEach(regex -> {
            try {
                Pattern.compile(regex.group(2));
            } catch (PatternSyntaxException e) {
                findings.add(RouteFinding.error(
                        place(node),
                        "found the regular expression " + regex.group(2) + where + ", expected one that Java can read: "
                                + e.getDescription() + ", character " + (e.getIndex() + 1)));
            }
        });
        try {
            context.resolveLanguage("simple").createExpression(resolved);
        } catch (SimpleIllegalSyntaxException e) {
            syntax(node, e);
        } catch (RuntimeCamelException e) {
            // not of its syntax: Camel tells
        }
    }

    private void syntax(Node node, SimpleIllegalSyntaxException e) {
        boolean given = madeBy != null && Yaml.text(node).orElse("").contains("{{");
        findings.add(RouteFinding.error(
                given ? madeBy : place(node),
                "found " + e.getExpression().strip() + where + ", expected Simple: "
                        + e.getMessage().lines().findFirst().orElse("")));
    }

    private Place place(Node node) {
        return Place.of(file, node);
    }

    /**
     * Reads a node and all below it.
     *
     * @param key under which it stands
     * @param above the key above that; below an addressing step that step's
     */
    private void visit(String key, Node node, String above) {
        if (REMARKS.contains(key)) {
            return;
        }
        Map<String, Node> entries = Yaml.entries(node);
        if (entries.containsKey("uri")
                || ADDRESSES.contains(key) && Yaml.text(node).isPresent()) {
            endpoint(key, node, entries);
        }
        Yaml.text(node).ifPresent(text -> text(key, node, text, above));
        boolean addresses = ADDRESSING.contains(above) && !ADDRESSING.contains(key);
        entries.forEach((name, value) -> visit(name, value, addresses ? above : key));
        Yaml.items(node).forEach(item -> visit(key, item, key.equals("steps") ? "" : above));
    }

    /** The address of an endpoint: a text, or uri and parameters. */
    private String address(Node node) {
        String uri = placeholders.resolve(
                Yaml.text(node).or(() -> Yaml.text(node, "uri")).orElse(""));
        Optional<String> name = Yaml.text(Yaml.entries(node).get("parameters"), "name");
        return uri.equals("direct") && name.isPresent() ? "direct:" + placeholders.resolve(name.get()) : uri;
    }

    private static Optional<String> direct(String address) {
        Matcher matcher = DIRECT.matcher(address);
        return matcher.lookingAt() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    private static boolean isDynamic(String text) {
        return text.contains("${") || text.contains("$simple{") || text.contains("{{");
    }

    private void endpoint(String key, Node node, Map<String, Node> entries) {
        String address = address(node);
        if (!key.equals("from")) {
            call(place(node), address, where);
        }
        Map<String, Node> parameters = Yaml.entries(entries.get("parameters"));
        if (!isDynamic(address)) {
            endpoints.check(place(entries.getOrDefault("uri", node)), address, parameters, where, findings);
        }
        if (address.equals("bean")) {
            Yaml.text(parameters.get("beanName")).ifPresent(bean -> reference(parameters.get("beanName"), bean));
        } else if (address.startsWith("bean:")) {
            reference(node, address.substring("bean:".length()).split("\\?", 2)[0]);
        }
    }

    private void call(Place place, String address, String origin) {
        direct(address).ifPresent(name -> {
            if (isDynamic(name)) {
                names.callAny();
            } else {
                names.call(place, name, origin);
            }
        });
    }

    private void text(String key, Node node, String text, String above) {
        if (!off) {
            placeholders
                    .missing(text)
                    .forEach(missing -> findings.add(RouteFinding.error(
                            place(node),
                            "found {{" + missing + "}}" + where
                                    + ", expected a key that has a value in config/application.properties")));
        }
        String resolved = placeholders.resolve(text);
        if (!key.equals("from") && !above.equals("from")) {
            DIRECT.matcher(resolved).results().forEach(direct -> names.mention(direct.group(1)));
        }
        if (kind.equals("beans") || ADDRESSING.contains(above) && !isDynamic(resolved)) {
            for (String word : resolved.split("[\\s,]+")) {
                boolean isOutOfASetting = text.contains("{{") && !text.contains(word);
                call(place(node), word, isOutOfASetting ? where + " in " + text : where);
            }
        }
        if (key.equals("simple") || key.equals("expression") && above.equals("simple")) {
            simple(node, text);
        }
        if (key.equals("ref") || key.equals("expression") && above.equals("ref")) {
            reference(node, text);
        } else if (key.equals("routeConfigurationId")) {
            for (String id : text.split("\\s*,\\s*")) {
                if (id.matches("[\\w.-]+")) { // else a pattern
                    names.configured(place(node), id, where);
                }
            }
        } else if (!TEXTS.contains(key) && REFERENCE.matcher(text).matches()) {
            reference(node, text);
        }
        BEAN_IN_TEXT.matcher(text).results().map(bean -> bean.group(1)).forEach(bean -> {
            boolean isClass = context.getClassResolver().resolveClass(bean) != null;
            reference(node, isClass ? bean : bean.split("[.]", 2)[0]);
        });
    }

    private void reference(Node node, String bean) {
        String name = placeholders.resolve(bean);
        if (!isDynamic(name) && !name.isEmpty()) {
            names.reference(place(node), name.replaceFirst("^#(bean:)?", ""), where);
        }
    }
}
