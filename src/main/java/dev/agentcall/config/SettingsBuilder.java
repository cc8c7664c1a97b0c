package dev.agentcall.config;

import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;

/** Builds the bean {@code agentcallSettings} out of Camel's property placeholders. */
public final class SettingsBuilder implements CamelContextAware {

    private CamelContext context;

    /**
     * Reads the settings and makes the folders they name.
     *
     * @throws SettingsException if there is a fault in them
     */
    public Settings build() {
        Settings settings = Settings.read(key -> context.resolvePropertyPlaceholders("{{" + key + ":}}"));
        settings.makeFolders();
        return settings;
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
