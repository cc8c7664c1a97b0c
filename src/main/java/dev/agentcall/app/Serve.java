package dev.agentcall.app;

import dev.agentcall.routes.RouteReload;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves all sources until SIGTERM or SIGINT; then ends the calls in flight, and nothing else. */
final class Serve {

    private static final Logger LOG = LoggerFactory.getLogger(Serve.class);

    int run() throws Exception {
        CountDownLatch stop = new CountDownLatch(1);
        try (Termination termination = Termination.onSignal(stop::countDown, 0)) {
            Bundle.unknownKeys().forEach(LOG::warn);
            try (Bundle bundle = Bundle.start(Bundle.Extent.ALL);
                    RouteReload reload = bundle.settings().reload()
                            ? RouteReload.watch(bundle.context(), Bundle.ROUTES, bundle.health()::expectRoutesInPlaceOf)
                            : null) {
                Path inbox = bundle.settings().inbox();
                LOG.info("serving {}", inbox == null ? "no inbox" : inbox.toAbsolutePath());
                stop.await();
                bundle.stopCalls();
                LOG.info("stopping, calls in flight end first"); // and no call begins any more
            }
            LOG.info("stopped");
            return termination.ended(0);
        }
    }
}
