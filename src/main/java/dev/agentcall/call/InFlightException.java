package dev.agentcall.call;

/** An equal request is in flight in another process, which will know its outcome; this one stops and waits no longer. */
public class InFlightException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public InFlightException() {
        super("a request with this id is in flight in another process");
    }
}
