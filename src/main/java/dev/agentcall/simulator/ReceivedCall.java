package dev.agentcall.simulator;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpRequest;

/**
 * An AgentCall, or another operation's POST, whose form arrived completely, whatever was answered.
 *
 * @param method the HTTP method; anything but POST only where {@link Simulator.Options#answers} decide
 * @param path the path without the query, e.g. {@code /Integra/resources/Agents/AgentCall}
 * @param fields the decoded fields in the order of the form; of a repeated field the first value
 * @param body the form as it came over the wire, one char per byte
 * @param headers the headers by name in any case; the values of a repeated header are joined with {@code ", "}
 * @param wellFormed false if a field was repeated, or if an escape is broken ({@code %} without two hex digits): then
 *     there are no fields
 */
public record ReceivedCall(
        String method,
        String path,
        Map<String, String> fields,
        String body,
        Map<String, String> headers,
        boolean wellFormed) {

    private static final Charset WINDOWS_1252 = Charset.forName("windows-1252");

    /** Keeps its own unmodifiable copies. */
    public ReceivedCall {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
        Map<String, String> anyCase = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        anyCase.putAll(headers);
        headers = Collections.unmodifiableMap(anyCase);
    }

    /**
     * Decodes a form. It is read as UTF-8 or, if its bytes are not UTF-8, as windows-1252 from beginning to end: some
     * clients encode in the charset of their machine.
     */
    static ReceivedCall read(HttpRequest request, String path, byte[] form) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (Header header : request.getHeaders()) {
            headers.merge(header.getName(), header.getValue(), (first, next) -> first + ", " + next);
        }
        String body = new String(form, ISO_8859_1);
        Map<String, String> fields = new LinkedHashMap<>();
        boolean wellFormed = true;
        try {
            // Escapes are undone in ISO 8859-1, where a char is a byte: the charset is known only when all bytes are.
            Charset charset = charsetOf(URLDecoder.decode(body, ISO_8859_1).getBytes(ISO_8859_1));
            for (String pair : body.split("&")) {
                int equals = pair.indexOf('=');
                String name = equals < 0 ? pair : pair.substring(0, equals);
                String value = equals < 0 ? "" : pair.substring(equals + 1);
                wellFormed &=
                        pair.isEmpty() || fields.putIfAbsent(decode(name, charset), decode(value, charset)) == null;
            }
        } catch (IllegalArgumentException e) {
            fields.clear();
            wellFormed = false;
        }
        return new ReceivedCall(request.getMethod(), path, fields, body, headers, wellFormed);
    }

    private static String decode(String escaped, Charset charset) {
        return new String(URLDecoder.decode(escaped, ISO_8859_1).getBytes(ISO_8859_1), charset);
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
