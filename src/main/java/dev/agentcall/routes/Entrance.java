package dev.agentcall.routes;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.camel.Exchange;

/** Counts who is inside, and while it is closed lets in only whom it has to: who else comes then waits. */
final class Entrance {

    /** Exchange property: the entrances that the exchange is inside of. */
    private static final String INSIDE = "agentcall.inside";

    private int inside;
    /** Null while it is open. */
    private Predicate<Exchange> admitted;

    /** True if the exchange is inside one of them, be it by way of other routes. */
    static boolean isInside(Exchange exchange, Collection<Entrance> entrances) {
        return entrances(exchange).stream().anyMatch(entrances::contains);
    }

    private static Set<?> entrances(Exchange exchange) {
        return exchange.getProperty(INSIDE, Set.of(), Set.class);
    }

    /** Gives what undoes it. */
    Runnable enter(Exchange exchange) throws InterruptedException {
        synchronized (this) {
            while (admitted != null && !admitted.test(exchange)) {
                wait();
            }
            inside++;
        }
        Set<?> before = entrances(exchange);
        Set<Object> now = new HashSet<>(before);
        now.add(this);
        exchange.setProperty(INSIDE, now);
        return () -> {
            exchange.setProperty(INSIDE, before);
            leave();
        };
    }

    private synchronized void leave() {
        inside--;
        notifyAll();
    }

    synchronized void close(Predicate<Exchange> nowAdmitted) {
        admitted = nowAdmitted;
        notifyAll();
    }

    synchronized void open() {
        admitted = null;
        notifyAll();
    }

    /** Waits until nobody is inside, for so long at most, and gives how many still are. */
    synchronized int awaitEmpty(Duration atMost) throws InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        for (long left = atMost.toMillis(); inside > 0 && left > 0; left = (end - System.nanoTime()) / 1_000_000) {
            wait(left);
        }
        return inside;
    }
}
