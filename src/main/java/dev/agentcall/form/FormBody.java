package dev.agentcall.form;

import dev.agentcall.call.Field;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The body of an AgentCall as {@code application/x-www-form-urlencoded}, as the WHATWG URL standard serialises it: UTF-8,
 * a space as {@code +}, everything but {@code A-Z a-z 0-9 * - . _} as {@code %XX}. The JDK's encoder does exactly that.
 */
public final class FormBody {

    private FormBody() {}

    /** The fields in {@link Field}'s order; those without a value are left out. */
    public static String encode(Map<Field, String> fields) {
        StringBuilder body = new StringBuilder(192);
        for (Field field : Field.values()) {
            String value = fields.get(field);
            if (value != null) {
                if (!body.isEmpty()) {
                    body.append('&');
                }
                body.append(field.key()).append('=').append(URLEncoder.encode(value, StandardCharsets.UTF_8));
            }
        }
        return body.toString();
    }
}
