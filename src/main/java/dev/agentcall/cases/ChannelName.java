package dev.agentcall.cases;

import java.util.Locale;

/** One of the two channels. */
enum ChannelName {
    SUCCESS,
    ERROR;

    private static final String PREFIX = "jsonl:agentcall-case/";

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static ChannelName ofWord(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }

    /** The endpoint that is in the channel while cases run. It is never written to. */
    String endpoint() {
        return PREFIX + word();
    }

    /** The channel that this endpoint is in, null for any other endpoint. */
    static ChannelName of(String endpoint) {
        for (ChannelName channel : values()) {
            if (channel.endpoint().equals(endpoint)) {
                return channel;
            }
        }
        return null;
    }
}
