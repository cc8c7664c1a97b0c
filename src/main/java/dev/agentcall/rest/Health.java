package dev.agentcall.rest;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.agentcall.call.Deliveries;
import dev.agentcall.call.Gate;
import dev.agentcall.ledger.Ledger;
import dev.agentcall.ledger.LedgerException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Route;

/** Answers whether the process lives, and whether it can do its work now. */
public final class Health implements CamelContextAware {

    private static final JsonMapper JSON = new JsonMapper();
    private static final long REMEMBERED_NANOS = Duration.ofSeconds(1).toNanos();
    /**
     * An outage ends when a call is tried. Where calls come over REST only, and somebody before us sends them only to
     * those who are ready, nobody would ever try one; so who could have been tried for this long is ready for that.
     */
    private static final Duration LONGEST_UNTRIED = Duration.ofMinutes(1);

    private final Gate gate;
    private final Ledger ledger;
    private final Deliveries deliveries;
    private volatile Set<String> expectedRoutes = Set.of();
    private CamelContext context;
    private String ledgerFault;
    private Long ledgerAskedNanos;

    /** {@code reason} is null if all is well. */
    private record Answer(String name, String reason) {}

    public Health(Gate gate, Ledger ledger, Deliveries deliveries) {
        this.gate = gate;
        this.ledger = ledger;
        this.deliveries = deliveries;
    }

    /** From now on the routes that are there now, and start by themselves, are expected to run. */
    public void expectRoutes() {
        expectRoutesInPlaceOf(Set.of());
    }

    /** The same, and no longer those that were taken out on purpose. */
    public synchronized void expectRoutesInPlaceOf(Collection<String> gone) {
        Set<String> expected = new TreeSet<>(expectedRoutes);
        expected.removeAll(gone);
        context.getRoutes().stream().filter(Route::isAutoStartup).forEach(route -> expected.add(route.getRouteId()));
        expectedRoutes = expected;
    }

    /** Answers that the process lives. */
    public void live(Exchange exchange) {
        answer(exchange, 200, JSON.createObjectNode().put("status", "UP"));
    }

    /** Answers whether calls can be placed: 200, or 503 with what is wrong. */
    public void ready(Exchange exchange) {
        List<Answer> checked = check();
        boolean ready = checked.stream().allMatch(answer -> answer.reason == null);
        ObjectNode json = JSON.createObjectNode().put("status", word(ready));
        ArrayNode checks = json.putArray("checks");
        for (Answer answer : checked) {
            ObjectNode check = checks.addObject().put("name", answer.name).put("status", word(answer.reason == null));
            if (answer.reason != null) {
                check.put("reason", answer.reason);
            }
        }
        answer(exchange, ready ? 200 : 503, json);
    }

    private static String word(boolean up) {
        return up ? "UP" : "DOWN";
    }

    private List<Answer> check() {
        List<Answer> checked = new ArrayList<>();
        checked.add(new Answer("ledger", ledger()));
        checked.add(new Answer("ucontact", ucontact()));
        checked.add(new Answer("routes", routes()));
        checked.add(new Answer("channels", deliveries.overdue()));
        for (ReadinessCheck check : context.getRegistry().findByType(ReadinessCheck.class)) {
            checked.add(new Answer(check.name(), check.notReady()));
        }
        return checked;
    }

    /** Writes, and that not more often than once a second, however often somebody asks. */
    private synchronized String ledger() {
        if (ledgerAskedNanos == null || System.nanoTime() - ledgerAskedNanos > REMEMBERED_NANOS) {
            try {
                ledger.checkWritable();
                ledgerFault = null;
            } catch (LedgerException e) {
                ledgerFault = e.getMessage();
            }
            ledgerAskedNanos = System.nanoTime();
        }
        return ledgerFault;
    }

    private String ucontact() {
        if (gate.isStopping()) {
            return "stopping";
        }
        String detail = gate.outageDetail();
        Duration untilNextTry = gate.untilNextTry();
        return detail == null
                        || untilNextTry == null
                        || untilNextTry.plus(LONGEST_UNTRIED).isNegative()
                ? null
                : "unavailable: " + detail;
    }

    private String routes() {
        Set<String> missing = new TreeSet<>(expectedRoutes);
        boolean none = missing.isEmpty();
        for (Route route : context.getRoutes()) {
            if (context.getRouteController().getRouteStatus(route.getRouteId()).isStarted()) {
                missing.remove(route.getRouteId());
            }
        }
        return none ? "there are none" : missing.isEmpty() ? null : "not started: " + missing;
    }

    private static void answer(Exchange exchange, int status, ObjectNode json) {
        Message message = exchange.getMessage();
        message.removeHeaders("*");
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        message.setHeader(Exchange.CONTENT_TYPE, "application/json");
        message.setBody(json.toString().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public CamelContext getCamelContext() {
        return context;
    }

    @Override
    public void setCamelContext(CamelContext context) {
        this.context = context;
    }
}
