package dev.agentcall.cases;

import static dev.agentcall.config.PropertyFile.CONFIGURATION;

import dev.agentcall.config.PropertyFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

/** The settings that cases run with: the user's own, except for those that lead to something real or cost time. */
final class CaseSettings {

    /** What POSTs carry in place of the user's token. */
    static final String TOKEN = "token-of-the-cases";

    private static final Set<String> ADDRESSES =
            addresses(URI.create("http://localhost"), Path.of("")).keySet();
    /** Further ones that lead to something real, or would show what cases do on purpose. */
    private static final List<String> REAL = List.of(
            "agentcall.ledger.", "agentcall.rest.", "agentcall.jms.", "agentcall.channel.", "agentcall.log.", "camel.");

    private static final String RESPONSE_TIMEOUT = "agentcall.ucontact.response-timeout";

    private final Set<String> declared;

    private CaseSettings(Set<String> declared) {
        this.declared = declared;
    }

    /** Knows the keys that are in {@code config/application.properties}, and those that the program brings along. */
    static CaseSettings ofThePackage() {
        Properties keys = PropertyFile.defaults();
        try {
            keys.putAll(CONFIGURATION.read());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new CaseSettings(keys.stringPropertyNames());
    }

    /** Why a case may not set a key; null if it may. */
    String refusal(String key) {
        if (ADDRESSES.contains(key) || REAL.stream().anyMatch(key::startsWith)) {
            return "cases cannot set it, so that nothing real is touched";
        }
        return declared.contains(key) ? null : "found no such key, expected one of " + CONFIGURATION;
    }

    /** What a case needs other than the user's settings, and where it may choose itself. Equal for cases that can share. */
    static Map<String, String> of(Case one) {
        Map<String, String> settings = new LinkedHashMap<>();
        // One after another: so the POSTs come in the order of the rows.
        settings.put("agentcall.concurrency", "1");
        settings.put("agentcall.rate", "0");
        settings.put("agentcall.agent.pause", "0s");
        settings.put("agentcall.retry.attempts", "1");
        settings.put("agentcall.retry.delay", "10ms");
        settings.put(RESPONSE_TIMEOUT, one.isEndless() ? "500ms" : "10s");
        settings.putAll(one.settings());
        return settings;
    }

    /**
     * What keeps everything real out of reach, and no case can set.
     *
     * @param data a folder that is deleted afterwards
     */
    static Map<String, String> addresses(URI ucontact, Path data) {
        Map<String, String> addresses = new HashMap<>();
        addresses.put("agentcall.ucontact.url", ucontact.toString());
        addresses.put("agentcall.ucontact.token", TOKEN);
        for (String none : List.of("token-file", "proxy", "truststore", "truststore-password")) {
            addresses.put("agentcall.ucontact." + none, "");
        }
        addresses.put("agentcall.data", data.toString());
        for (String folder : List.of("inbox", "outbox", "done", "failed")) {
            addresses.put("agentcall." + folder, data.resolve(folder).toString());
        }
        addresses.put("agentcall.ledger.url", "jdbc:sqlite:" + data.resolve("ledger.db"));
        addresses.put("agentcall.ledger.user", "");
        addresses.put("agentcall.ledger.password", "");
        addresses.put("agentcall.rest.port", "");
        addresses.put("agentcall.rest.host", "127.0.0.1");
        for (String none : List.of("users", "cors", "keystore", "keystore-password")) {
            addresses.put("agentcall.rest." + none, "");
        }
        for (String none : List.of("url", "user", "password")) {
            addresses.put("agentcall.jms." + none, "");
        }
        for (ChannelName channel : ChannelName.values()) {
            addresses.put("agentcall.channel." + channel.word(), channel.endpoint());
        }
        addresses.put("agentcall.reload", "false");
        return addresses;
    }
}
