package dev.agentcall.app;

import dev.agentcall.config.SettingsException;
import dev.agentcall.simulator.Fault;
import dev.agentcall.simulator.Simulator;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Runs only the simulator of uContact, until SIGTERM or SIGINT. */
final class SimulatorMode {

    private static final int HIGHEST_PORT = 65_535;

    private SimulatorMode() {}

    static int run(int port) throws InterruptedException {
        Logging.onlyWarnings();
        if (port < 0 || port > HIGHEST_PORT) {
            throw new SettingsException(List.of("--simulator: found " + port + ", expected a port from 0 to 65535"));
        }
        CountDownLatch stop = new CountDownLatch(1);
        try (Termination termination = Termination.onSignal(stop::countDown, 0);
                Simulator simulator = Simulator.start(
                        Simulator.Options.defaults().withPort(port).withKeptCalls(0))) {
            System.out.println("uContact simulator at " + simulator.uri()
                    + " (agentcall.ucontact.url); any token is good, an agent that begins with nobody is unknown");
            System.out.print(Fault.table());
            System.out.flush();
            stop.await();
            return termination.ended(0);
        } catch (IOException e) {
            throw new SettingsException(List.of(
                    "--simulator: found port " + port + " (" + e.getMessage() + "), expected a port that is free"));
        }
    }
}
