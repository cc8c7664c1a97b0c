package dev.agentcall.call;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextTest {

    @ParameterizedTest
    @CsvSource({"59899123456, ********456", "+598 99, '**** 99'", "1234, *234", "123, 123", "12, 12", "'', ''"})
    void aNumberIsMaskedToItsLastThreeCharacters(String number, String masked) {
        assertThat(Text.masked(number)).isEqualTo(masked);
    }

    @ParameterizedTest
    @CsvSource({
        "no such number: 59899123456, no such number: ********456",
        "call (099) 123-456 now, call (*********456 now",
        "HTTP 503 after 1234 ms, HTTP 503 after 1234 ms"
    })
    void numbersInATextAreMasked(String text, String masked) {
        assertThat(Text.numbersMasked(text)).isEqualTo(masked);
    }

    @Test
    void noNumberIsMaskedToNothing() {
        assertThat(Text.masked(null)).isEmpty();
    }

    @Test
    void whatIsNoNumberIsMaskedOnOneShortLine() {
        assertThat(Text.masked("x".repeat(50_000) + "1\r\n")).isEqualTo("*".repeat(32) + "1  ");
    }

    @Test
    void aTextThatFitsIsShownWhole() {
        assertThat(Text.shown("😀".repeat(10), 10)).isEqualTo("😀".repeat(10));
        assertThat(Text.shown("", 10)).isEmpty();
    }

    @Test
    void aTextThatIsCutSaysSo() {
        assertThat(Text.shown("abcdefghijk", 10)).isEqualTo("abcdefghij…");
        assertThat(Text.shown("😀".repeat(11), 10)).isEqualTo("😀".repeat(10) + "…");
        assertThat(Text.shown("   abcdefghijk", 10)).isEqualTo("abcdefghij…");
    }

    @Test
    void noCharacterIsShownThatCouldForgeALogLine() {
        assertThat(Text.shown("a\r\nb\u001B[31mc\u0000d\u2028e\u202Ef\u200Bg", 100))
                .isEqualTo("a  b [31mc d e f g");
    }

    @Test
    void halfACharacterIsNotShown() {
        assertThat(Text.shown("a\uD83Db", 100)).isEqualTo("a b");
    }
}
