package dev.agentcall.app;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;

/**
 * Lets the program end in good order on SIGTERM and SIGINT: it is told to stop, and the process waits until it has, and
 * ends with its exit code rather than the signal's.
 */
final class Termination implements AutoCloseable {

    /** What a program has come to whose process is about to end; null before. */
    private static volatile Integer last;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook;
    private volatile int exitCode;
    private volatile boolean requested;

    private Termination(Runnable stop, int brokenOff) {
        exitCode = brokenOff;
        hook = new Thread(
                () -> {
                    requested = true;
                    stop.run();
                    try {
                        ended.await(1, TimeUnit.HOURS); // the calls in flight have deadlines of their own
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    System.out.flush();
                    Runtime.getRuntime().halt(exitCode);
                },
                "agentcall-termination");
    }

    /** Runs the program and ends the process with its code, also if a signal comes between the two. */
    static void exitWith(IntSupplier program) {
        AtomicBoolean exits = new AtomicBoolean();
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            Integer code = last;
                            if (code != null && !exits.get()) {
                                System.out.flush();
                                Runtime.getRuntime().halt(code);
                            }
                        },
                        "agentcall-end"));
        int code = program.getAsInt();
        exits.set(true);
        System.exit(code);
    }

    /**
     * From now on a signal runs {@code stop}.
     *
     * @param brokenOff what the process ends with if a signal ends it before the program has come to a code of its own:
     *     a start that is broken off fails in its own ways
     */
    static Termination onSignal(Runnable stop, int brokenOff) {
        Termination termination = new Termination(stop, brokenOff);
        Runtime.getRuntime().addShutdownHook(termination.hook);
        return termination;
    }

    /** True once a signal came. */
    boolean isRequested() {
        return requested;
    }

    /** The program has ended: a process that waits for that ends with this code. */
    int ended(int code) {
        exitCode = code;
        last = code;
        ended.countDown();
        close();
        return code;
    }

    @Override
    public void close() {
        ended.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending already.
        }
    }
}
