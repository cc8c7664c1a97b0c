package dev.agentcall.call;

import java.util.List;

/**
 * The fields of an AgentCall request, in the order in which uContact's documentation lists them and in which they are
 * sent. {@link #DATA} belongs to AgentCallwithData and is the only one that may be absent.
 */
public enum Field {
    CALLERID(Kind.NUMBER),
    AGENT(Kind.TEXT),
    PHONE(Kind.NUMBER),
    TECH(Kind.TEXT),
    CONTEXT(Kind.TEXT),
    OUTQUEUE(Kind.TEXT),
    DESTINATION(Kind.NUMBER),
    DATA(Kind.FREE);

    /** How a field's value is checked. */
    public enum Kind {
        /** Digits, {@code *}, {@code #} and a leading {@code +}; never read as a number. */
        NUMBER,
        /** One line of text, 1 to 255 code points. */
        TEXT,
        /** Any text, sent as it is. */
        FREE
    }

    /** The seven that every request needs. */
    public static final List<Field> REQUIRED = List.of(CALLERID, AGENT, PHONE, TECH, CONTEXT, OUTQUEUE, DESTINATION);

    private final Kind kind;
    private final String key;

    Field(Kind kind) {
        this.kind = kind;
        this.key = name().toLowerCase(java.util.Locale.ROOT);
    }

    public Kind kind() {
        return kind;
    }

    /** The field's name as uContact spells it, for example {@code outqueue}. */
    public String key() {
        return key;
    }

    /** The field with this exact name, or null. */
    public static Field ofKey(String key) {
        for (Field field : values()) {
            if (field.key.equals(key)) {
                return field;
            }
        }
        return null;
    }
}
