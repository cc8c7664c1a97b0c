package dev.agentcall.form;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentcall.call.Field;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FormBodyTest {

    static Stream<Arguments> values() {
        return Stream.of(
                encoded("a b", "a+b"),
                encoded("+598", "%2B598"),
                encoded("a&b", "a%26b"),
                encoded("a=b", "a%3Db"),
                encoded("100%", "100%25"),
                encoded("%20", "%2520"),
                encoded("~", "%7E"),
                encoded("*-._", "*-._"),
                encoded("#", "%23"),
                encoded("Ventas->", "Ventas-%3E"),
                encoded("'()!/?:@,;$", "%27%28%29%21%2F%3F%3A%40%2C%3B%24"),
                encoded("ñ", "%C3%B1"),
                encoded("😀", "%F0%9F%98%80"),
                encoded("a\nb", "a%0Ab"),
                encoded("a\r\nb", "a%0D%0Ab"),
                encoded("\u0000", "%00"),
                encoded("AZaz09", "AZaz09"),
                encoded("", ""));
    }

    @ParameterizedTest
    @MethodSource("values")
    void aValueIsSerialisedAsTheUrlStandardSays(String value, String encoded) {
        assertThat(FormBody.encode(Map.of(Field.AGENT, value))).isEqualTo("agent=" + encoded);
    }

    @Test
    void theFieldsAreInTheOrderOfUContactsDocumentationAndDataIsLast() {
        Map<Field, String> fields = new LinkedHashMap<>();
        fields.put(Field.DATA, "{}");
        fields.put(Field.DESTINATION, "7");
        fields.put(Field.OUTQUEUE, "6");
        fields.put(Field.CONTEXT, "5");
        fields.put(Field.TECH, "4");
        fields.put(Field.PHONE, "3");
        fields.put(Field.AGENT, "2");
        fields.put(Field.CALLERID, "1");

        assertThat(FormBody.encode(fields))
                .isEqualTo("callerid=1&agent=2&phone=3&tech=4&context=5&outqueue=6&destination=7&data=%7B%7D");
    }

    @Test
    void aFieldWithoutAValueIsLeftOut() {
        assertThat(FormBody.encode(Map.of(Field.PHONE, "101", Field.TECH, "SIP")))
                .isEqualTo("phone=101&tech=SIP");
    }

    private static Arguments encoded(String value, String encoded) {
        return Arguments.of(value, encoded);
    }
}
