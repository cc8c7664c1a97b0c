package dev.agentcall.ledger;

/** The ledger cannot be opened, read or written. Nothing is sent that it cannot record. */
public class LedgerException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public LedgerException(String message, Throwable cause) {
        super(message, cause);
    }
}
