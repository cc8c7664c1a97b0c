package dev.agentcall.config;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** The settings as they are shipped in {@code config/application.properties}, with some of them changed. */
public final class ShippedSettings {

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{([^}]+)}}");
    private static final Properties SHIPPED = load();

    private ShippedSettings() {}

    /** With an address and a token, and these changes: key, value, key, value. */
    public static Settings with(String... changes) {
        return Settings.read(properties(changes));
    }

    /** The same, unread; an empty value is as good as none. */
    static UnaryOperator<String> properties(String... changes) {
        Map<String, String> values = new HashMap<>();
        SHIPPED.forEach((key, value) -> values.put(key.toString(), value.toString()));
        values.put("agentcall.ucontact.url", "https://demo.ucontactcloud.com");
        values.put("agentcall.ucontact.token", "dG9rZW4=");
        for (int i = 0; i < changes.length; i += 2) {
            values.put(changes[i], changes[i + 1]);
        }
        return key -> resolved(key, values);
    }

    private static String resolved(String key, Map<String, String> values) {
        String value = values.get(key);
        return value == null
                ? null
                : PLACEHOLDER.matcher(value).replaceAll(placeholder -> resolved(placeholder.group(1), values));
    }

    private static Properties load() {
        Properties shipped = new Properties();
        try (Reader file = Files.newBufferedReader(Path.of("config/application.properties"))) {
            shipped.load(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return shipped;
    }
}
