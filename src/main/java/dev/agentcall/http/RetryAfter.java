package dev.agentcall.http;

import java.time.Duration;
import java.time.Instant;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.Header;

/** The header Retry-After (RFC 9110, 10.2.3): seconds or a date. */
final class RetryAfter {

    private RetryAfter() {}

    /** How long to wait; null without the header or when it cannot be read. */
    static Duration of(Header header) {
        if (header == null || header.getValue() == null) {
            return null;
        }
        String value = header.getValue().strip();
        if (value.matches("\\d{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(value));
        }
        Instant date = DateUtils.parseStandardDate(value);
        return date == null ? null : Duration.between(Instant.now(), date);
    }
}
