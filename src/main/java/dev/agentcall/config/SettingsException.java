package dev.agentcall.config;

import java.util.List;

/** Settings that cannot be worked with: one sentence for each, with the key, what was found and what was expected. */
public class SettingsException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> faults;

    public SettingsException(List<String> faults) {
        super(String.join(System.lineSeparator(), faults));
        this.faults = List.copyOf(faults);
    }

    public List<String> faults() {
        return faults;
    }
}
