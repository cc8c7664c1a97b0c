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
        "agentcall-http://https://example.com/key, agentcall-http://https://example.com/…",
        "ftp:me:secret@example.com/in?password=secret, ftp:…@example.com/in",
        "ftp:me:sec/ret@example.com/in?password=secret, ftp:…",
        "tcp://me:sec?ret@broker:61616, tcp://…",
        "tcp://me:sec@ret@broker:61616, tcp://…@broker:61616",
        "https://example.com?token=ab@secret, https://…",
        "https://example.com/key@secret, https://…",
        "'(tcp://me:secret@a:61616,tcp://b:61616)?password=secret', '(tcp://…@a:61616,tcp://b:61616)'",
        "'(tcp://a:61616,tcp://me:secret@b:61616)', '(tcp://…'",
        "me:secret@example.com, me:…@example.com",
        "https:example.com/key, https:example.com/…",
        "example.com?key=secret, example.com",
        "jsonl:///mnt/crm/placed.jsonl, jsonl:///mnt/crm/placed.jsonl",
        "null, null"
    })
    void anEndpointIsShownWithoutWhatMayBeSecret(String uri, String shown) {
        assertThat(EndpointUri.shown(uri)).isEqualTo(shown);
    }

    @Test
    void ofAServerThePathIsShownAndThatItHasOptions() {
        assertThat(EndpointUri.shownServer("https://me:secret@example.com/path?password=secret"))
                .isEqualTo("https://…@example.com/path?…");
    }

    @Test
    void theUrisInATextAreShownSoToo() {
        assertThat(EndpointUri.allShown("invoking https://me:secret@example.com/key?a=b with statusCode: 500, "
                        + "'ftp://me:secret@example.com/in'; /mnt/a?b stays"))
                .isEqualTo(
                        "invoking https://…@example.com/… with statusCode: 500, 'ftp://…@example.com/in'; /mnt/a?b stays");
    }
}
