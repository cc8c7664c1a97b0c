package dev.agentcall.routes;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Looks into the nodes of a YAML text, as Camel does: each knows the line where it stands. */
final class Yaml {

    private Yaml() {}

    /** What a mapping holds, in its order; nothing for any other node. Of a key that is there twice the last counts. */
    static Map<String, Node> entries(Node node) {
        Map<String, Node> entries = new LinkedHashMap<>();
        if (node instanceof MappingNode mapping) {
            for (NodeTuple entry : mapping.getValue()) {
                entries.put(key(entry), entry.getValueNode());
            }
        }
        return entries;
    }

    static String key(NodeTuple entry) {
        return entry.getKeyNode() instanceof ScalarNode key ? key.getValue() : "?";
    }

    /** What a list holds; nothing for any other node. */
    static List<Node> items(Node node) {
        return node instanceof SequenceNode sequence ? sequence.getValue() : List.of();
    }

    /** The text of a scalar: there is none in a mapping, a list, or nothing. */
    static Optional<String> text(Node node) {
        return node instanceof ScalarNode scalar && !isNothing(node)
                ? Optional.of(scalar.getValue())
                : Optional.empty();
    }

    /** The text under this key of a mapping. */
    static Optional<String> text(Node node, String key) {
        return text(entries(node).get(key));
    }

    static boolean isNothing(Node node) {
        return node instanceof ScalarNode && node.getTag().equals(Tag.NULL);
    }

    /** What a node is, for people. */
    static String describe(Node node) {
        if (node instanceof MappingNode) {
            return "a mapping (" + String.join(", ", entries(node).keySet()) + ")";
        }
        if (node instanceof SequenceNode) {
            return "a list";
        }
        return isNothing(node) ? "nothing" : '"' + shortened(text(node).orElse("")) + '"';
    }

    private static String shortened(String text) {
        String line = text.replaceAll("\\s+", " ");
        return line.length() > 60 ? line.substring(0, 60) + "…" : line;
    }
}
