package dev.agentcall.app;

import picocli.CommandLine.IVersionProvider;

/** The version out of the jar's manifest. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
        String version = AgentCall.class.getPackage().getImplementationVersion();
        return new String[] {"agentcall " + (version == null ? "(not packaged)" : version)};
    }
}
