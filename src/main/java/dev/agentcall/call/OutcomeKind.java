package dev.agentcall.call;

import java.util.Locale;

/** How a request ended. */
public enum OutcomeKind {
    /** uContact accepted the call and named it. */
    PLACED,
    /** A complete answer that places nothing. The same request may be sent again. */
    REJECTED,
    /** Failed validation, never sent. */
    INVALID,
    /** It may have reached uContact and no trustworthy answer came. A human has to look before it is sent again. */
    UNKNOWN;

    private final String word = name().toLowerCase(Locale.ROOT);

    /** The word used in outcomes, result files and the ledger. */
    public String word() {
        return word;
    }

    public static OutcomeKind ofWord(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }
}
