package dev.agentcall.csv;

import dev.agentcall.config.Settings;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads that call the rows of a file: one for each lane. */
public final class RowThreads extends ThreadPoolExecutor {

    public RowThreads(Settings settings) {
        super(settings.concurrency(), settings.concurrency(), 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
        AtomicInteger count = new AtomicInteger();
        setThreadFactory(task -> new Thread(task, "agentcall-row-" + count.incrementAndGet()));
        allowCoreThreadTimeOut(true);
    }
}
