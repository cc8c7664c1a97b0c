package dev.agentcall.call;

/** The process is stopping: the request was not sent and stays where it came from. */
public class StoppingException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public StoppingException() {
        super("stopping, the request was not sent");
    }
}
