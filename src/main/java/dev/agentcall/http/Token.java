package dev.agentcall.http;

import dev.agentcall.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** uContact's token, out of the setting or out of a file that may change while the program runs. */
public final class Token {

    private final Path file;
    private volatile String value;
    private volatile boolean refused;

    /**
     * Takes the token from the settings.
     *
     * @throws IllegalArgumentException if the file is empty or cannot be read
     */
    public Token(Settings settings) {
        file = settings.tokenFile();
        value = file == null ? settings.token() : read(file);
    }

    /** The token. After a refusal it is read again each time, where it is in a file; what was read before stays if that fails. */
    public String value() {
        if (refused && file != null) {
            try {
                value = read(file);
            } catch (IllegalArgumentException e) {
                // The old token is as good as none; the next probe reads the file again.
            }
        }
        return value;
    }

    /** What uContact said to the token. */
    public void refused(boolean isRefused) {
        refused = isRefused;
    }

    /**
     * The token in a file.
     *
     * @throws IllegalArgumentException if there is none in it, or it cannot be read
     */
    public static String read(Path file) {
        String found;
        try {
            String token = Files.readString(file).strip();
            if (!token.isEmpty() && token.chars().allMatch(c -> c > ' ' && c < 127)) {
                return token;
            }
            found = "a file without a token in one line";
        } catch (IOException e) {
            found = e.toString();
        }
        throw new IllegalArgumentException("agentcall.ucontact.token-file: found " + file + " (" + found
                + "), expected a file that holds the token");
    }
}
