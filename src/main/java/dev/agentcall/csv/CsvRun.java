package dev.agentcall.csv;

import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Gate;
import dev.agentcall.call.Incoming;
import dev.agentcall.call.Submission;
import dev.agentcall.call.Validation;
import dev.agentcall.ledger.FileRun;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * The rows of one file in the order in which they may be called: the first row whose agent is free, looked for among the
 * next {@value #WINDOW} rows, each handed out with its agent's permit. A row that uContact did not take comes again after
 * those that wait.
 *
 * <p>Rows are taken by lanes, twice as many as calls may be in flight, each by a thread of its own ({@link RowThreads}).
 * A lane waits until a row may be called, and ends when none is left.
 */
public final class CsvRun implements Closeable {

    static final int WINDOW = 10_000;
    /** What the waiting rows may weigh together, in characters, so that long rows do not fill the memory. */
    private static final int WINDOW_CHARS = 8_000_000;

    private final CsvInput input;
    private final FileRun run;
    private final Gate gate;
    private final Validation validation;
    private final BitSet done;
    private final int attempts;
    private final BooleanSupplier othersWait;
    private final CsvRows rows;

    /** Rows that uContact did not take; they come again when nothing else is left. Guarded by this. */
    private final Deque<Waiting> notTaken = new ArrayDeque<>();

    /** Rows that wait, by agent, each agent's in the file's order. Guarded by this. */
    private final Map<String, Deque<Waiting>> waiting = new LinkedHashMap<>();

    private final ReentrantLock looking = new ReentrantLock();
    private int waitingRows;
    private long waitingChars;
    private int out;
    private Exception failure;
    private String unavailable;
    private boolean exhausted;
    /** What {@link #mayHaveRows} said last, for those who must not wait for it. */
    private volatile boolean over;

    private final AtomicInteger decided = new AtomicInteger();
    private final List<Lane> lanes = new ArrayList<>();

    private record Waiting(Incoming incoming, String agent, int chars) {}

    /**
     * A run over the rows that have no outcome yet.
     *
     * @param done rows that have one
     * @param attempts times that uContact may be found unavailable in a row before the run ends
     * @param othersWait true if it is to end then for somebody else's sake, once each of its rows has been tried; null if it
     *     is to end then in any case
     */
    CsvRun(
            CsvInput input,
            FileRun run,
            Gate gate,
            Validation validation,
            BitSet done,
            int attempts,
            BooleanSupplier othersWait)
            throws IOException, CsvRefusedException {
        this.input = input;
        this.run = run;
        this.gate = gate;
        this.validation = validation;
        this.done = done;
        this.attempts = attempts;
        this.othersWait = othersWait;
        this.decided.set(done.cardinality());
        this.rows = input.openRows();
    }

    FileRun run() {
        return run;
    }

    /** Rows that have an outcome. */
    public int decidedRows() {
        return decided.get();
    }

    /** Rows of the file. */
    public int totalRows() {
        return input.rows();
    }

    public String name() {
        return input.name();
    }

    /** Why uContact is unavailable, if that ended the run; else null. */
    String unavailable() {
        return unavailable;
    }

    /** What ended the run before its end, null for nothing. */
    synchronized Exception failure() {
        return failure;
    }

    /**
     * The lanes, each an iterator over the rows that it takes. An iterator may end with a null: the last row that was out
     * did not come back.
     */
    List<Iterator<Submission>> lanes(int count) {
        for (int lane = 0; lane < count; lane++) {
            lanes.add(new Lane());
        }
        return List.copyOf(lanes);
    }

    private final class Lane implements Iterator<Submission> {
        private Submission last;

        @Override
        public boolean hasNext() {
            return mayHaveRows();
        }

        @Override
        public Submission next() {
            endLast();
            last = take();
            return last;
        }

        /** A row that has come to grief before place-call still has its permit. */
        private void endLast() {
            if (last != null) {
                last.permit().giveBack(false);
            }
        }
    }

    /** True as long as a row waits or is out and may come back. */
    private synchronized boolean mayHaveRows() {
        return out > 0 || !isEnding() && (!exhausted || waitingRows > 0 || !notTaken.isEmpty());
    }

    /** Waits for a row that may be called; null if none is left. */
    private Submission take() {
        try {
            Submission row = tryTake();
            return row == null && mayHaveRows() ? look() : row;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            fail(e);
            return null;
        }
    }

    /** No waiting row's agent is free: one lane looks whenever something has changed, the others wait behind it. */
    private Submission look() throws InterruptedException {
        looking.lockInterruptibly();
        try {
            long seen = gate.changes();
            Submission row = tryTake();
            while (row == null && mayHaveRows()) {
                gate.awaitChange(seen);
                seen = gate.changes();
                row = tryTake();
            }
            return row;
        } finally {
            looking.unlock();
        }
    }

    /** Waits for a permit; null if no waiting row's agent is free. */
    private Submission tryTake() throws InterruptedException {
        Gate.Permit permit = gate.enterWhile(() -> !over);
        return permit == null ? null : tryTake(permit);
    }

    private synchronized Submission tryTake(Gate.Permit permit) {
        Waiting row = null;
        try {
            row = isEnding() ? null : choose(permit);
        } finally {
            if (row == null) {
                permit.giveBack(false);
            }
        }
        if (row == null) {
            return null;
        }
        out++;
        return Submission.ofRow(row.incoming, run.id(), permit, this::decided);
    }

    private boolean isEnding() {
        return failure != null || unavailable != null || gate.isStopping();
    }

    /** The first waiting row whose agent is free, reading ahead as far as it takes; else one that was not taken before. */
    private Waiting choose(Gate.Permit permit) {
        Waiting row = chooseWaiting(permit);
        while (row == null && waitingRows < WINDOW && waitingChars < WINDOW_CHARS) {
            Waiting read = read();
            if (read == null) {
                break;
            }
            if (!waiting.containsKey(read.agent) && permit.tryAgent(read.agent)) {
                row = read;
            } else {
                await(read);
            }
        }
        return row != null ? row : chooseNotTaken(permit);
    }

    private Waiting chooseNotTaken(Gate.Permit permit) {
        for (Iterator<Waiting> rowsAgain = notTaken.iterator(); rowsAgain.hasNext(); ) {
            Waiting row = rowsAgain.next();
            if (permit.tryAgent(row.agent)) {
                rowsAgain.remove();
                return row;
            }
        }
        return null;
    }

    private Waiting chooseWaiting(Gate.Permit permit) {
        for (Iterator<Deque<Waiting>> agents = waiting.values().iterator(); agents.hasNext(); ) {
            Deque<Waiting> ofAgent = agents.next();
            if (permit.tryAgent(ofAgent.peek().agent)) {
                Waiting row = ofAgent.poll();
                if (ofAgent.isEmpty()) {
                    agents.remove();
                }
                waitingRows--;
                waitingChars -= row.chars;
                return row;
            }
        }
        return null;
    }

    private void await(Waiting row) {
        waiting.computeIfAbsent(row.agent, agent -> new ArrayDeque<>()).add(row);
        waitingRows++;
        waitingChars += row.chars;
    }

    private Waiting read() {
        try {
            while (!exhausted) {
                CsvRows.Row row = rows.next();
                if (row == null) {
                    exhausted = true;
                } else if (!done.get(row.number())) {
                    return waiting(input.read(row));
                }
            }
        } catch (IOException | CsvRefusedException | RuntimeException e) {
            failure = e;
        }
        return null;
    }

    private Waiting waiting(Incoming incoming) {
        CallRequest request = incoming.request();
        int chars = 200;
        for (String value : request.fields().values()) {
            chars += value.length();
        }
        for (Map.Entry<String, Object> extra : request.extra().entrySet()) {
            chars += extra.getKey().length() + extra.getValue().toString().length();
        }
        return new Waiting(incoming, validation.agentOf(request), chars);
    }

    private synchronized void decided() {
        decided.incrementAndGet();
        back();
    }

    /** uContact did not take the row, or the program stops: it waits behind the others. */
    synchronized void undecided(Submission row, String why) {
        notTaken.add(waiting(row.incoming()));
        if (gate.failedTries() >= attempts && (othersWait == null || isAllTried() && othersWait.getAsBoolean())) {
            unavailable = why;
        }
        back();
    }

    /** No row is called any more while uContact is unavailable: somebody has taken the file out. */
    synchronized void leave(String why) {
        unavailable = unavailable == null ? why : unavailable;
        over = !mayHaveRows();
        gate.wakeUp();
    }

    private boolean isAllTried() {
        return exhausted && waitingRows == 0 && out == 1;
    }

    /** Something of our own is broken: nothing more is called, what is in flight ends. */
    synchronized void failed(Exception e) {
        fail(e);
        back();
    }

    private void back() {
        out--;
        over = !mayHaveRows();
        if (out == 0 || waitingRows > 0 || !notTaken.isEmpty()) {
            gate.wakeUp();
        }
    }

    private synchronized void fail(Exception e) {
        if (failure == null) {
            failure = e;
        }
    }

    /** True if every row has its outcome. */
    synchronized boolean isComplete() {
        return failure == null && exhausted && waitingRows == 0 && notTaken.isEmpty() && out == 0;
    }

    /** After the last row. */
    @Override
    public void close() {
        lanes.forEach(Lane::endLast);
        try {
            rows.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
