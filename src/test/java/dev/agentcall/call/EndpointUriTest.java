package dev.agentcall.call;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointUriTest {

    @ParameterizedTest
    @CsvSource({
        "https://me:secret@example.com/services/key?x=y, https://…@example.com/…",
        "some-http://https://example.com/key, some-http://https://example.com/…",
        "webhook-http://example.com:8080/key, webhook-http://example.com:8080/…",
        "ftp:me:sec/ret@example.com/in?password=secret, ftp:…@example.com/in",
        "jsonl:///mnt/crm/placed.jsonl, jsonl:///mnt/crm/placed.jsonl",
        "null, null"
    })
    void anEndpointIsShownWithoutWhatMayBeSecret(String uri, String shown) {
        assertThat(EndpointUri.shown(uri)).isEqualTo(shown);
    }

    @Test
    void theUrisInATextAreShownSoToo() {
        assertThat(EndpointUri.allShown("invoking https://me:secret@example.com/key?a=b with statusCode: 500, "
                        + "'ftp://me:secret@example.com/in'; /mnt/a?b stays"))
                .isEqualTo(
                        "invoking https://…@example.com/… with statusCode: 500, 'ftp://…@example.com/in'; /mnt/a?b stays");
    }
}
