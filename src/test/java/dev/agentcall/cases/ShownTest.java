package dev.agentcall.cases;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShownTest {

    @ParameterizedTest
    @CsvSource({
        "https://hooks.example.com/services/T0/B0/key?x=y, https://hooks.example.com/…",
        "https://user:secret@example.com/hook, https://…@example.com/…",
        "http://127.0.0.1:8080, http://127.0.0.1:8080",
        "some-http://https://example.com/key, some-http:https://example.com/…",
        "jms://queue:crm?password=secret, jms:queue:crm",
        "smtp://me:secret@mail.example.com, smtp:…@mail.example.com",
        "jsonl:///mnt/crm/placed.jsonl, jsonl:mnt/crm/placed.jsonl",
        "direct://here, direct:here"
    })
    void anEndpointIsShownWithoutWhatMayBeSecret(String uri, String shown) {
        assertThat(Shown.endpoint(uri)).isEqualTo(shown);
    }
}
