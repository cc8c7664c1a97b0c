package dev.agentcall.app;

import static dev.agentcall.config.PropertyFile.CONFIGURATION;

import dev.agentcall.call.Calls;
import dev.agentcall.call.Stopping;
import dev.agentcall.call.Validation;
import dev.agentcall.cases.RoutesStart;
import dev.agentcall.config.PropertyFile;
import dev.agentcall.config.Settings;
import dev.agentcall.config.SettingsException;
import dev.agentcall.csv.CsvFiles;
import dev.agentcall.jms.Broker;
import dev.agentcall.ledger.Ledger;
import dev.agentcall.rest.Health;
import dev.agentcall.rest.RestServer;
import dev.agentcall.routes.EnterableDirectComponent;
import dev.agentcall.routes.MissingClass;
import dev.agentcall.routes.RouteCheck;
import dev.agentcall.routes.RouteFile;
import dev.agentcall.routes.RouteFinding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.Route;
import org.apache.camel.component.properties.PropertiesComponent;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.Main;
import org.apache.camel.main.MainListenerSupport;
import org.apache.camel.main.SimpleMainShutdownStrategy;
import org.apache.camel.support.service.ServiceHelper;

/**
 * The routes and beans of the folders {@code routes/} and {@code config/}, running in this process.
 *
 * <p>What a property is: {@code -D}, else the environment, else {@code config/application.properties}, else the default
 * that the program brings along.
 */
final class Bundle implements RoutesStart.Running {

    static final Path ROUTES = Path.of("routes");
    private static final String ROUTES_PATTERN = "file:" + ROUTES + "/*.yaml";
    private static final String RELOAD = "agentcall.reload";

    /** Settings for what only reads or writes the ledger: without uContact's, which it does not need. */
    static final Map<String, String> WITHOUT_UCONTACT = Map.of(
            "agentcall.ucontact.url", "http://localhost",
            "agentcall.ucontact.token", "none",
            "agentcall.ucontact.token-file", "");

    private final Main main;

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

    /** System properties that had to step aside for what overrides them, by key. */
    private final Map<String, String> setAside = new HashMap<>();

    private Bundle() throws IOException {
        Charset encoding = CONFIGURATION.encoding();
        main = new Main() {
            @Override
            protected CamelContext createCamelContext() {
                CamelContext context = super.createCamelContext();
                // Before it is told of the file, which it reads at once.
                ((PropertiesComponent) context.getPropertiesComponent()).setEncoding(encoding.name());
                return context;
            }
        };
        // Camel's own waits for the context to stop: for itself, where it is asked by the thread that is to stop it.
        main.setShutdownStrategy(new SimpleMainShutdownStrategy());
    }

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
        return start(extent, overriding, context -> {});
    }

    /** The same, with something to be done to the context before it gets its routes. */
    static Bundle start(Extent extent, Map<String, String> overriding, Consumer<CamelContext> before) throws Exception {
        Bundle bundle = new Bundle();
        try {
            bundle.load(overriding, before, extent == Extent.CONFIGURED ? null : ROUTES_PATTERN, extent == Extent.ALL);
            if (extent == Extent.WITHOUT_SOURCES) {
                bundle.startRoutesForOthers();
            }
            return bundle;
        } catch (Exception e) {
            bundle.close();
            throw e;
        } catch (LinkageError e) {
            bundle.close();
            throw new SettingsException(List.of(MissingClass.describe(e)));
        }
    }

    private void load(Map<String, String> overriding, Consumer<CamelContext> before, String routes, boolean startRoutes)
            throws Exception {
        if (routes != null) {
            throwIfCannotBeLoaded();
        }
        environmentToSystemProperties(PropertyFile.defaults(), CONFIGURATION.read());
        overriding.forEach(this::override);
        main.setPropertyPlaceholderLocations("file:" + CONFIGURATION + ";optional=true");
        main.configure()
                .withName("agentcall")
                .withProfile("prod")
                .withAutoStartup(startRoutes)
                .withAutoConfigurationLogSummary(false)
                .withRoutesIncludePattern(routes)
                .withShutdownTimeout(1) // the bundle raises it to what calls in flight need
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
                before.accept(support.getCamelContext());
            }

            /** So that an endpoint {@code jms:} in the user's routes and channels is at the broker of the settings. */
            @Override
            public void afterConfigure(BaseMainSupport support) {
                Broker broker = bean(Broker.class);
                if (broker != null) {
                    context().getRegistry().bind("connectionFactory", broker.connectionFactory());
                }
            }
        });
        main.start();
    }

    private static void throwIfCannotBeLoaded() throws IOException {
        List<RouteFinding> findings = RouteCheck.beforeLoading(RouteFile.of(ROUTES));
        if (!findings.isEmpty()) {
            throw new SettingsException(
                    findings.stream().map(RouteFinding::toString).toList());
        }
    }

    private void startRoutesForOthers() throws Exception {
        for (Route route : context().getRoutes()) {
            if (route.getEndpoint().getEndpointUri().startsWith("direct:")) {
                context().getRouteController().startRoute(route.getRouteId());
            }
        }
        ledger().recoverCrashed();
        deliverMissed();
    }

    /** Hands out again what channels have missed, in earlier runs or in this one; what cannot be is for the next time. */
    void deliverMissed() {
        try (ProducerTemplate template = context().createProducerTemplate()) {
            template.send("direct:deliver-missed", exchange -> {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * What looks like a setting in {@code config/application.properties} or the environment and is none, a line each:
     * the key, and what was probably meant.
     */
    static List<String> unknownKeys() throws IOException {
        Properties configuration = CONFIGURATION.read();
        Set<String> settings = new HashSet<>(PropertyFile.defaults().stringPropertyNames());
        String routes = RouteFile.of(ROUTES).stream().map(RouteFile::text).collect(Collectors.joining());
        List<String> unknown = new ArrayList<>();
        for (String line : UnknownKeys.inFile(settings, configuration, routes)) {
            unknown.add(CONFIGURATION + ": " + line);
        }
        for (String key : CONFIGURATION.repeated()) {
            unknown.add(CONFIGURATION + ": " + key + ": is there more than once, the last one counts");
        }
        for (Path other : RouteFile.others(ROUTES)) {
            unknown.add(other + ": is not read, expected a file in " + ROUTES + " that ends in .yaml");
        }
        settings.addAll(configuration.stringPropertyNames());
        for (String line :
                UnknownKeys.inSystemProperties(settings, System.getProperties().stringPropertyNames())) {
            unknown.add("-D: " + line);
        }
        for (String line : UnknownKeys.inEnvironment(settings, System.getenv().keySet())) {
            unknown.add("environment: " + line);
        }
        return unknown;
    }

    /** So that a setting in the environment counts less than one by -D, and more than the file. */
    private static void environmentToSystemProperties(Properties... known) {
        Map<String, String> environment = System.getenv();
        for (Properties properties : known) {
            for (String key : properties.stringPropertyNames()) {
                String value = environment.get(UnknownKeys.variable(key));
                if (value != null && System.getProperty(key) == null) {
                    System.setProperty(key, value);
                }
            }
        }
    }

    /** To Camel a system property counts more than one that overrides, which must not be: it may be a real address. */
    private void override(String key, String value) {
        if (System.getProperty(key) != null) {
            setAside.put(key, System.clearProperty(key));
        }
        main.addOverrideProperty(key, value);
    }

    @Override
    public CamelContext context() {
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

    Health health() {
        return bean(Health.class);
    }

    /** From now on no call begins; those in flight end. */
    void stopCalls() {
        Stopping stopping = context() == null ? null : bean(Stopping.class);
        if (stopping != null) {
            stopping.stop();
        }
    }

    @Override
    public void close() {
        main.stop();
        main.shutdown();
        if (context() != null) {
            // Camel takes what failed to start for stopped, and leaves its beans open.
            ServiceHelper.stopAndShutdownService(context().getRegistry());
        }
        setAside.forEach(System::setProperty);
    }
}
