package dev.agentcall.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** What tells the other processes that one is alive; it goes when the process does, however it ends. */
interface SignOfLife {

    /**
     * Shows this process's sign. Asked for again whenever the ledger's connection is new.
     *
     * @param writer the connection that everything is written through
     * @throws SQLException if it cannot be shown; then nothing is to be written
     */
    void show(long process, Connection writer) throws SQLException;

    /** True if the process shows its sign now. */
    boolean isShown(long process);

    /** How long a sign has to be gone before its process is dead. */
    Duration patience();

    /**
     * Takes this process's sign down.
     *
     * @param writer as for {@link #show}; null where nothing can be written
     */
    void hide(long process, Connection writer);

    /** After a dead process has been seen to. */
    void clearUp(long process);
}
