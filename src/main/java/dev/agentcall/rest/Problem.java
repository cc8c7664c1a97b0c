package dev.agentcall.rest;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What is told to a client that does not get what it asked for, as {@code application/problem+json} (RFC 9457).
 *
 * @param kind what went wrong
 * @param detail for people, null for nothing more than the title
 * @param retryAfter seconds after which to come again, null for nothing about it
 */
record Problem(Kind kind, String detail, Integer retryAfter) {

    static final String MEDIA_TYPE = "application/problem+json";

    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int SOON_SECONDS = 5;

    /** Everything that goes wrong, with the word by which programs know it. */
    enum Kind {
        INVALID(400, "invalid", "The request is not valid"),
        BAD_REQUEST(400, "bad-request", "This cannot be understood"),
        UNAUTHORIZED(401, "unauthorized", "A user is needed"),
        FOREIGN_HOST(403, "foreign-host", "The Host is not this server's"),
        FOREIGN_ORIGIN(403, "foreign-origin", "Pages of this Origin may send nothing"),
        NOT_FOUND(404, "not-found", "There is nothing here"),
        METHOD_NOT_ALLOWED(405, "method-not-allowed", "That cannot be done here"),
        TOO_SLOW(408, "too-slow", "The request took too long to arrive"),
        ID_CONFLICT(409, "id-conflict", "The id belongs to another request"),
        TOO_LARGE(413, "too-large", "The request is too large"),
        UNSUPPORTED_TYPE(415, "unsupported-type", "Requests of this type are not read"),
        REJECTED(422, "rejected", "uContact placed nothing"),
        INTERNAL(500, "internal", "Something here is broken"),
        UNAVAILABLE(503, "unavailable", "uContact does not take calls, nothing was placed"),
        BUSY(503, "busy", "It was not the request's turn in time, nothing was placed"),
        STOPPING(503, "stopping", "The server is stopping, nothing was placed"),
        NOT_RECORDED(503, "not-recorded", "Nothing can be recorded, so nothing was placed"),
        NOT_READ(503, "not-read", "What is recorded cannot be read now"),
        UNKNOWN(504, "unknown", "Nobody knows whether the call was placed");

        private final int status;
        private final String word;
        private final String title;

        Kind(int status, String word, String title) {
            this.status = status;
            this.word = word;
            this.title = title;
        }

        int status() {
            return status;
        }

        /** The problem's name for programs, a URI. */
        String type() {
            return "urn:agentcall:problem:" + word;
        }
    }

    static Problem of(Kind kind, String detail) {
        return new Problem(kind, detail, kind.status == 503 ? SOON_SECONDS : null);
    }

    /** As JSON. */
    String json() {
        ObjectNode json = head();
        if (detail != null) {
            json.put("detail", detail);
        }
        return json.toString();
    }

    /** As JSON, with an outcome's members beside it; the outcome's {@code detail} is the problem's. */
    String json(String outcome) {
        String head = head().toString();
        return head.substring(0, head.length() - 1) + "," + outcome.substring(1);
    }

    private ObjectNode head() {
        return MAPPER.createObjectNode()
                .put("type", kind.type())
                .put("title", kind.title)
                .put("status", kind.status);
    }
}
