package dev.agentcall.config;

import dev.agentcall.call.EndpointUri;

/**
 * The settings of the message broker.
 *
 * @param url of the broker, or of several; or the name of the application's ConnectionFactory: see {@link Settings#beanOf}
 * @param user null for none
 * @param password null for none
 * @param requests queue that requests come from
 * @param success queue for the outcomes of placed calls, null for none
 * @param error queue for all other outcomes, null for none
 */
public record JmsSettings(String url, String user, String password, String requests, String success, String error) {

    /** A URL, or several in brackets. A quote would end the text in the route's precondition. */
    private static final String BROKER = "\\(?[a-z]+://[^\\s']+|" + SettingsReader.BEAN;
    /** What cannot stand in an endpoint's URI, and a broker's wildcards, are not in a queue's name. */
    private static final String QUEUE = "[^\\s?&%#*+'\"{}]+";

    private static final String A_QUEUE = "the name of a queue, without white space and ? & % # * + ' \" { }";

    /** Without a URL there are none. */
    static JmsSettings read(SettingsReader read) {
        String user = read.optional("agentcall.jms.user");
        String password = read.optional("agentcall.jms.password");
        String requests = read.matching("agentcall.jms.requests", QUEUE, A_QUEUE);
        String success = queue(read, "agentcall.jms.success");
        String error = queue(read, "agentcall.jms.error");
        if (read.optional("agentcall.jms.url") == null) {
            return null;
        }
        expectOther(read, "agentcall.jms.success", success, requests);
        expectOther(read, "agentcall.jms.error", error, requests);
        return new JmsSettings(
                read.matching(
                        "agentcall.jms.url",
                        BROKER,
                        "a broker, such as tcp://localhost:61616, or bean: and the name of a ConnectionFactory"),
                user,
                password,
                requests,
                success,
                error);
    }

    /** An outcome there would be read as a request, whose outcome would be read as a request. */
    private static void expectOther(SettingsReader read, String key, String queue, String requests) {
        if (queue != null && queue.equals(requests)) {
            read.fault(key, queue, "another queue than agentcall.jms.requests");
        }
    }

    private static String queue(SettingsReader read, String key) {
        return read.optional(key) == null ? null : read.matching(key, QUEUE, A_QUEUE);
    }

    /** The URL without its user and parameters: a password may be among them. */
    public String urlShown() {
        return EndpointUri.shownServer(url);
    }

    @Override
    public String toString() {
        return "JmsSettings[" + urlShown() + "]";
    }
}
