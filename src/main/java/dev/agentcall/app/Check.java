package dev.agentcall.app;

import dev.agentcall.config.Settings;
import dev.agentcall.config.SettingsException;
import dev.agentcall.http.UcontactHttp;
import dev.agentcall.jms.Broker;
import dev.agentcall.routes.RouteCheck;
import dev.agentcall.routes.RouteFile;
import dev.agentcall.routes.RouteFinding;
import jakarta.jms.JMSException;
import java.io.IOException;
import java.util.List;

/** Finds out, without placing a call, whether calls could be placed; tells of all that is wrong, not of the first. */
final class Check {

    int run() throws Exception {
        Logging.onlyWarnings();
        boolean good;
        Bundle.unknownKeys().forEach(line -> System.err.println("agentcall: " + line));
        try (Bundle settings = Bundle.start(Bundle.Extent.CONFIGURED)) {
            boolean configured = configuration(settings);
            good = routes(settings, configured) && configured;
        }
        if (!good) {
            System.out.println("ledger         not looked at, as long as the rest is not good");
            System.out.println("uContact       not asked, as long as the rest is not good");
            return ExitCode.BAD_CONFIGURATION;
        }
        try (Bundle bundle = Bundle.start(Bundle.Extent.LOADED)) {
            System.out.println(
                    "routes         good, " + bundle.context().getRoutes().size() + " loaded");
            System.out.println("ledger         good, " + bundle.settings().ledgerUrlShown());
            boolean broker = bundle.settings().jms() == null || broker(bundle);
            return ucontact(bundle) && broker ? ExitCode.ALL_PLACED : ExitCode.BAD_CONFIGURATION;
        }
    }

    private static boolean configuration(Bundle bundle) {
        try {
            Settings.read(key -> bundle.context().resolvePropertyPlaceholders("{{" + key + ":}}"));
            System.out.println("configuration  good");
            return true;
        } catch (SettingsException e) {
            System.out.println("configuration  not good");
            System.err.println(Faults.describe(e));
            return false;
        }
    }

    private static boolean routes(Bundle bundle, boolean configured) throws IOException {
        List<RouteFinding> findings = new RouteCheck(bundle.context()).check(RouteFile.of(Bundle.ROUTES));
        findings.forEach(finding -> System.err.println("agentcall: " + finding));
        long errors = findings.stream().filter(RouteFinding::error).count();
        if (errors > 0) {
            System.out.println("routes         not good, " + errors + (errors == 1 ? " error" : " errors"));
        } else if (!configured) {
            System.out.println("routes         no error found, not loaded as long as the configuration is not good");
        }
        return errors == 0;
    }

    private static boolean ucontact(Bundle bundle) {
        Settings settings = bundle.settings();
        try {
            int status = bundle.context()
                    .getRegistry()
                    .findSingleByType(UcontactHttp.class)
                    .probe();
            System.out.println("uContact       answers, " + settings.ucontactUrl() + " (HTTP " + status + ")");
            return true;
        } catch (IOException e) {
            System.out.println("uContact       does not answer");
            System.err.println("agentcall: agentcall.ucontact.url: found " + settings.ucontactUrl() + " ("
                    + UcontactHttp.describe(e) + "), expected a host that answers HTTP");
            return false;
        }
    }

    private static boolean broker(Bundle bundle) {
        try {
            bundle.context().getRegistry().findSingleByType(Broker.class).check();
            System.out.println(
                    "broker         answers, " + bundle.settings().jms().urlShown());
            return true;
        } catch (JMSException e) {
            System.out.println("broker         cannot be used");
            System.err.println("agentcall: " + e.getMessage());
            return false;
        }
    }
}
