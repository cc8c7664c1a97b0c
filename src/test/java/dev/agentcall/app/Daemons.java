package dev.agentcall.app;

import java.io.IOException;

/** Threads of servers that a test starts; none outlives the tests. */
final class Daemons {

    private Daemons() {}

    /** What such a thread does. It ends with an IOException where the other side has hung up, or the test is over. */
    interface Work {
        void run() throws IOException;
    }

    static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // That is its end.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }
}
