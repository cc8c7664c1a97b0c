package dev.agentcall.app;

/** The program's exit codes; of several the highest wins. */
final class ExitCode {

    static final int ALL_PLACED = 0;
    static final int NOT_ALL_PLACED = 1;
    /** Bad configuration, or a file that is no CSV file of calls. */
    static final int BAD_CONFIGURATION = 2;
    /** The same command goes on where it stopped. */
    static final int INTERRUPTED = 3;

    private ExitCode() {}
}
