package dev.agentcall.config;

import org.apache.camel.CamelContext;
import org.apache.camel.spi.ContextServicePlugin;
import org.apache.camel.support.service.BaseService;

/** Found by Camel through {@code META-INF/services}: where this jar is, its defaults are. */
public final class DefaultsPlugin implements ContextServicePlugin {

    @Override
    public void load(CamelContext context) {
        Defaults defaults = new Defaults();
        // A component for properties looks into the registry when it is made, which may have been before, and a runtime
        // such as Spring Boot makes another one later.
        context.getRegistry().bind("agentcallDefaults", defaults);
        if (context.getPropertiesComponent() instanceof BaseService properties && !properties.isNew()) {
            context.getPropertiesComponent().addPropertiesSource(defaults);
        }
    }
}
