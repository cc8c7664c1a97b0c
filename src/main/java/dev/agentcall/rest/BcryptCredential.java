package dev.agentcall.rest;

import at.favre.lib.crypto.bcrypt.BCrypt;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.eclipse.jetty.util.security.Credential;

/**
 * A password known by its bcrypt hash. The hash is meant to be slow, a quarter of a second, and every request brings the
 * password; so the last right one is known again by a fast digest under a key that only this process has.
 */
final class BcryptCredential extends Credential {

    private static final long serialVersionUID = 1L;
    private static final String DIGEST = "HmacSHA256";
    private static final SecretKeySpec KEY = new SecretKeySpec(random(), DIGEST);

    private final String hash;
    private transient volatile byte[] known;

    BcryptCredential(String hash) {
        this.hash = hash;
    }

    /** True if the text is a bcrypt hash. */
    static boolean isHash(String text) {
        return text.matches("\\$2[abxy]\\$\\d\\d\\$[./A-Za-z0-9]{53}");
    }

    @Override
    public boolean check(Object credentials) {
        byte[] password = String.valueOf(credentials).getBytes(StandardCharsets.UTF_8);
        byte[] digest = digest(password);
        if (known != null && MessageDigest.isEqual(known, digest)) {
            return true;
        }
        boolean right = password.length <= BCrypt.Version.VERSION_2A.allowedMaxPwLength
                && BCrypt.verifyer().verify(password, hash.getBytes(StandardCharsets.US_ASCII)).verified;
        if (right) {
            known = digest;
        }
        return right;
    }

    private static byte[] digest(byte[] password) {
        try {
            Mac mac = Mac.getInstance(DIGEST);
            mac.init(KEY);
            return mac.doFinal(password);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    private static byte[] random() {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }
}
