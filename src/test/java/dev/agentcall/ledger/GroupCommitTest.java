package dev.agentcall.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentcall.config.ShippedSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Writes that share a commit. */
@Timeout(60)
class GroupCommitTest {

    @TempDir
    private Path folder;

    /** A claim that is taken back late must not take back the one that was made of the same row meanwhile. */
    @Test
    void whatIsToBeWrittenFirstIsWrittenBeforeWhatCameAfterItInTheSameCommitToo() throws Exception {
        List<String> written = new CopyOnWriteArrayList<>();
        CountDownLatch leading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (Database database = Database.open(
                        ShippedSettings.with("agentcall.ledger.url", "jdbc:sqlite:" + folder.resolve("ledger.db")));
                GroupCommit writer = new GroupCommit(database, connection -> {})) {
            CompletableFuture<Void> leader = CompletableFuture.runAsync(() -> writer.write(sql -> {
                leading.countDown();
                await(go);
                return written.add("leader");
            }));
            leading.await();
            writer.writeFirst(sql -> written.add("first"));
            CountDownLatch inLine = new CountDownLatch(1);
            CompletableFuture<Void> after =
                    CompletableFuture.runAsync(() -> writer.write(sql -> written.add("after"), inLine::countDown));
            inLine.await();
            go.countDown();
            leader.join();
            after.join();
            writer.flush();
        }
        assertThat(written).containsExactly("leader", "first", "after");
    }

    /** Whoever reads after it would find as not delivered what has just been, and deliver it again. */
    @Test
    void aFlushReturnsOnceWhatIsJustBeingCommittedIsCommitted() throws Exception {
        AtomicBoolean written = new AtomicBoolean();
        CountDownLatch committing = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        assertThat(hasWritten(written, go, writer -> {
                    writer.writeAlong(sql -> {
                        committing.countDown();
                        await(go);
                        written.set(true);
                        return null;
                    });
                    CompletableFuture<Void> leader = CompletableFuture.runAsync(writer::flush);
                    await(committing);
                    return leader;
                }))
                .isTrue();
    }

    @Test
    void aFlushThatSharesACommitReturnsOnceWhatItIsForIsCommitted() throws Exception {
        AtomicBoolean written = new AtomicBoolean();
        CountDownLatch leading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        assertThat(hasWritten(written, go, writer -> {
                    CompletableFuture<Void> leader = CompletableFuture.runAsync(() -> writer.write(sql -> {
                        leading.countDown();
                        await(go);
                        return null;
                    }));
                    await(leading);
                    writer.writeAlong(sql -> {
                        written.set(true);
                        return null;
                    });
                    return leader;
                }))
                .isTrue();
    }

    private interface Before {
        /** Gives who leads, until the way is free. */
        CompletableFuture<Void> flush(GroupCommit writer);
    }

    /** Whether it is written when a flush has returned that began before the way was free, if that waits. */
    private boolean hasWritten(AtomicBoolean written, CountDownLatch go, Before before) throws Exception {
        AtomicBoolean seen = new AtomicBoolean();
        try (Database database = Database.open(
                        ShippedSettings.with("agentcall.ledger.url", "jdbc:sqlite:" + folder.resolve("ledger.db")));
                GroupCommit writer = new GroupCommit(database, connection -> {})) {
            CompletableFuture<Void> leader = before.flush(writer);
            Thread flushing = new Thread(() -> {
                writer.flush();
                seen.set(written.get());
            });
            flushing.start();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> flushing.getState() == Thread.State.WAITING || !flushing.isAlive());
            go.countDown();
            leader.join();
            flushing.join();
        }
        return seen.get();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
