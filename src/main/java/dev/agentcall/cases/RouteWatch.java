package dev.agentcall.cases;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentcall.call.StoppingException;
import dev.agentcall.call.UnavailableException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import org.apache.camel.Exchange;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.spi.CamelEvent.ExchangeSendingEvent;
import org.apache.camel.spi.CamelEvent.ExchangeSentEvent;
import org.apache.camel.support.EventNotifierSupport;
import org.apache.camel.util.ObjectHelper;

/**
 * Notes what routes ask of uContact, wherever they do: each request that they give to place-call, and each use of another
 * operation that is judged by its own predicate.
 */
final class RouteWatch extends EventNotifierSupport {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String PLACE_CALL = "place-call";

    private final IntSupplier calls;
    private final IntSupplier sendings;
    private final Runnable giveUp;
    private final Map<String, Beginning> begun = new HashMap<>();
    private final List<Asked> asked = new ArrayList<>();
    private int beginnings;
    private boolean givenUp;

    /** What had arrived at uContact, and left the routes, when something began. */
    private record Beginning(int order, int calls, int sendings) {}

    /**
     * Something that was asked of uContact.
     *
     * @param calls how many POSTs had arrived before it began
     * @param sendings how much had left the routes before it began
     * @param answer the outcome, or the operation's result; null if there is none
     * @param unavailable why uContact did not take the call; null if it did, or was not asked
     */
    record Asked(int order, int calls, int sendings, JsonNode answer, String unavailable) {}

    /**
     * A watch of nothing yet.
     *
     * @param giveUp to be run when uContact does not take a call; from then on none may begin
     */
    RouteWatch(IntSupplier calls, IntSupplier sendings, Runnable giveUp) {
        this.calls = calls;
        this.sendings = sendings;
        this.giveUp = giveUp;
    }

    /** All that was asked so far, in the order in which it began, and forgets it. */
    synchronized List<Asked> take() {
        List<Asked> taken =
                asked.stream().sorted(Comparator.comparing(Asked::order)).toList();
        asked.clear();
        return taken;
    }

    /** True after a call that uContact did not take. */
    synchronized boolean isGivenUp() {
        return givenUp;
    }

    @Override
    public boolean isEnabled(CamelEvent event) {
        return event instanceof ExchangeSendingEvent || event instanceof ExchangeSentEvent;
    }

    @Override
    public synchronized void notify(CamelEvent event) {
        if (event instanceof ExchangeSendingEvent sending) {
            String uri = Shown.plain(sending.getEndpoint().getEndpointUri());
            begun.put(
                    key(sending.getExchange(), uri),
                    new Beginning(beginnings++, calls.getAsInt(), sendings.getAsInt()));
        } else if (event instanceof ExchangeSentEvent sent) {
            String uri = Shown.plain(sent.getEndpoint().getEndpointUri());
            Beginning beginning = begun.remove(key(sent.getExchange(), uri));
            if (beginning != null && uri.startsWith("direct:")) {
                ended(sent.getExchange(), uri.replaceAll("^direct:|\\?.*$", ""), beginning);
            }
        }
    }

    private static String key(Exchange exchange, String uri) {
        return exchange.getExchangeId() + " " + uri;
    }

    private void ended(Exchange exchange, String name, Beginning beginning) {
        Exception failure = exchange.getException();
        if (name.equals(PLACE_CALL)) {
            UnavailableException unavailable = ObjectHelper.getException(UnavailableException.class, failure);
            if (givenUp && ObjectHelper.getException(StoppingException.class, failure) != null) {
                return; // what comes behind the one that waits
            }
            if (unavailable != null) {
                givenUp = true;
                giveUp.run();
                // An error handler of the route would try it again for as long as it takes.
                exchange.getExchangeExtension().setRedeliveryExhausted(true);
            }
            note(
                    beginning,
                    failure == null ? json(exchange, "outcome") : null,
                    unavailable == null ? null : unavailable.getMessage());
        } else if (failure == null) {
            JsonNode result = json(exchange, "result");
            if (result != null && result.path("operation").asText().equals(name)) {
                note(beginning, result, null);
            }
        }
    }

    private void note(Beginning beginning, JsonNode answer, String unavailable) {
        asked.add(new Asked(beginning.order, beginning.calls, beginning.sendings, answer, unavailable));
    }

    /** The body as JSON with this member; null if it is none. */
    private static JsonNode json(Exchange exchange, String member) {
        return exchange.getMessage().getBody() instanceof String text ? json(text, member) : null;
    }

    /** The text as JSON with this member; null if it is none. */
    static JsonNode json(String text, String member) {
        try {
            JsonNode json = text == null ? null : JSON.readTree(text);
            return json != null && json.hasNonNull(member) ? json : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }
}
