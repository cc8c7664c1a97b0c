package dev.agentcall.routes;

import java.time.Duration;

/** Counts who is inside, and lets nobody in while it is closed: who comes then waits. */
final class Entrance {

    private int inside;
    private boolean closed;

    synchronized void enter() throws InterruptedException {
        while (closed) {
            wait();
        }
        inside++;
    }

    synchronized void leave() {
        inside--;
        notifyAll();
    }

    synchronized void close() {
        closed = true;
    }

    synchronized void open() {
        closed = false;
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
