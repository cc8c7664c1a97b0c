package dev.agentcall.app;

/** How much is logged; to be set before the first line is. */
final class Logging {

    private Logging() {}

    /** For commands whose own output tells how it went. A level given by -D stays. */
    static void onlyWarnings() {
        if (System.getProperty("agentcall.log.level") == null) {
            System.setProperty("agentcall.log.level", "warn");
        }
    }
}
