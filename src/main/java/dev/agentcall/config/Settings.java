package dev.agentcall.config;

import dev.agentcall.call.Field;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The settings of {@code config/application.properties}, read and checked.
 *
 * @param ucontactUrl base address, without a slash at its end
 * @param token null when {@code tokenFile} is set
 * @param tokenFile null when {@code token} is set
 * @param authScheme first word of the Authorization header
 * @param proxy null for none
 * @param truststore null for the JVM's own
 * @param inbox null when no files are taken
 * @param work a folder of the program's own below agentcall.data
 * @param csvColumns normalised column name to field
 * @param rate calls per second, 0 for no limit
 * @param retryAttempts tries, the first included
 * @param ledgerKeep age from which requests are deleted from the ledger
 * @param ledgerUrl a JDBC URL, or the name of the application's DataSource: see {@link #beanOf}
 * @param jms how requests come in from a broker, null for not at all
 * @param node this node's name, for people
 * @param rest how requests come in over HTTP, null for not at all
 * @param reload whether a route file that is saved takes over at once
 */
public record Settings(
        URI ucontactUrl,
        String token,
        Path tokenFile,
        String authScheme,
        Duration connectTimeout,
        Duration responseTimeout,
        URI proxy,
        Path truststore,
        String truststorePassword,
        Path inbox,
        Path outbox,
        Path done,
        Path failed,
        Path work,
        Map<String, Field> csvColumns,
        Map<Field, String> defaults,
        int concurrency,
        double rate,
        int agentConcurrency,
        Duration agentPause,
        int retryAttempts,
        Duration retryDelay,
        String ledgerUrl,
        String ledgerUser,
        String ledgerPassword,
        Duration ledgerKeep,
        JmsSettings jms,
        String node,
        RestSettings rest,
        String logFormat,
        boolean reload) {

    /**
     * Reads and checks every key, so that all faults are found before anything starts.
     *
     * @param properties gives a key's value; null or blank where there is none
     * @throws SettingsException with all faults, if there are any
     */
    public static Settings read(UnaryOperator<String> properties) {
        SettingsReader read = new SettingsReader(properties);
        Path tokenFile = read.tokenFile("agentcall.ucontact.token-file");
        Path data = read.path("agentcall.data");
        Settings settings = new Settings(
                read.httpUrl("agentcall.ucontact.url", "https://{instance}.ucontactcloud.com"),
                read.optional("agentcall.ucontact.token-file") == null ? read.secret("agentcall.ucontact.token") : null,
                tokenFile,
                read.matching("agentcall.ucontact.auth-scheme", "[A-Za-z]+", "a word such as Basic or Bearer"),
                read.duration("agentcall.ucontact.connect-timeout", Duration.ofMillis(1)),
                read.duration("agentcall.ucontact.response-timeout", Duration.ofMillis(1)),
                read.optional("agentcall.ucontact.proxy") == null
                        ? null
                        : read.httpUrl("agentcall.ucontact.proxy", "http://host:port"),
                read.file("agentcall.ucontact.truststore"),
                read.optional("agentcall.ucontact.truststore-password"),
                read.optional("agentcall.inbox") == null ? null : read.path("agentcall.inbox"),
                read.path("agentcall.outbox"),
                read.path("agentcall.done"),
                read.path("agentcall.failed"),
                data == null ? null : data.resolve("work"),
                read.columns("agentcall.csv.columns"),
                read.defaults("agentcall.defaults."),
                read.wholeNumber("agentcall.concurrency", 1, 10_000),
                read.number("agentcall.rate"),
                read.wholeNumber("agentcall.agent.concurrency", 1, 10_000),
                read.duration("agentcall.agent.pause", Duration.ZERO),
                read.wholeNumber("agentcall.retry.attempts", 1, 1_000_000),
                read.duration("agentcall.retry.delay", Duration.ofMillis(1)),
                read.matching(
                        "agentcall.ledger.url",
                        "jdbc:(sqlite:(?!:memory:)|postgresql:).+|" + SettingsReader.BEAN,
                        "jdbc:sqlite: and a file, jdbc:postgresql: and a database, or bean: and the name of a DataSource"),
                read.optional("agentcall.ledger.user"),
                read.optional("agentcall.ledger.password"),
                read.duration("agentcall.ledger.keep", Duration.ofDays(1)),
                JmsSettings.read(read),
                read.optional("agentcall.node") == null ? SettingsReader.hostName() : read.optional("agentcall.node"),
                RestSettings.read(read),
                read.matching("agentcall.log.format", "text|json", "text or json"),
                "true".equals(read.matching("agentcall.reload", "true|false", "true or false")));
        JmsSettings jms = settings.jms();
        if (jms == null || jms.success() == null) {
            read.required("agentcall.channel.success", "endpoint URIs, or a broker's queue in agentcall.jms.success");
        }
        if (jms == null || jms.error() == null) {
            read.required("agentcall.channel.error", "endpoint URIs, or a broker's queue in agentcall.jms.error");
        }
        settings.tellSameFolders(read);
        read.throwFaults();
        return settings;
    }

    /** What is written into the inbox would be read from there: results, files that are done. */
    private void tellSameFolders(SettingsReader read) {
        Map<String, Path> folders = new LinkedHashMap<>();
        folders.put("agentcall.inbox", inbox);
        folders.put("agentcall.outbox", outbox);
        folders.put("agentcall.done", done);
        folders.put("agentcall.failed", failed);
        Map<Path, String> keys = new HashMap<>();
        folders.forEach((key, folder) -> {
            String other = folder == null ? null : keys.putIfAbsent(real(folder), key);
            if (other != null) {
                read.fault(key, folder.toString(), "a folder of its own: that is " + other);
            }
        });
    }

    private static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            return folder.toAbsolutePath().normalize(); // it is not there yet
        }
    }

    /** The address alone: there are secrets among the rest. */
    @Override
    public String toString() {
        return "Settings[" + ucontactUrl + "]";
    }

    /** The name in {@code bean:name}, for what the application has in Camel's registry; null for any other URL. */
    public static String beanOf(String url) {
        return url.startsWith(SettingsReader.BEAN_PREFIX) ? url.substring(SettingsReader.BEAN_PREFIX.length()) : null;
    }

    /** The ledger's URL as it may be shown: without a password. */
    public String ledgerUrlShown() {
        return ledgerUrl.replaceAll("(?i)(password=)[^&;]*", "$1***");
    }

    /**
     * Makes the folders that are not there yet.
     *
     * @throws SettingsException if one cannot be made or written
     */
    public void makeFolders() {
        List<String> faults = new ArrayList<>();
        if (inbox != null) {
            makeFolder("agentcall.inbox", inbox, faults);
        }
        makeFolder("agentcall.outbox", outbox, faults);
        makeFolder("agentcall.done", done, faults);
        makeFolder("agentcall.failed", failed, faults);
        makeFolder("agentcall.data", work, faults);
        if (!faults.isEmpty()) {
            throw new SettingsException(faults);
        }
    }

    private static void makeFolder(String key, Path folder, List<String> faults) {
        try {
            Files.createDirectories(folder);
            // One name for all: what a process that was killed here leaves is gone with the next start.
            Path probe = folder.resolve(".writable");
            Files.deleteIfExists(probe);
            Files.write(probe, new byte[0]);
            Files.deleteIfExists(probe);
        } catch (IOException e) {
            faults.add(key + ": found " + folder.toAbsolutePath() + " ("
                    + e.getClass().getSimpleName() + ": " + e.getMessage()
                    + "), expected a folder that can be written");
        }
    }
}
