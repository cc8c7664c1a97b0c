package dev.agentcall.config;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The settings of the REST server.
 *
 * @param servlet the name of the application's servlet that takes the requests, null for the bundle's own server; with it
 *     host, port, users and keystore are of no use
 * @param host the name or address to listen on, as it was written
 * @param address what the host stands for
 * @param port 0 = a free one, chosen by the operating system
 * @param users file with the users, null for none; never null if others than this machine can reach the server
 * @param origins whose pages may send requests, as browsers write them: {@code https://crm.example.com}
 * @param keystore null for plain HTTP
 * @param patience how long a request may wait for its agent and the pace
 */
public record RestSettings(
        String servlet,
        String host,
        InetAddress address,
        int port,
        Path users,
        List<String> origins,
        Path keystore,
        String keystorePassword,
        Duration patience) {

    private static final String ORIGIN = "https?://[A-Za-z0-9.-]+(:\\d{1,5})?|https?://\\[[0-9a-fA-F:.]+](:\\d{1,5})?";

    /** Without a port or a servlet there are none. */
    static RestSettings read(SettingsReader read) {
        String servlet = read.optional("agentcall.rest.servlet") == null
                ? null
                : read.matching(
                        "agentcall.rest.servlet",
                        "[\\w.-]+",
                        "the name of the application's CamelHttpTransportServlet");
        String host = read.matching("agentcall.rest.host", "\\S+", "a name or an address of this machine");
        Path users = read.file("agentcall.rest.users");
        List<String> origins = read.list(
                "agentcall.rest.cors", ORIGIN, "origins such as https://crm.example.com, separated by white space");
        Path keystore = read.file("agentcall.rest.keystore");
        String keystorePassword = read.optional("agentcall.rest.keystore-password");
        Duration patience = read.duration("agentcall.rest.wait", Duration.ZERO);
        if (servlet != null) {
            return new RestSettings(servlet, null, null, 0, null, origins, null, null, patience);
        }
        if (read.optional("agentcall.rest.port") == null) {
            return null;
        }
        int port = read.wholeNumber("agentcall.rest.port", 0, SettingsReader.HIGHEST_PORT);
        InetAddress address = host == null ? null : address(read, host);
        if (address != null && !address.isLoopbackAddress() && users == null) {
            read.tell("agentcall.rest.users: not set, expected a file of users, because agentcall.rest.host is " + host
                    + " and others than this machine can reach it");
        }
        return new RestSettings(null, host, address, port, users, origins, keystore, keystorePassword, patience);
    }

    private static InetAddress address(SettingsReader read, String host) {
        try {
            InetAddress address = InetAddress.getByName(host);
            if (address.isAnyLocalAddress()
                    || address.isLoopbackAddress()
                    || NetworkInterface.getByInetAddress(address) != null) {
                return address;
            }
        } catch (UnknownHostException | SocketException e) {
            // told below, like an address of another machine
        }
        return read.fault("agentcall.rest.host", host, "a name or an address of this machine");
    }

    /** There is a password among them. */
    @Override
    public String toString() {
        return servlet != null ? "RestSettings[" + servlet + "]" : "RestSettings[" + host + ":" + port + "]";
    }
}
