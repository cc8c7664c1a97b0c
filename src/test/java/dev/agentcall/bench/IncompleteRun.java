package dev.agentcall.bench;

/** A run that did not do the whole job, so that its times mean nothing. The message says what was missing. */
final class IncompleteRun extends Exception {

    private static final long serialVersionUID = 1;

    IncompleteRun(String message) {
        super(message);
    }
}
