package dev.agentcall.ledger;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;

/** A PostgreSQL server of the tests' own. */
public final class RealPostgres {

    private RealPostgres() {}

    /** Starts a server on a free port; where none can run, the tests that want it are skipped, and that is told. */
    public static EmbeddedPostgres start() {
        try {
            return EmbeddedPostgres.builder()
                    .setPGStartupWait(Duration.ofMinutes(1))
                    .start();
        } catch (IOException | RuntimeException e) {
            String skipped = "SKIPPED, nothing is known about PostgreSQL: no server can be started here: " + e;
            System.err.println(skipped);
            return Assumptions.abort(skipped);
        }
    }
}
