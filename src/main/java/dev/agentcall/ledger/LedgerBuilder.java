package dev.agentcall.ledger;

import dev.agentcall.config.Settings;
import dev.agentcall.config.SettingsException;
import java.util.List;
import javax.sql.DataSource;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;

/** Opens the ledger: with connections of its own, or with those of the application where the setting names them. */
public final class LedgerBuilder implements CamelContextAware {

    private CamelContext context;

    /**
     * Opens it.
     *
     * @throws SettingsException if the application has no such DataSource
     * @throws LedgerException if it cannot be opened
     */
    public Ledger build() {
        Settings settings = context.getRegistry().lookupByNameAndType("agentcallSettings", Settings.class);
        String name = Settings.beanOf(settings.ledgerUrl());
        if (name == null) {
            return new Ledger(settings);
        }
        Object bean = context.getRegistry().lookupByName(name);
        if (bean instanceof DataSource connections) {
            return new Ledger(settings, connections);
        }
        throw new SettingsException(List.of("agentcall.ledger.url: found " + settings.ledgerUrl() + ", which is "
                + (bean == null ? "nothing" : "a " + bean.getClass().getName())
                + " in Camel's registry, expected a javax.sql.DataSource"));
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
