package dev.agentcall.config;

import org.apache.camel.CamelContext;
import org.apache.camel.spi.ContextServicePlugin;

/** Found by Camel through {@code META-INF/services}: where this jar is, its defaults are. */
public final class DefaultsPlugin implements ContextServicePlugin {

    @Override
    public void load(CamelContext context) {
        // In the registry, because a runtime may replace the component for properties, and each looks there.
        context.getRegistry().bind("agentcallDefaults", new Defaults());
    }
}
