package dev.agentcall.app;

import dev.agentcall.config.SettingsException;
import dev.agentcall.rest.Users;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/** Makes a line for the file of users, out of a password that nobody sees. */
final class UserMode {

    private UserMode() {}

    static int run(String name) throws IOException {
        Logging.onlyWarnings();
        Users.checkName(name);
        write(Users.line(name, password(name)));
        return ExitCode.ALL_PLACED;
    }

    /** To standard output, or to where it went before the terminal took its place. */
    private static void write(String line) throws IOException {
        String file = System.getProperty("agentcall.user.line");
        if (file == null) {
            System.out.println(line);
        } else {
            Files.writeString(Path.of(file), line + System.lineSeparator(), StandardOpenOption.APPEND);
        }
    }

    /** Typed twice, or the first line of standard input where there is no terminal. */
    private static String password(String name) throws IOException {
        Console console = System.console();
        if (console == null) {
            String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
            return line == null ? "" : line;
        }
        char[] password = console.readPassword("Password of %s: ", name);
        char[] again = console.readPassword("Once more: ");
        if (password == null || !Arrays.equals(password, again)) {
            throw new SettingsException(List.of("--user: found two different passwords, expected the same twice"));
        }
        return new String(password);
    }
}
