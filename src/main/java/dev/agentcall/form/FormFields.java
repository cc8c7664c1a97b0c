package dev.agentcall.form;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads {@code application/x-www-form-urlencoded}. Clients that write the form by hand leave letters and signs as they
 * are, in the charset of their machine: a body that is not UTF-8 as a whole is windows-1252 as a whole.
 */
public final class FormFields {

    private static final Charset WINDOWS_1252 = Charset.forName("windows-1252");

    private FormFields() {}

    /** One field; of a name without {@code =} the value is empty. */
    public record Pair(String name, String value) {}

    /**
     * The fields in the order of the form, repeated ones too.
     *
     * @throws IllegalArgumentException if a {@code %} has no two hex digits behind it
     */
    public static List<Pair> decode(byte[] form) {
        // Escapes are undone in ISO 8859-1, where a char is a byte: the charset is known only when all bytes are.
        String body = new String(form, ISO_8859_1).strip();
        Charset charset = charsetOf(unescaped(body));
        List<Pair> pairs = new ArrayList<>();
        for (String pair : body.split("&")) {
            if (!pair.isEmpty()) {
                int sign = pair.indexOf('=');
                String name = sign < 0 ? pair : pair.substring(0, sign);
                String value = sign < 0 ? "" : pair.substring(sign + 1);
                pairs.add(new Pair(new String(unescaped(name), charset), new String(unescaped(value), charset)));
            }
        }
        return pairs;
    }

    private static byte[] unescaped(String text) {
        return URLDecoder.decode(text, ISO_8859_1).getBytes(ISO_8859_1);
    }

    private static Charset charsetOf(byte[] bytes) {
        try {
            UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return UTF_8;
        } catch (CharacterCodingException e) {
            return WINDOWS_1252;
        }
    }
}
