package dev.agentcall.app;

import dev.agentcall.config.Settings;
import dev.agentcall.http.UcontactHttp;
import dev.agentcall.jms.Broker;
import jakarta.jms.JMSException;
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
            boolean broker = settings.jms() == null || broker(bundle, settings);
            try {
                int status = bundle.context()
                        .getRegistry()
                        .findSingleByType(UcontactHttp.class)
                        .probe();
                System.out.println("uContact       answers, " + settings.ucontactUrl() + " (HTTP " + status + ")");
                return broker ? ExitCode.ALL_PLACED : ExitCode.BAD_CONFIGURATION;
            } catch (IOException e) {
                System.out.println("uContact       does not answer");
                System.err.println("agentcall: agentcall.ucontact.url: found " + settings.ucontactUrl() + " ("
                        + UcontactHttp.describe(e) + "), expected a host that answers HTTP");
                return ExitCode.BAD_CONFIGURATION;
            }
        }
    }

    private static boolean broker(Bundle bundle, Settings settings) {
        try {
            bundle.context().getRegistry().findSingleByType(Broker.class).check();
            System.out.println("broker         answers, " + settings.jms().urlShown());
            return true;
        } catch (JMSException e) {
            System.out.println("broker         cannot be used");
            System.err.println("agentcall: " + e.getMessage());
            return false;
        }
    }
}
