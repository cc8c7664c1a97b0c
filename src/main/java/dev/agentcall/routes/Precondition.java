package dev.agentcall.routes;

import org.apache.camel.CamelContext;
import org.apache.camel.support.DefaultExchange;

/** Whether a route is switched on, as Camel finds out when it loads it. */
final class Precondition {

    private Precondition() {}

    /** @throws Exception if it has a placeholder without a value, or is no expression */
    static boolean holds(CamelContext context, String precondition) throws Exception {
        return context.resolveLanguage("simple")
                .createPredicate(context.resolvePropertyPlaceholders(precondition))
                .matches(new DefaultExchange(context));
    }
}
