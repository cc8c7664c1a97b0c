package dev.agentcall.rest;

import at.favre.lib.crypto.bcrypt.BCrypt;
import dev.agentcall.config.PropertyFile;
import dev.agentcall.config.SettingsException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.eclipse.jetty.security.HashLoginService;
import org.eclipse.jetty.security.LoginService;
import org.eclipse.jetty.security.UserStore;
import org.eclipse.jetty.util.security.Credential;
import org.eclipse.jetty.util.security.Password;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The users who may send requests: a properties file with a line {@code name=password} for each. */
public final class Users {

    private static final Logger LOG = LoggerFactory.getLogger(Users.class);
    private static final String NAME = "[A-Za-z0-9._@-]{1,64}";
    /** About a quarter of a second. */
    private static final int COST = 12;

    private Users() {}

    /**
     * Reads the file.
     *
     * @throws SettingsException if there is no user in it, or one that cannot be used
     */
    static LoginService read(Path file, String realm) {
        Properties lines;
        try {
            lines = new PropertyFile(file).read();
        } catch (IOException | IllegalArgumentException e) {
            throw wrong(file, "cannot be read: " + e.getMessage());
        }
        if (lines.isEmpty()) {
            throw wrong(file, "without a user in it");
        }
        UserStore users = new UserStore();
        List<String> plain = new ArrayList<>();
        for (String name : lines.stringPropertyNames()) {
            String password = lines.getProperty(name).strip();
            if (!name.matches(NAME) || password.isEmpty()) {
                throw wrong(file, "with a line that is no name=password");
            }
            boolean hashed = BcryptCredential.isHash(password);
            if (!hashed) {
                plain.add(name);
            }
            Credential credential = hashed ? new BcryptCredential(password) : new Password(password);
            users.addUser(name, credential, new String[0]);
        }
        if (!plain.isEmpty()) {
            LOG.warn(
                    "agentcall.rest.users: {} has passwords in plain text, of {}; bin/agentcall --user makes better ones",
                    file,
                    plain);
        }
        HashLoginService login = new HashLoginService(realm);
        login.setUserStore(users);
        return login;
    }

    private static SettingsException wrong(Path file, String found) {
        return new SettingsException(List.of("agentcall.rest.users: found " + file + " (" + found
                + "), expected a line name=password for each user"));
    }

    /**
     * Makes sure that a user may be called so.
     *
     * @throws SettingsException if not
     */
    public static void checkName(String name) {
        if (!name.matches(NAME)) {
            throw new SettingsException(List.of(
                    "--user: found '" + name + "', expected a name of 1 to 64 letters, digits and . _ @ - characters"));
        }
    }

    /**
     * A line for the file.
     *
     * @throws SettingsException if the name or the password cannot be used
     */
    public static String line(String name, String password) {
        checkName(name);
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        int most = BCrypt.Version.VERSION_2A.allowedMaxPwLength;
        if (bytes.length == 0 || bytes.length > most) {
            throw new SettingsException(
                    List.of("--user: found a password of " + bytes.length + " bytes, expected 1 to " + most));
        }
        return name + "=" + new String(BCrypt.withDefaults().hash(COST, bytes), StandardCharsets.US_ASCII);
    }
}
