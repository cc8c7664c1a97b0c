package dev.agentcall.call;

/** The agent was not free, or it was not the request's turn, for as long as its sender waits. Nothing was sent. */
public class BusyException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public BusyException(String detail) {
        super(detail);
    }
}
