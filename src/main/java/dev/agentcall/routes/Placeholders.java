package dev.agentcall.routes;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;

/** Values for {{key}}: a template's parameters, then the properties of the context. */
final class Placeholders {

    /** {{key}}, {{?key}}, {{!key}}, {{key:default}}; also {{env:KEY}} and the like, which look like a default. */
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{([?!]?)([^{}:]+)(:[^}]*)?}}");
    /** A value may hold a placeholder again. */
    private static final int DEPTH = 5;

    private final CamelContext context;
    private final Map<String, String> parameters;

    Placeholders(CamelContext context, Map<String, String> parameters) {
        this.context = context;
        this.parameters = parameters;
    }

    /** Keys in the text that have to have a value, and have none. */
    Set<String> missing(String text) {
        Set<String> keys = new TreeSet<>();
        Matcher matcher = PLACEHOLDER.matcher(text);
        while (matcher.find()) {
            boolean optional = !matcher.group(1).isEmpty() || matcher.group(3) != null;
            if (!optional && value(matcher.group(2)).isEmpty()) {
                keys.add(matcher.group(2));
            }
        }
        return keys;
    }

    /** The text with the values of those placeholders that have one. */
    String resolve(String text) {
        String resolved = text;
        for (int i = 0; i < DEPTH && resolved.contains("{{"); i++) {
            resolved = PLACEHOLDER.matcher(resolved).replaceAll(match -> {
                Optional<String> value = value(match.group(2));
                Optional<String> without = Optional.ofNullable(match.group(3)).map(given -> given.substring(1));
                String otherwise = match.group(1).isEmpty() ? match.group() : "";
                return Matcher.quoteReplacement(value.or(() -> without).orElse(otherwise));
            });
        }
        return resolved;
    }

    private Optional<String> value(String key) {
        String given = parameters.get(key);
        if (given != null) {
            return Optional.of(given);
        }
        try {
            return context.getPropertiesComponent().resolveProperty(key);
        } catch (RuntimeException e) {
            return Optional.empty(); // a key in its value has none
        }
    }
}
