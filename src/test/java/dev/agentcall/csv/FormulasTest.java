package dev.agentcall.csv;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FormulasTest {

    @ParameterizedTest
    @ValueSource(strings = {"=1+1", "+598", "-5", "@SUM(A1)", "\tx", "\rx", "=", "'=1", "''+598"})
    void aCellThatASpreadsheetWouldRunGetsAnApostrophe(String cell) {
        assertThat(Formulas.guarded(cell)).isEqualTo("'" + cell);
        assertThat(Formulas.unguarded(Formulas.guarded(cell))).isEqualTo(cell);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "a=b", "5", "'a", "' =1", " x"})
    void anyOtherCellStaysAsItIs(String cell) {
        assertThat(Formulas.guarded(cell)).isEqualTo(cell);
        assertThat(Formulas.unguarded(cell)).isEqualTo(cell);
    }
}
