package dev.agentcall.rest;

import dev.agentcall.call.Deliveries;
import dev.agentcall.call.Gate;
import dev.agentcall.call.Outcome;
import dev.agentcall.config.Settings;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Route;
import org.apache.camel.spi.RoutePolicy;
import org.apache.camel.spi.RoutePolicyFactory;
import org.apache.camel.support.RoutePolicySupport;

/**
 * Counts for Prometheus: outcomes by kind and source, how long calls take, how many are in flight, what is out of
 * order, and each route's exchanges. No label has values that a sender chooses. The application's own registries, if it has any, get them as well.
 * Nothing is counted before {@link #open}: a process that serves no metrics pays nothing for them.
 */
public final class Metrics implements Consumer<Outcome>, RoutePolicyFactory, CamelContextAware, AutoCloseable {

    private static final Duration[] BUCKETS = {
        Duration.ofMillis(10), Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(500),
        Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(60)
    };

    private final Gate gate;
    private final Deliveries deliveries;
    private final boolean served;
    private final Map<String, Counter> outcomes = new ConcurrentHashMap<>();
    private CamelContext context;
    private JvmGcMetrics garbage;
    private Timer calls;
    private PrometheusMeterRegistry own;
    private volatile MeterRegistry registry;

    public Metrics(Settings settings, Gate gate, Deliveries deliveries) {
        this.gate = gate;
        this.deliveries = deliveries;
        this.served = settings.rest() != null;
    }

    /** From now on things are counted, if there is anybody to read it: over REST, or in the application's registry. */
    public void open() {
        CompositeMeterRegistry opened = new CompositeMeterRegistry();
        hosts().forEach(opened::add);
        if (served) {
            own = own();
            opened.add(own);
        }
        if (opened.getRegistries().isEmpty()) {
            return;
        }
        calls = Timer.builder("agentcall")
                .description("From sending a request to uContact to the last byte of its answer")
                .serviceLevelObjectives(BUCKETS)
                .register(opened);
        Gauge.builder("agentcall.inflight", gate, Gate::inFlight)
                .description("Calls that are being made now")
                .register(opened);
        Gauge.builder("agentcall.available", gate, open -> open.outageDetail() == null ? 1 : 0)
                .description("1 while uContact takes calls, 0 while they wait for it")
                .register(opened);
        undelivered("success", Deliveries::waitingForSuccess, opened);
        undelivered("error", Deliveries::waitingForError, opened);
        registry = opened;
    }

    private void undelivered(String channel, ToDoubleFunction<Deliveries> waiting, MeterRegistry opened) {
        Gauge.builder("agentcall.undelivered", deliveries, waiting)
                .description("Outcomes that wait for a channel that fails")
                .tag("channel", channel)
                .register(opened);
    }

    /** One that holds others is enough: they get what it gets. */
    private Collection<MeterRegistry> hosts() {
        Set<MeterRegistry> hosts = context.getRegistry().findByType(MeterRegistry.class);
        return hosts.stream()
                .filter(CompositeMeterRegistry.class::isInstance)
                .findFirst()
                .<Collection<MeterRegistry>>map(List::of)
                .orElse(hosts);
    }

    /** An application that has a registry knows about its process what it wants to know; here is the rest. */
    private PrometheusMeterRegistry own() {
        PrometheusMeterRegistry opened = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        garbage = new JvmGcMetrics();
        garbage.bindTo(opened);
        new JvmMemoryMetrics().bindTo(opened);
        new JvmThreadMetrics().bindTo(opened);
        new ClassLoaderMetrics().bindTo(opened);
        new ProcessorMetrics().bindTo(opened);
        new UptimeMetrics().bindTo(opened);
        return opened;
    }

    /** Counts an outcome. */
    @Override
    public void accept(Outcome outcome) {
        MeterRegistry open = registry;
        if (open == null) {
            return;
        }
        String kind = outcome.kind().word();
        String source = outcome.request().source().kind();
        outcomes.computeIfAbsent(kind + ' ' + source, key -> Counter.builder("agentcall.outcomes")
                        .description("Requests that have their outcome")
                        .tag("outcome", kind)
                        .tag("source", source)
                        .register(open))
                .increment();
        if (outcome.millis() != null && !outcome.replayed()) {
            calls.record(outcome.millis(), TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public RoutePolicy createRoutePolicy(CamelContext camelContext, String routeId, NamedNode route) {
        return new RouteTimes(routeId);
    }

    /** Answers with all figures, as Prometheus reads them. */
    public void scrape(Exchange exchange) {
        exchange.getMessage().removeHeaders("*");
        exchange.getMessage().setHeader(Exchange.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
        exchange.getMessage().setBody(own.scrape().getBytes(StandardCharsets.UTF_8));
    }

    /** One route's exchanges: how many, how long, and how many failed. */
    private final class RouteTimes extends RoutePolicySupport {
        private final String routeId;
        private final String begun;
        private volatile Timer times;
        private volatile Counter failures;

        private RouteTimes(String routeId) {
            this.routeId = routeId;
            this.begun = "agentcall.begun." + routeId;
        }

        @Override
        public void onExchangeBegin(Route route, Exchange exchange) {
            if (registry != null) {
                exchange.setProperty(begun, System.nanoTime());
            }
        }

        @Override
        public void onExchangeDone(Route route, Exchange exchange) {
            Long since = registry == null ? null : (Long) exchange.removeProperty(begun);
            if (since != null) {
                if (times == null) {
                    register(registry);
                }
                times.record(System.nanoTime() - since, TimeUnit.NANOSECONDS);
                if (exchange.isFailed()) {
                    failures.increment();
                }
            }
        }

        private synchronized void register(MeterRegistry open) {
            failures = Counter.builder("agentcall.route.failures")
                    .description("Exchanges of a route that ended with an exception")
                    .tag("route", routeId)
                    .register(open);
            times = Timer.builder("agentcall.route")
                    .description("Exchanges of a route, and how long they took")
                    .tag("route", routeId)
                    .register(open);
        }
    }

    @Override
    public CamelContext getCamelContext() {
        return context;
    }

    @Override
    public void setCamelContext(CamelContext context) {
        if (this.context == null) { // adding the factory sets the context once more
            this.context = context;
            context.addRoutePolicyFactory(this);
        }
    }

    @Override
    public void close() {
        if (own != null) { // the others are not ours to close
            garbage.close();
            own.close();
        }
    }
}
