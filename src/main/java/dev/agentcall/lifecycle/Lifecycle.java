package dev.agentcall.lifecycle;

import dev.agentcall.call.Channel;
import dev.agentcall.call.Stopping;
import dev.agentcall.config.Settings;
import dev.agentcall.csv.CsvFiles;
import dev.agentcall.ledger.Ledger;
import dev.agentcall.rest.Health;
import dev.agentcall.rest.Metrics;
import dev.agentcall.rest.RestServer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.StartupListener;
import org.apache.camel.spi.ShutdownStrategy;
import org.apache.camel.support.LifecycleStrategySupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has to happen before the routes start, once they run, and before they stop, in whatever application they run in.
 *
 * <p>Before: what cannot work fails the start, so that no call is made; calls of crashed processes get their outcome.
 * At the end: no call begins any more, and Camel waits for as long as a call in flight may take. Where Camel does not
 * start the routes by itself, nothing of it happens but that the channels are opened.
 */
public final class Lifecycle extends LifecycleStrategySupport implements StartupListener, CamelContextAware {

    private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);

    /** What is to be done after the last answer: the outcome into the ledger and into its channel. */
    private static final Duration MARGIN = Duration.ofSeconds(3);

    private final Settings settings;
    private final Stopping stopping;
    private final Ledger ledger;
    private final Channel success;
    private final Channel error;
    private final Metrics metrics;
    private final Health health;
    private final RestServer rest;
    private final CsvFiles files;
    private CamelContext context;

    public Lifecycle(
            Settings settings,
            Stopping stopping,
            Ledger ledger,
            Channel success,
            Channel error,
            Metrics metrics,
            Health health,
            RestServer rest,
            CsvFiles files) {
        this.settings = settings;
        this.stopping = stopping;
        this.ledger = ledger;
        this.success = success;
        this.error = error;
        this.metrics = metrics;
        this.health = health;
        this.rest = rest;
        this.files = files;
    }

    @Override
    public void onCamelContextStarting(CamelContext starting, boolean alreadyStarted) {
        success.open();
        error.open();
        if (starting.isAutoStartup()) {
            rest.open();
            metrics.open();
            ledger.recoverCrashed();
            try {
                files.endMoved();
            } catch (IOException e) {
                LOG.warn("files that are done are not in their places yet: {}", e.toString());
            }
        }
    }

    @Override
    public void onCamelContextStarted(CamelContext started, boolean alreadyStarted) {
        // Comes before the last route is started, and again with each route that is started alone.
    }

    @Override
    public void onCamelContextFullyStarted(CamelContext started, boolean alreadyStarted) throws Exception {
        if (started.isAutoStartup()) {
            health.expectRoutes();
            rest.start();
        }
    }

    /** REST first, so that who comes now is told so, and who waits for an outcome gets it; the routes are next. */
    @Override
    public void onContextStopping(CamelContext ending) {
        Instant end = Instant.now().plus(settings.responseTimeout()).plus(MARGIN);
        stopping.stop();
        try {
            rest.stop(Duration.between(Instant.now(), end));
        } catch (Exception e) {
            LOG.warn("REST did not stop in good order: {}", e.toString());
        }
        ShutdownStrategy shutdown = ending.getShutdownStrategy();
        long needed = Math.max(1, Duration.between(Instant.now(), end).toSeconds());
        if (shutdown.getTimeUnit().toSeconds(shutdown.getTimeout()) < needed) {
            shutdown.setTimeUnit(TimeUnit.SECONDS);
            shutdown.setTimeout(needed);
        }
    }

    @Override
    public CamelContext getCamelContext() {
        return context;
    }

    @Override
    public void setCamelContext(CamelContext context) {
        if (this.context == null) { // adding the listeners sets the context once more
            if (context.isStarted()) {
                throw new IllegalStateException(
                        "found a CamelContext that is started, expected that the routes are loaded before its start");
            }
            this.context = context;
            context.addLifecycleStrategy(this);
            try {
                context.addStartupListener(this);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
