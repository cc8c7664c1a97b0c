package dev.agentcall.csv;

/** The file is no CSV file of calls. The message says, for people, what is wrong and what was expected. */
public class CsvRefusedException extends Exception {

    private static final long serialVersionUID = 1L;

    public CsvRefusedException(String message) {
        super(message);
    }
}
