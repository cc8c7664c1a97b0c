package dev.agentcall.app;

import dev.agentcall.config.Settings;
import dev.agentcall.http.UcontactHttp;
import java.io.IOException;

/** Finds out, without placing a call, whether calls could be placed. */
final class Check {

    int run() throws Exception {
        Logging.onlyWarnings();
        try (Bundle bundle = Bundle.start(Bundle.Extent.LOADED)) {
            Settings settings = bundle.settings();
            System.out.println("configuration  good");
            System.out.println(
                    "routes         good, " + bundle.context().getRoutes().size() + " loaded");
            System.out.println("ledger         good, " + settings.ledgerUrlShown());
            try {
                int status = bundle.context()
                        .getRegistry()
                        .findSingleByType(UcontactHttp.class)
                        .probe();
                System.out.println("uContact       answers, " + settings.ucontactUrl() + " (HTTP " + status + ")");
                return ExitCode.ALL_PLACED;
            } catch (IOException e) {
                System.out.println("uContact       does not answer");
                System.err.println("agentcall: agentcall.ucontact.url: found " + settings.ucontactUrl() + " ("
                        + UcontactHttp.describe(e) + "), expected a host that answers HTTP");
                return ExitCode.BAD_CONFIGURATION;
            }
        }
    }
}
