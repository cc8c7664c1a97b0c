package dev.agentcall.app;

import dev.agentcall.call.Calls;
import dev.agentcall.call.Channel;
import dev.agentcall.call.Stopping;
import dev.agentcall.call.Validation;
import dev.agentcall.config.Settings;
import dev.agentcall.csv.CsvFiles;
import dev.agentcall.ledger.Ledger;
import dev.agentcall.rest.RestServer;
import dev.agentcall.routes.EnterableDirectComponent;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.Route;
import org.apache.camel.component.properties.PropertiesComponent;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.Main;
import org.apache.camel.main.MainListenerSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The routes and beans of the folders {@code routes/} and {@code config/}, running in this process.
 *
 * <p>What a property is: {@code -D}, else the environment, else {@code config/application.properties}, else the default
 * that the program brings along.
 */
final class Bundle implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Bundle.class);
    private static final Path CONFIGURATION = Path.of("config", "application.properties");
    private static final String ROUTES = "file:routes/*.yaml";
    private static final String DEFAULTS = "agentcall/application.properties";
    /** The routes put paths behind it, each with a slash in front. */
    private static final String UCONTACT_URL = "agentcall.ucontact.url";

    private static final String RELOAD = "agentcall.reload";

    private static final Duration SHUTDOWN_MARGIN = Duration.ofSeconds(3);

    private final Main main = new Main();

    /** How much of the bundle is to run. */
    enum Extent {
        /** The settings as Camel sees them, without routes and beans. */
        CONFIGURED,
        /** Nothing: routes and beans are there, none is started. */
        LOADED,
        /** Only routes that are called by others; no source delivers anything. */
        WITHOUT_SOURCES,
        /** Everything. */
        ALL
    }

    private Bundle() {}

    /**
     * Loads the bundle and starts what is to run.
     *
     * @throws Exception if the settings, a route or the ledger cannot be worked with; nothing runs then
     */
    static Bundle start(Extent extent) throws Exception {
        return start(extent, Map.of());
    }

    /** The same, with properties that count more than any other. */
    static Bundle start(Extent extent, Map<String, String> overriding) throws Exception {
        Bundle bundle = new Bundle();
        try {
            overriding.forEach(bundle.main::addOverrideProperty);
            bundle.load(extent == Extent.CONFIGURED ? null : ROUTES);
            if (extent != Extent.CONFIGURED && extent != Extent.LOADED) {
                bundle.startRoutes(extent);
            }
            return bundle;
        } catch (Exception e) {
            bundle.close();
            throw e;
        }
    }

    private void load(String routes) throws Exception {
        environmentToSystemProperties(
                read(Bundle.class.getResourceAsStream("/" + DEFAULTS)),
                Files.exists(CONFIGURATION) ? read(Files.newInputStream(CONFIGURATION)) : new Properties());
        main.setPropertyPlaceholderLocations("file:" + CONFIGURATION + ";optional=true,classpath:" + DEFAULTS);
        main.configure()
                .withName("agentcall")
                .withProfile("prod")
                .withAutoStartup(false)
                .withAutoConfigurationLogSummary(false)
                .withRoutesIncludePattern(routes)
                .withShutdownLogInflightExchangesOnTimeout(false);
        main.addMainListener(new MainListenerSupport() {
            @Override
            public void beforeInitialize(BaseMainSupport support) {
                PropertiesComponent properties =
                        (PropertiesComponent) support.getCamelContext().getPropertiesComponent();
                properties.setEnvironmentVariableMode(PropertiesComponent.ENVIRONMENT_VARIABLES_MODE_FALLBACK);
                if (properties.resolveProperty(RELOAD).filter("true"::equals).isPresent()) {
                    support.getCamelContext().addComponent("direct", new EnterableDirectComponent());
                }
                properties
                        .resolveProperty(UCONTACT_URL)
                        .filter(url -> url.endsWith("/"))
                        .ifPresent(url -> System.setProperty(UCONTACT_URL, url.replaceAll("/+$", "")));
            }
        });
        main.start();
        context().getRegistry().findByType(Channel.class).forEach(Channel::open);
    }

    private void startRoutes(Extent extent) throws Exception {
        CamelContext context = context();
        if (extent == Extent.ALL) {
            rest().open();
        }
        for (Route route : context.getRoutes()) {
            if (isCalledByOthers(route)) {
                context.getRouteController().startRoute(route.getRouteId());
            }
        }
        ledger().recoverCrashed();
        deliverMissed();
        if (extent == Extent.ALL) {
            for (Route route : context.getRoutes()) {
                if (!isCalledByOthers(route)) {
                    context.getRouteController().startRoute(route.getRouteId());
                }
            }
            rest().start();
        }
    }

    /** Hands out again what channels have missed, in earlier runs or in this one; what cannot be is for the next time. */
    void deliverMissed() {
        try (ProducerTemplate template = context().createProducerTemplate()) {
            template.send("direct:deliver-missed", exchange -> {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isCalledByOthers(Route route) {
        return route.getEndpoint().getEndpointUri().startsWith("direct:");
    }

    private static Properties read(InputStream in) throws IOException {
        Properties properties = new Properties();
        try (in) {
            properties.load(in);
        }
        return properties;
    }

    /** So that a setting in the environment counts less than one by -D, and more than the file. */
    private static void environmentToSystemProperties(Properties... known) {
        Map<String, String> environment = System.getenv();
        for (Properties properties : known) {
            for (String key : properties.stringPropertyNames()) {
                String value = environment.get(key.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"));
                if (value != null && System.getProperty(key) == null) {
                    System.setProperty(key, value);
                }
            }
        }
    }

    CamelContext context() {
        return main.getCamelContext();
    }

    private <T> T bean(Class<T> type) {
        return context().getRegistry().findSingleByType(type);
    }

    Settings settings() {
        return bean(Settings.class);
    }

    Ledger ledger() {
        return bean(Ledger.class);
    }

    Calls calls() {
        return bean(Calls.class);
    }

    Validation validation() {
        return bean(Validation.class);
    }

    CsvFiles csvFiles() {
        return bean(CsvFiles.class);
    }

    RestServer rest() {
        return bean(RestServer.class);
    }

    /** From now on no call begins; those in flight end. */
    void stopCalls() {
        Stopping stopping = context() == null ? null : bean(Stopping.class);
        if (stopping != null) {
            stopping.stop();
        }
    }

    /** Before the routes stop, so that who comes now is told so, and who waits for an outcome gets it. */
    private void stopRest(Duration patience) {
        RestServer rest = rest();
        try {
            if (rest != null) {
                rest.stop(patience);
            }
        } catch (Exception e) {
            LOG.warn("REST did not stop in good order: {}", e.toString());
        }
    }

    @Override
    public void close() {
        if (context() != null) {
            Settings settings = settings();
            Duration patience = settings == null ? Duration.ZERO : settings.responseTimeout();
            Instant end = Instant.now().plus(patience).plus(SHUTDOWN_MARGIN);
            stopRest(Duration.between(Instant.now(), end));
            context()
                    .getShutdownStrategy()
                    .setTimeout(Math.max(1, Duration.between(Instant.now(), end).toSeconds()));
        }
        main.stop();
        main.shutdown();
    }
}
