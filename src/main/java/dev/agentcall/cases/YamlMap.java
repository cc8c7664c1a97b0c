package dev.agentcall.cases;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A mapping in a YAML file whose values know their lines, so that each fault is told with its place. Faults are collected,
 * and what stands in for a faulty value is never used.
 */
final class YamlMap {

    private final String file;
    private final String path;
    private final List<String> faults;
    private final int line;
    private final Map<String, Node> values = new LinkedHashMap<>();
    private final Map<String, Integer> lines = new LinkedHashMap<>();

    private YamlMap(String file, String path, Node node, List<String> faults) {
        this.file = file;
        this.path = path;
        this.faults = faults;
        this.line = line(node.getStartMark().orElse(null));
        if (!(node instanceof MappingNode mapping)) {
            fault(node, path, "keys and values");
            return;
        }
        for (NodeTuple entry : mapping.getValue()) {
            Node key = entry.getKeyNode();
            if (!(key instanceof ScalarNode scalar)) {
                fault(key, path, "a key that is a text");
                continue;
            }
            lines.put(scalar.getValue(), line(key));
            if (values.put(scalar.getValue(), entry.getValueNode()) != null) {
                tell(line(key), at(scalar.getValue()) + ": found it twice, expected it once");
            }
        }
    }

    /**
     * Reads a file's only document.
     *
     * @param file how the file is called in faults
     * @param faults where faults go
     * @return null if it is no YAML mapping
     */
    static YamlMap read(String file, String yaml, List<String> faults) {
        try {
            List<Node> documents = new ArrayList<>();
            new Compose(LoadSettings.builder().setLabel(file).build())
                    .composeAllFromString(yaml)
                    .forEach(documents::add);
            if (documents.size() != 1) {
                faults.add(file + ": found " + (documents.isEmpty() ? "nothing" : documents.size() + " documents")
                        + ", expected one case");
                return null;
            }
            Node root = documents.get(0);
            return root instanceof MappingNode ? new YamlMap(file, "", root, faults) : notAMap(file, root, faults);
        } catch (MarkedYamlEngineException e) {
            faults.add(file + ":" + line(e.getProblemMark().orElse(null)) + ": " + e.getProblem()
                    + ", expected YAML (quote a value with ':' or '#' in it, indent with spaces)");
        } catch (YamlEngineException e) {
            faults.add(file + ": " + e.getMessage().lines().findFirst().orElse("") + ", expected YAML");
        }
        return null;
    }

    private static YamlMap notAMap(String file, Node root, List<String> faults) {
        faults.add(file + ":" + line(root) + ": found " + shown(root) + ", expected the keys of a case");
        return null;
    }

    /** Tells every key that is not one of these. */
    YamlMap only(List<String> known) {
        lines.forEach((key, at) -> {
            if (!known.contains(key)) {
                tell(at, "unknown key '" + at(key) + "', expected one of " + String.join(", ", known));
            }
        });
        return this;
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    /** The file and the line where a key is, in the form that a fault begins with. */
    String place(String key) {
        return file + ":" + lines.getOrDefault(key, line);
    }

    /** Tells that something is wrong with a key, or with the whole mapping where the key is not there. */
    void fault(String key, String sentence) {
        tell(lines.getOrDefault(key, line), at(key) + ": " + sentence);
    }

    /** A scalar as it is written, so that digits stay digits; null where there is none. */
    String text(String key) {
        Node value = values.get(key);
        return value == null ? null : text(value, at(key), "a text");
    }

    private String text(Node value, String where, String expected) {
        if (value instanceof ScalarNode scalar && !value.getTag().equals(Tag.NULL)) {
            return scalar.getValue();
        }
        return fault(value, where, expected);
    }

    /** A scalar that means something. */
    <T> T read(String key, String expected, Function<String, T> reader) {
        Node value = values.get(key);
        String text = value == null ? null : text(value, at(key), expected);
        if (text == null) {
            return null;
        }
        try {
            return reader.apply(text);
        } catch (IllegalArgumentException e) {
            return fault(value, at(key), expected);
        }
    }

    /** One text, or several; an empty list where there is none. */
    List<String> texts(String key) {
        List<String> texts = new ArrayList<>();
        for (Node value : items(key)) {
            texts.add(text(value, at(key), "a text or a list of texts"));
        }
        return texts;
    }

    /** One mapping, or several; an empty list where there is none. */
    List<YamlMap> maps(String key) {
        List<YamlMap> maps = new ArrayList<>();
        List<Node> items = items(key);
        for (int i = 0; i < items.size(); i++) {
            maps.add(new YamlMap(file, at(key) + (items.size() > 1 ? "[" + (i + 1) + "]" : ""), items.get(i), faults));
        }
        return maps;
    }

    private List<Node> items(String key) {
        Node value = values.get(key);
        if (value == null) {
            return List.of();
        }
        return value instanceof SequenceNode list ? list.getValue() : List.of(value);
    }

    boolean isList(String key) {
        return values.get(key) instanceof SequenceNode;
    }

    /** Names and texts, empty ones where nothing is written; null where there is no such key. */
    Map<String, String> textMap(String key) {
        Node value = values.get(key);
        if (value == null) {
            return null;
        }
        YamlMap map = new YamlMap(file, at(key), value, faults);
        Map<String, String> texts = new LinkedHashMap<>();
        map.values.forEach((name, text) -> texts.put(name, text.getTag().equals(Tag.NULL) ? "" : map.text(name)));
        return texts;
    }

    /** Something that JSON can hold, or several; an empty list where there is none. */
    List<Object> jsons(String key) {
        List<Object> jsons = new ArrayList<>();
        items(key).forEach(item -> jsons.add(json(item, at(key))));
        return jsons;
    }

    /** Names and whatever JSON can hold; empty where there is no such key. */
    Map<String, Object> jsonMap(String key) {
        Node value = values.get(key);
        return value == null ? Map.of() : new YamlMap(file, at(key), value, faults).json();
    }

    /** Whatever JSON can hold. */
    Object json(String key) {
        return json(values.get(key), at(key));
    }

    /** All of it as JSON can hold it. */
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        values.forEach((key, value) -> json.put(key, json(value, at(key))));
        return json;
    }

    private Object json(Node value, String where) {
        if (value.isRecursive()) {
            return fault(value, where, "a value that does not hold itself");
        }
        if (value instanceof MappingNode) {
            return new YamlMap(file, where, value, faults).json();
        }
        if (value instanceof SequenceNode list) {
            List<Object> items = new ArrayList<>();
            list.getValue().forEach(item -> items.add(json(item, where)));
            return items;
        }
        String text = ((ScalarNode) value).getValue();
        if (value.getTag().equals(Tag.NULL)) {
            return null;
        } else if (value.getTag().equals(Tag.BOOL)) {
            return Boolean.valueOf(text);
        } else if (value.getTag().equals(Tag.INT)) {
            return new BigInteger(text);
        } else if (value.getTag().equals(Tag.FLOAT)) {
            return number(value, text, where);
        }
        return text;
    }

    private Object number(Node value, String text, String where) {
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException e) {
            return fault(value, where, "a number"); // .nan, .inf
        }
    }

    private <T> T fault(Node value, String where, String expected) {
        tell(line(value), (where.isEmpty() ? "" : where + ": ") + "found " + shown(value) + ", expected " + expected);
        return null;
    }

    private void tell(int line, String sentence) {
        faults.add(file + ":" + line + ": " + sentence);
    }

    private String at(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private static String shown(Node value) {
        if (value instanceof ScalarNode scalar) {
            return value.getTag().equals(Tag.NULL) ? "nothing" : Shown.text(scalar.getValue());
        }
        return value instanceof SequenceNode ? "a list" : "keys and values";
    }

    private static int line(Node node) {
        return line(node.getStartMark().orElse(null));
    }

    private static int line(Mark mark) {
        return mark == null ? 1 : mark.getLine() + 1;
    }
}
