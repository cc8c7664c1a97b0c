package dev.agentcall.bench;

/** Requests as JSON, each for a destination of its own. */
final class Requests {

    private static final int AGENTS = 2_000;
    private static final String ID = "{\"requestId\":\"bench-";

    private Requests() {}

    /** The request with this number; agents take turns. */
    static String json(long number) {
        long agent = number % AGENTS;
        return ID + number + "\",\"callerid\":\"59824001000\",\"agent\":\"agente" + agent + "\",\"phone\":\""
                + (10_000 + agent) + "\",\"tech\":\"SIP\",\"context\":\"agentes\",\"outqueue\":\"Ventas->\","
                + "\"destination\":\"" + destination(number) + "\",\"crm_id\":\"C-" + number + "\"}";
    }

    static String destination(long number) {
        return Long.toString(59_800_000_000L + number);
    }

    /** The number of the request that this JSON, a request or an outcome, begins with. */
    static long number(String json) throws IncompleteRun {
        int end = json.indexOf('"', ID.length());
        if (!json.startsWith(ID) || end < 0) {
            throw new IncompleteRun("expected JSON that begins with " + ID + "…, found " + json);
        }
        return Long.parseLong(json.substring(ID.length(), end));
    }
}
