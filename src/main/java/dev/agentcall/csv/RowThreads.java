package dev.agentcall.csv;

import dev.agentcall.config.Settings;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that call the rows of a file, one for each lane: twice as many as calls may be in flight, because those whose
 * answer has come still have to write it into the ledger and to its channel.
 */
public final class RowThreads extends ThreadPoolExecutor {

    public RowThreads(Settings settings) {
        super(count(settings), count(settings), 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
        AtomicInteger count = new AtomicInteger();
        setThreadFactory(task -> new Thread(task, "agentcall-row-" + count.incrementAndGet()));
        allowCoreThreadTimeOut(true);
    }

    static int count(Settings settings) {
        return 2 * settings.concurrency();
    }
}
