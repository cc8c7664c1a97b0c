package dev.agentcall.app;

import dev.agentcall.csv.CsvFiles;
import dev.agentcall.csv.CsvRun;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** How far a file has come, on standard error: a bar on a terminal, else a line every few seconds. */
final class Progress implements AutoCloseable {

    private static final long BAR_MILLIS = 200;
    private static final long LINE_MILLIS = 5_000;

    private final CsvFiles files;
    private final boolean terminal;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "agentcall-progress");
        thread.setDaemon(true);
        return thread;
    });
    private ProgressBar bar;

    private Progress(CsvFiles files, boolean terminal) {
        this.files = files;
        this.terminal = terminal;
        long period = terminal ? BAR_MILLIS : LINE_MILLIS;
        timer.scheduleAtFixedRate(this::show, period, period, TimeUnit.MILLISECONDS);
    }

    static Progress of(CsvFiles files) {
        return new Progress(files, Boolean.getBoolean("agentcall.terminal"));
    }

    private void show() {
        CsvRun run = files.current();
        if (run == null) {
            return;
        }
        if (!terminal) {
            System.err.printf("%s: %,d of %,d rows%n", run.name(), run.decidedRows(), run.totalRows());
            return;
        }
        if (bar == null) {
            bar = new ProgressBarBuilder()
                    .setTaskName(run.name())
                    .setInitialMax(run.totalRows())
                    .setUpdateIntervalMillis((int) BAR_MILLIS)
                    .showSpeed()
                    .build();
        }
        bar.stepTo(run.decidedRows());
    }

    @Override
    public void close() throws InterruptedException {
        timer.shutdownNow();
        timer.awaitTermination(1, TimeUnit.SECONDS);
        if (bar != null) {
            bar.stepTo(bar.getMax());
            bar.close();
        }
    }
}
