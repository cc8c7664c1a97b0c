package dev.agentcall.call;

/** uContact did not take the call. The request has no outcome and stays where it came from. */
public class UnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public UnavailableException(String detail) {
        super(detail);
    }
}
