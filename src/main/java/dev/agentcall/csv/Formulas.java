package dev.agentcall.csv;

/** Cells that a spreadsheet would run as a formula; an apostrophe in front makes them text. */
final class Formulas {

    private static final String STARTS = "=+-@\t\r";

    private Formulas() {}

    static String guarded(String cell) {
        return isFormula(cell) || !cell.equals(unguarded(cell)) ? "'" + cell : cell;
    }

    private static boolean isFormula(String cell) {
        return !cell.isEmpty() && STARTS.indexOf(cell.charAt(0)) >= 0;
    }

    /** The reverse of {@link #guarded}. */
    static String unguarded(String cell) {
        int apostrophes = 0;
        while (apostrophes < cell.length() && cell.charAt(apostrophes) == '\'') {
            apostrophes++;
        }
        return apostrophes > 0 && isFormula(cell.substring(apostrophes)) ? cell.substring(1) : cell;
    }
}
