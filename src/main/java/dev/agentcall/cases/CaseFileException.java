package dev.agentcall.cases;

import java.util.List;

/** A case file that cannot be worked with: a line for each fault, with the file, the line and what was expected. */
public final class CaseFileException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<String> faults;

    CaseFileException(List<String> faults) {
        super(String.join(System.lineSeparator(), faults));
        this.faults = List.copyOf(faults);
    }

    public List<String> faults() {
        return faults;
    }
}
