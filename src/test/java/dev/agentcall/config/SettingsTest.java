package dev.agentcall.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.entry;

import dev.agentcall.call.Field;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {

    private static final String SECRET = "s3cr3t";

    @TempDir
    Path folder;

    // --- Defaults --------------------------------------------------------------------------------------------------

    @Test
    void theShippedSettingsHaveTheDocumentedDefaults() {
        Settings settings = ShippedSettings.with();

        assertThat(settings.authScheme()).isEqualTo("Basic");
        assertThat(settings.connectTimeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(settings.responseTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(settings.tokenFile()).isNull();
        assertThat(settings.proxy()).isNull();
        assertThat(settings.truststore()).isNull();
        assertThat(List.of(settings.inbox(), settings.outbox(), settings.done(), settings.failed()))
                .containsExactly(
                        Path.of("data/inbox"), Path.of("data/outbox"), Path.of("data/done"), Path.of("data/failed"));
        assertThat(settings.concurrency()).isEqualTo(8);
        assertThat(settings.rate()).isZero();
        assertThat(settings.agentConcurrency()).isEqualTo(1);
        assertThat(settings.agentPause()).isZero();
        assertThat(settings.retryAttempts()).isEqualTo(3);
        assertThat(settings.retryDelay()).isEqualTo(Duration.ofSeconds(1));
        assertThat(settings.defaults()).containsExactly(entry(Field.TECH, "SIP"));
        assertThat(settings.csvColumns()).isEmpty();
        assertThat(settings.ledgerUrl()).isEqualTo("jdbc:sqlite:data/ledger.db");
        assertThat(settings.node()).isNotBlank();
        assertThat(settings.rest().host()).isEqualTo("127.0.0.1");
        assertThat(settings.rest().port()).isEqualTo(8080);
        assertThat(settings.rest().patience()).isEqualTo(Duration.ofSeconds(10));
        assertThat(settings.logFormat()).isEqualTo("text");
    }

    @Test
    void anotherDataFolderHoldsEverythingThatIsNotElsewhere() {
        Settings settings = ShippedSettings.with("agentcall.data", "/srv/calls", "agentcall.inbox", "/drop");

        assertThat(settings.inbox()).isEqualTo(Path.of("/drop"));
        assertThat(settings.outbox()).isEqualTo(Path.of("/srv/calls/outbox"));
        assertThat(settings.ledgerUrl()).isEqualTo("jdbc:sqlite:/srv/calls/ledger.db");
    }

    @Test
    void whiteSpaceAroundAValueDoesNotMatter() {
        Settings settings = ShippedSettings.with("agentcall.concurrency", " 4 ", "agentcall.node", " node-1\t");

        assertThat(settings.concurrency()).isEqualTo(4);
        assertThat(settings.node()).isEqualTo("node-1");
    }

    @Test
    void jmsIsOffUntilThereIsAUrlAndAnOutcomeQueueMayBeLeftOut() {
        assertThat(ShippedSettings.with().jms()).isNull();

        Settings settings = ShippedSettings.with(
                "agentcall.jms.url", "(tcp://a:61616,tcp://b:61616)?ha=true", "agentcall.jms.success", "");

        assertThat(settings.jms().url()).isEqualTo("(tcp://a:61616,tcp://b:61616)?ha=true");
        assertThat(settings.jms().requests()).isEqualTo("agentcall.requests");
        assertThat(settings.jms().success()).isNull();
        assertThat(settings.jms().error()).isEqualTo("agentcall.error");
    }

    // --- Faults ----------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "agentcall.ucontact.url, demo.ucontactcloud.com, https://{instance}.ucontactcloud.com",
                "agentcall.ucontact.url, https://{instance}.ucontactcloud.com, with yours in the place of {instance}",
                "agentcall.ucontact.url, ftp://demo.ucontactcloud.com, https://{instance}.ucontactcloud.com",
                "agentcall.ucontact.url, https://, https://{instance}.ucontactcloud.com",
                "agentcall.ucontact.url, https://demo.ucontactcloud.com/#x, https://{instance}.ucontactcloud.com",
                "agentcall.ucontact.auth-scheme, Basic:, Basic or Bearer",
                "agentcall.ucontact.connect-timeout, 5, 500ms",
                "agentcall.ucontact.connect-timeout, 0s, at least 1ms",
                "agentcall.ucontact.response-timeout, one minute, 500ms",
                "agentcall.ucontact.response-timeout, -1s, 500ms",
                "agentcall.ucontact.response-timeout, 1.5s, 500ms",
                "agentcall.ucontact.token-file, /no/such/file, a file that can be read",
                "agentcall.ucontact.proxy, proxy:3128, http://host:port",
                "agentcall.ucontact.truststore, /no/such/file, a file that can be read",
                "agentcall.csv.columns, Móvil, column=field",
                "agentcall.csv.columns, Móvil=mobile, destination",
                "agentcall.csv.columns, =destination, column=field",
                "agentcall.defaults.phone, 5e10, an optional + and 1 to 32 characters out of 0-9 * #",
                "agentcall.defaults.callerid, desk, an optional + and 1 to 32 characters out of 0-9 * #",
                "agentcall.concurrency, 0, from 1",
                "agentcall.concurrency, 10001, to 10000",
                "agentcall.concurrency, many, a whole number",
                "agentcall.concurrency, 2.5, a whole number",
                "agentcall.concurrency, 99999999999, a whole number",
                "agentcall.rate, -1, from 0",
                "agentcall.rate, `0,5`, a number",
                "agentcall.rate, NaN, a number",
                "agentcall.rate, 5d, a number",
                "agentcall.rate, 5/s, a number",
                "agentcall.agent.concurrency, 0, from 1",
                "agentcall.agent.pause, 5, 500ms",
                "agentcall.agent.pause, 999999999d, at most",
                "agentcall.retry.attempts, 0, from 1",
                "agentcall.retry.delay, 0ms, at least 1ms",
                "agentcall.ledger.url, ledger.db, jdbc:sqlite:",
                "agentcall.rest.port, 70000, to 65535",
                "agentcall.rest.port, web, a whole number",
                "agentcall.rest.host, no-such-host.invalid, a name or an address of this machine",
                "agentcall.rest.users, /no/such/file, a file that can be read",
                "agentcall.rest.cors, crm.example.com, https://crm.example.com",
                "agentcall.rest.cors, *, https://crm.example.com",
                "agentcall.rest.cors, https://crm.example.com/, https://crm.example.com",
                "agentcall.rest.keystore, /no/such/file, a file that can be read",
                "agentcall.rest.wait, 10, 500ms",
                "agentcall.log.format, xml, text or json",
                "agentcall.reload, yes, true or false",
                "agentcall.jms.url, localhost:61616, tcp://localhost:61616",
                "agentcall.jms.requests, calls#, the name of a queue",
                "agentcall.jms.success, placed#, the name of a queue",
                "agentcall.jms.error, a*, the name of a queue",
            })
    void aBadValueIsToldWithItsKeyWhatWasFoundAndWhatWasExpected(String key, String value, String expected) {
        assertThat(faults(key, value)).singleElement().asString().contains(key, "'" + value + "'", expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"agentcall.jms.success", "agentcall.jms.error"})
    void aQueueForOutcomesIsNotThatOfRequests(String key) {
        assertThat(faults("agentcall.jms.url", "tcp://localhost:61616", key, "agentcall.requests"))
                .containsExactly(
                        key + ": found 'agentcall.requests', expected another queue than agentcall.jms.requests");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "agentcall.ucontact.url",
                "agentcall.ucontact.token",
                "agentcall.ucontact.auth-scheme",
                "agentcall.ucontact.connect-timeout",
                "agentcall.ucontact.response-timeout",
                "agentcall.outbox",
                "agentcall.done",
                "agentcall.failed",
                "agentcall.concurrency",
                "agentcall.rate",
                "agentcall.agent.concurrency",
                "agentcall.agent.pause",
                "agentcall.retry.attempts",
                "agentcall.retry.delay",
                "agentcall.ledger.url",
                "agentcall.jms.requests",
                "agentcall.channel.success",
                "agentcall.channel.error",
            })
    void aSettingThatIsNeededAndNotThereIsToldWithItsKey(String key) {
        assertThat(faults(key, " "))
                .singleElement()
                .asString()
                .startsWith(key + ": not set")
                .contains("expected");
    }

    @Test
    void restIsOnThisMachineOnlyUnlessThereAreUsers() throws IOException {
        String users = Files.writeString(folder.resolve("users"), "crm=p").toString();

        assertThat(faults("agentcall.rest.host", "192.0.2.1", "agentcall.rest.users", users))
                .singleElement()
                .asString()
                .contains("agentcall.rest.host", "192.0.2.1", "of this machine");
        for (String host : List.of("0.0.0.0", "::")) {
            assertThat(faults("agentcall.rest.host", host))
                    .singleElement()
                    .asString()
                    .contains("agentcall.rest.users", "not set", host);
            assertThat(ShippedSettings.with("agentcall.rest.host", host, "agentcall.rest.users", users)
                            .rest()
                            .address())
                    .isNotNull();
        }
        for (String host : List.of("127.0.0.1", "localhost", "::1")) {
            assertThat(ShippedSettings.with("agentcall.rest.host", host).rest().port())
                    .isEqualTo(8080);
        }
        assertThat(ShippedSettings.with("agentcall.rest.port", "").rest()).isNull();
    }

    @Test
    void aDefaultIsToldWithoutItsControlCharacters() {
        assertThat(faults("agentcall.defaults.context", "a\u0007b"))
                .containsExactly("agentcall.defaults.context: found 'a b', expected one line of text,"
                        + " at most 255 characters");
    }

    @Test
    void aDefaultOfWhiteSpaceIsNone() {
        assertThat(ShippedSettings.with("agentcall.defaults.phone", "\u00A0", "agentcall.defaults.tech", "")
                        .defaults())
                .isEmpty();
    }

    @Test
    void aColumnIsMappedOnce() {
        assertThat(faults("agentcall.csv.columns", "Handy=destination, handy = phone"))
                .singleElement()
                .asString()
                .contains("agentcall.csv.columns", "'handy = phone'", "each column once");
    }

    @Test
    void allFaultsAreFoundAtOnce() {
        assertThat(faults(
                        "agentcall.ucontact.url",
                        "",
                        "agentcall.rate",
                        "x",
                        "agentcall.defaults.phone",
                        "desk",
                        "agentcall.defaults.context",
                        "x".repeat(256),
                        "agentcall.csv.columns",
                        "a=b,c=d,e=agent"))
                .hasSize(6)
                .anySatisfy(fault -> assertThat(fault).contains("agentcall.ucontact.url"))
                .anySatisfy(fault -> assertThat(fault).contains("agentcall.rate"))
                .anySatisfy(fault -> assertThat(fault).contains("agentcall.defaults.phone"))
                .anySatisfy(fault -> assertThat(fault).contains("agentcall.defaults.context"))
                .anySatisfy(fault -> assertThat(fault).contains("'a=b'"))
                .anySatisfy(fault -> assertThat(fault).contains("'c=d'"));
    }

    @Test
    void theExceptionsMessageHasEveryFault() {
        SettingsException refused = refused("agentcall.rate", "x", "agentcall.concurrency", "y");

        assertThat(refused).hasMessageContaining("agentcall.rate").hasMessageContaining("agentcall.concurrency");
    }

    // --- Secrets ---------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "agentcall.ucontact.token, Basic s3cr3t",
                "agentcall.ucontact.token, s3cr3tñ",
                "agentcall.ucontact.auth-scheme, Basic s3cr3t",
                "agentcall.ucontact.url, https://user:s3cr3t@demo.ucontactcloud.com",
                "agentcall.ucontact.url, https://user:s3/s3cr3t@demo.ucontactcloud.com",
                "agentcall.ucontact.url, https://user:s3@s3cr3t@demo.ucontactcloud.com",
                "agentcall.ucontact.url, https://demo.ucontactcloud.com?token=s3cr3t",
                "agentcall.ucontact.proxy, http://user:s3cr3t@proxy:3128",
                "agentcall.ucontact.proxy, user:s3cr3t@proxy:3128",
                "agentcall.ledger.url, jdbc:oracle://user:s3cr3t@db/ledger",
                "agentcall.ledger.url, jdbc:oracle://db/ledger?user=a&password=s3cr3t",
            })
    void aFaultNeverShowsASecret(String key, String value) {
        assertThat(faults(key, value)).singleElement().asString().contains(key).doesNotContain(SECRET);
    }

    @Test
    void settingsThatAreLoggedShowNoSecret() {
        Settings settings = ShippedSettings.with(
                "agentcall.ucontact.token", SECRET,
                "agentcall.ucontact.truststore-password", SECRET,
                "agentcall.ledger.password", SECRET);

        assertThat(settings.token()).isEqualTo(SECRET);
        assertThat(settings.toString()).doesNotContain(SECRET);
    }

    @Test
    void aTokenFileStandsInForTheToken() throws IOException {
        Path file = Files.writeString(folder.resolve("token"), SECRET);

        Settings settings =
                ShippedSettings.with("agentcall.ucontact.token-file", file.toString(), "agentcall.ucontact.token", "");

        assertThat(settings.tokenFile()).isEqualTo(file);
        assertThat(settings.token()).isNull();
    }

    @Test
    void aTokenFileThatIsNotThereIsTheOnlyFault() {
        assertThat(faults("agentcall.ucontact.token-file", "/no/such/file", "agentcall.ucontact.token", ""))
                .singleElement()
                .asString()
                .startsWith("agentcall.ucontact.token-file: found '/no/such/file'");
    }

    // --- Values ----------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"500ms, 500", "5s, 5000", "2m, 120000", "1h, 3600000", "90d, 7776000000", "5 s, 5000"})
    void durationsHaveAUnit(String value, long millis) {
        assertThat(ShippedSettings.with("agentcall.ucontact.response-timeout", value)
                        .responseTimeout())
                .isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0.5, 0.5", "10, 10", "2.25, 2.25"})
    void aRateMayBeAFraction(String value, double rate) {
        assertThat(ShippedSettings.with("agentcall.rate", value).rate()).isEqualTo(rate);
    }

    @ParameterizedTest
    @CsvSource({
        "https://demo.ucontactcloud.com, https://demo.ucontactcloud.com",
        "https://demo.ucontactcloud.com/, https://demo.ucontactcloud.com",
        "HTTP://localhost:8080//, HTTP://localhost:8080",
        "https://gate.example/ucontact/, https://gate.example/ucontact",
    })
    void theAddressLosesItsSlash(String value, URI url) {
        assertThat(ShippedSettings.with("agentcall.ucontact.url", value).ucontactUrl())
                .isEqualTo(url);
    }

    @Test
    void columnsAreKnownHoweverTheirNamesAreWritten() {
        Map<String, Field> columns = ShippedSettings.with(
                        "agentcall.csv.columns", "Teléfono = destination , Nº interno=PHONE,a=b=agent,notas=data")
                .csvColumns();

        assertThat(columns)
                .containsOnly(
                        entry("telefono", Field.DESTINATION),
                        entry("nointerno", Field.PHONE),
                        entry("ab", Field.AGENT),
                        entry("notas", Field.DATA));
    }

    @Test
    void defaultsAreTakenForTheSevenFields() {
        assertThat(ShippedSettings.with(
                                "agentcall.defaults.tech",
                                "",
                                "agentcall.defaults.outqueue",
                                "Ventas->",
                                "agentcall.defaults.data",
                                "x")
                        .defaults())
                .containsExactly(entry(Field.OUTQUEUE, "Ventas->"));
    }

    // --- Folders ---------------------------------------------------------------------------------------------------

    @Test
    void foldersThatAreNotThereAreMade() throws IOException {
        Path data = folder.resolve("a/b");

        ShippedSettings.with("agentcall.data", data.toString()).makeFolders();

        try (Stream<Path> made = Files.list(data)) {
            assertThat(made.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("inbox", "outbox", "done", "failed", "work");
        }
        assertThat(data.resolve("inbox")).isEmptyDirectory();
    }

    @Test
    void whatAKilledProcessLeftWhenItTriedAFolderIsGone() throws IOException {
        Path outbox = Files.createDirectories(folder.resolve("outbox"));
        Files.createFile(outbox.resolve(".writable"));

        ShippedSettings.with("agentcall.data", folder.toString()).makeFolders();

        assertThat(outbox).isEmptyDirectory();
    }

    @Test
    void everyFolderThatCannotBeMadeIsToldWithItsKey() throws IOException {
        String file = Files.createFile(folder.resolve("file")).toString();
        Settings settings = ShippedSettings.with(
                "agentcall.data", folder.toString(), "agentcall.inbox", file, "agentcall.done", file + "/done");

        SettingsException refused = catchThrowableOfType(SettingsException.class, settings::makeFolders);

        assertThat(refused.faults()).hasSize(2);
        assertThat(refused.faults().get(0)).contains("agentcall.inbox", file, "expected a folder");
        assertThat(refused.faults().get(1)).contains("agentcall.done", file + "/done", "expected a folder");
    }

    private static List<String> faults(String... changes) {
        return refused(changes).faults();
    }

    private static SettingsException refused(String... changes) {
        SettingsException refused = catchThrowableOfType(SettingsException.class, () -> ShippedSettings.with(changes));
        assertThat(refused).as("settings are refused").isNotNull();
        return refused;
    }
}
