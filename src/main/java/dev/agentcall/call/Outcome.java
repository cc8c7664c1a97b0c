package dev.agentcall.call;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * How one request ended: the one thing that every channel, result file and reply is made of.
 *
 * @param request the request as it was sent, or, when invalid, as it came
 * @param kind placed, rejected, invalid or unknown
 * @param guid the call's name at uContact, only when placed
 * @param reason see {@link Reason}; null when placed
 * @param detail for people; null when placed
 * @param httpStatus uContact's status, null where no answer came
 * @param replayed the recorded outcome of an earlier request with the same id
 * @param at when it was decided, to the millisecond, as channels and the ledger tell it
 * @param millis from sending to the last byte of the answer; null if nothing was sent
 */
public record Outcome(
        CallRequest request,
        OutcomeKind kind,
        String guid,
        String reason,
        String detail,
        Integer httpStatus,
        boolean replayed,
        Instant at,
        Long millis) {

    /** Drops what is below the millisecond, so that an outcome is the same when it comes out of the ledger. */
    public Outcome {
        at = at.truncatedTo(ChronoUnit.MILLIS);
    }

    public static Outcome of(CallRequest request, Verdict verdict, Instant at, Long millis) {
        return new Outcome(
                request,
                verdict.kind(),
                verdict.guid(),
                verdict.reason(),
                verdict.detail(),
                verdict.status(),
                false,
                at,
                millis);
    }

    public static Outcome invalid(CallRequest request, List<Fault> faults, Instant at) {
        return new Outcome(
                request,
                OutcomeKind.INVALID,
                null,
                Fault.reasonOf(faults),
                Fault.detailOf(faults),
                null,
                false,
                at,
                null);
    }

    /** The same outcome as the answer to another, later request with the same id. */
    public Outcome replayedFor(CallRequest later) {
        return new Outcome(later, kind, guid, reason, detail, httpStatus, true, at, millis);
    }

    /** The same of an unknown call that was found to have been placed; the GUID may not be known. */
    public Outcome settledAsPlaced() {
        return new Outcome(request, OutcomeKind.PLACED, guid, null, null, httpStatus, replayed, at, millis);
    }

    public boolean placed() {
        return kind == OutcomeKind.PLACED;
    }
}
