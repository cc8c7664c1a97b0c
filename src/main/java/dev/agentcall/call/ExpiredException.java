package dev.agentcall.call;

/** The request had to wait for so long that its sender does not want the call any more. It was not sent. */
public class ExpiredException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public ExpiredException(String requestId) {
        super("request " + Text.shown(requestId, 200) + " expired while it waited, and was not sent");
    }
}
