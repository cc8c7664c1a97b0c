package dev.agentcall.csv;

/** Cells that a spreadsheet would run as a formula; an apostrophe in front makes them text. */
final class Formulas {

    private static final String STARTS = "=+-@\t\r";

    private Formulas() {}

    static String guarded(String cell) {
        return !cell.isEmpty() && STARTS.indexOf(cell.charAt(0)) >= 0 ? "'" + cell : cell;
    }

    /** The reverse of {@link #guarded}. */
    static String unguarded(String cell) {
        return cell.length() > 1 && cell.charAt(0) == '\'' && STARTS.indexOf(cell.charAt(1)) >= 0
                ? cell.substring(1)
                : cell;
    }
}
