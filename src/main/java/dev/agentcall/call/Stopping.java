package dev.agentcall.call;

import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;

/** Tells whether calls may still begin: not once Camel is stopping, nor once {@link #stop} was called. */
public final class Stopping implements CamelContextAware {

    private CamelContext context;
    private volatile boolean stopped;

    public boolean isStopping() {
        return stopped || context.isStopping() || context.isStopped();
    }

    /** From now on no call begins. */
    public void stop() {
        stopped = true;
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
