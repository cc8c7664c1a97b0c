package dev.agentcall.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentcall.config.ShippedSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
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

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
