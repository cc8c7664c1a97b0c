package dev.agentcall.routes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Camel's YAML DSL, by the JSON schema that camel-yaml-dsl brings along. Knows as much of JSON Schema as that file uses.
 *
 * <p>Where the schema has alternatives, what is told is about the one that was meant: a general validator tells of all.
 * A scalar of another type than the schema's, such as {@code "true"} for {@code true}, is what Camel takes as well, and
 * only a warning.
 */
public final class YamlDsl {

    private final String name;
    private final JsonNode schema;

    private YamlDsl(String name) {
        this.name = name;
        try (InputStream in = YamlDsl.class.getResourceAsStream("/schema/" + name)) {
            schema = new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new IllegalStateException("schema/" + name + " of camel-yaml-dsl cannot be read", e);
        }
    }

    /** All that Camel takes. */
    public static YamlDsl full() {
        return new YamlDsl("camelYamlDsl.json");
    }

    /** Without shorthand: what visual editors write. */
    public static YamlDsl canonical() {
        return new YamlDsl("camelYamlDsl-canonical.json");
    }

    /** What is wrong in the file, in the order of its lines as far as that goes. */
    public List<RouteFinding> check(RouteFile file) {
        List<RouteFinding> findings = new ArrayList<>();
        file.parse(findings)
                .ifPresent(root -> findings.addAll(new LinkedHashSet<>(new Check(file.name()).of(schema, root, 0))));
        return findings;
    }

    @Override
    public String toString() {
        return name;
    }

    /** Of one file. */
    private final class Check {

        private final String file;
        /** How deep the last errors of each call lie, to tell which alternative was meant. */
        private int deepest;

        private Check(String file) {
            this.file = file;
        }

        private List<RouteFinding> of(JsonNode rule, Node node, int depth) {
            List<RouteFinding> findings = new ArrayList<>();
            if (rule.has("$ref")) {
                String reference = rule.path("$ref").asText();
                findings.addAll(of(schema.at(reference.substring(reference.indexOf('/'))), node, depth));
            }
            if (rule.has("type") && !type(rule, node, depth, findings)) {
                return findings;
            }
            if (rule.has("enum")) {
                oneOfTheWords(rule, node, depth, findings);
            }
            if (node instanceof MappingNode mapping) {
                mapping(rule, mapping, depth, findings);
            }
            if (node instanceof SequenceNode sequence && rule.has("items")) {
                sequence.getValue().forEach(item -> findings.addAll(of(rule.path("items"), item, depth + 1)));
            }
            if (rule.has("not") && errors(of(rule.path("not"), node, depth)).isEmpty()) {
                error(node, depth, findings, "found " + Yaml.describe(node) + ", expected none of it");
            }
            alternatives(rule.path("anyOf"), node, depth, false, findings);
            alternatives(rule.path("oneOf"), node, depth, true, findings);
            return findings;
        }

        private void error(Node node, int depth, List<RouteFinding> findings, String text) {
            deepest = Math.max(deepest, depth);
            findings.add(RouteFinding.error(Place.of(file, node), text));
        }

        private boolean type(JsonNode rule, Node node, int depth, List<RouteFinding> findings) {
            String type = rule.path("type").asText();
            boolean fits =
                    switch (type) {
                        case "object" -> node instanceof MappingNode;
                        case "array" -> node instanceof SequenceNode;
                        default -> node instanceof ScalarNode && !Yaml.isNothing(node);
                    };
            if (!fits) {
                error(node, depth, findings, "found " + Yaml.describe(node) + ", expected " + expected(rule, type));
            } else if (node instanceof ScalarNode scalar && !hasType(scalar, type)) {
                String text = "found " + Yaml.describe(node) + ", expected " + expected(rule, type);
                if (type.equals("string")) {
                    findings.add(RouteFinding.warning(Place.of(file, node), text + ", in quotes"));
                } else if (scalar.getValue().contains("{{") || isWritten(scalar.getValue(), type)) {
                    findings.add(RouteFinding.warning(Place.of(file, node), text));
                } else {
                    error(node, depth, findings, text);
                }
            }
            return fits;
        }

        private String expected(JsonNode rule, String type) {
            return switch (type) {
                case "object" -> {
                    Set<String> keys = keys(rule);
                    yield keys.isEmpty() ? "a mapping" : "a mapping with " + some(keys);
                }
                case "array" -> "a list";
                case "string" -> "a text";
                case "boolean" -> "true or false";
                default -> "a number";
            };
        }

        private static boolean hasType(ScalarNode scalar, String type) {
            Tag tag = scalar.getTag();
            return switch (type) {
                case "boolean" -> tag.equals(Tag.BOOL);
                case "number" -> tag.equals(Tag.INT) || tag.equals(Tag.FLOAT);
                // The other is what the parser makes of ${body}, which Camel takes for the text that it is.
                default -> tag.equals(Tag.STR) || tag.equals(Tag.ENV_TAG);
            };
        }

        private static boolean isWritten(String text, String type) {
            return type.equals("boolean")
                    ? text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")
                    : text.matches("[+-]?[0-9]+([.][0-9]+)?");
        }

        private void oneOfTheWords(JsonNode rule, Node node, int depth, List<RouteFinding> findings) {
            Set<String> words = new TreeSet<>();
            rule.path("enum").forEach(word -> words.add(word.asText()));
            String found = Yaml.text(node).orElse("");
            if (words.stream().noneMatch(found::equalsIgnoreCase) && !found.contains("{{")) {
                error(
                        node,
                        depth,
                        findings,
                        "found " + Yaml.describe(node) + ", expected " + Spelling.expected(found, words));
            }
        }

        private void mapping(JsonNode rule, MappingNode mapping, int depth, List<RouteFinding> findings) {
            JsonNode properties = rule.path("properties");
            boolean closed = rule.has("additionalProperties")
                    && !rule.path("additionalProperties").asBoolean(true)
                    && !properties.isMissingNode();
            Set<String> seen = new HashSet<>();
            boolean strange = false;
            String empty = null;
            for (NodeTuple entry : mapping.getValue()) {
                String key = Yaml.key(entry);
                String before = empty;
                empty = Yaml.isNothing(entry.getValueNode()) ? key : null;
                if (!seen.add(key)) {
                    error(entry.getKeyNode(), depth, findings, "found " + key + " a second time, expected it once");
                } else if (properties.has(key)) {
                    findings.addAll(of(properties.path(key), entry.getValueNode(), depth + 1));
                } else if (closed) {
                    strange = true;
                    String expected = before == null
                            ? Spelling.expected(key, keys(rule))
                            : "it below " + before + ", indented more";
                    error(entry.getKeyNode(), depth, findings, "found " + key + ", expected " + expected);
                }
            }
            if (rule.path("maxProperties").asInt(Integer.MAX_VALUE) < seen.size() && !strange) {
                error(mapping, depth, findings, "found " + String.join(" and ", seen) + ", expected one of them");
            }
            for (JsonNode required : rule.path("required")) {
                if (!seen.contains(required.asText()) && !strange) {
                    error(mapping, depth, findings, "found no " + required.asText() + ", expected one");
                }
            }
        }

        private void alternatives(JsonNode rules, Node node, int depth, boolean onlyOne, List<RouteFinding> findings) {
            if (!rules.isArray()) {
                return;
            }
            boolean said = isOutline(findings, node);
            int before = deepest;
            List<RouteFinding> best = null;
            int bestDepth = -1;
            List<JsonNode> fitting = new ArrayList<>();
            for (JsonNode rule : rules) {
                deepest = 0;
                List<RouteFinding> found = of(rule, node, depth);
                if (errors(found).isEmpty()) {
                    fitting.add(rule);
                    findings.addAll(found);
                } else if (!rule.has("not") && deepest > bestDepth) {
                    bestDepth = deepest;
                    best = found;
                }
            }
            deepest = before;
            if (fitting.size() > 1 && onlyOne && !said) {
                error(node, depth, findings, "found " + Yaml.describe(node) + ", expected one of them");
            } else if (fitting.isEmpty() && best != null && bestDepth > depth) {
                deepest = Math.max(deepest, bestDepth);
                findings.addAll(best);
            } else if (fitting.isEmpty() && !said) {
                error(node, depth, findings, "found " + Yaml.describe(node) + ", expected " + any(rules, node));
            }
        }

        /** What any of the alternatives would take. */
        private String any(JsonNode rules, Node node) {
            if (node instanceof MappingNode) {
                Set<String> keys = new TreeSet<>();
                rules.forEach(rule -> keys.addAll(required(rule)));
                return Spelling.expected(String.join(" ", Yaml.entries(node).keySet()), keys);
            }
            Set<String> expected = new LinkedHashSet<>();
            for (JsonNode rule : rules) {
                if (rule.has("type")) {
                    expected.add(expected(rule, rule.path("type").asText()));
                }
            }
            return String.join(" or ", expected);
        }

        /** Whether it is said already that something in this very mapping is not known; alternatives say it again. */
        private boolean isOutline(List<RouteFinding> findings, Node node) {
            return node instanceof MappingNode mapping
                    && findings.stream().anyMatch(finding -> mapping.getValue().stream()
                            .anyMatch(
                                    entry -> Place.of(file, entry.getKeyNode()).line() == finding.line()));
        }

        /** The keys that alternatives ask for. */
        private Set<String> required(JsonNode rule) {
            Set<String> keys = new TreeSet<>();
            if (rule.has("$ref")) {
                String reference = rule.path("$ref").asText();
                keys.addAll(required(schema.at(reference.substring(reference.indexOf('/')))));
            }
            rule.path("required").forEach(key -> keys.add(key.asText()));
            for (String alternatives : List.of("anyOf", "oneOf")) {
                rule.path(alternatives).forEach(alternative -> keys.addAll(required(alternative)));
            }
            return keys;
        }

        private Set<String> keys(JsonNode rule) {
            Set<String> keys = new TreeSet<>();
            for (Map.Entry<String, JsonNode> property : rule.path("properties").properties()) {
                keys.add(property.getKey());
            }
            return keys.isEmpty() ? required(rule) : keys;
        }

        private static String some(Set<String> keys) {
            return keys.size() == 1 ? keys.iterator().next() : "one of " + String.join(", ", keys);
        }

        private static List<RouteFinding> errors(List<RouteFinding> findings) {
            return findings.stream().filter(RouteFinding::error).toList();
        }
    }
}
