package dev.agentcall.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * Clients that each send a request, wait for its answer, and send the next one, all at the same time. Requests are
 * numbered from 1; no number is used twice by one load.
 */
final class Load implements AutoCloseable {

    private final List<Client> clients = new ArrayList<>();
    private final ExecutorService threads;
    private final AtomicLong numbers = new AtomicLong();

    /** One that sends. */
    interface Client extends AutoCloseable {

        /**
         * Sends a request and waits for its answer.
         *
         * @throws IncompleteRun if it is not the one that was expected
         */
        void request(long number) throws IOException, IncompleteRun, InterruptedException;

        @Override
        void close() throws IOException;
    }

    /** Makes clients. */
    interface Clients {
        Client connect() throws IOException;
    }

    Load(int count, Clients made) throws IOException {
        for (int i = 0; i < count; i++) {
            clients.add(made.connect());
        }
        threads = Executors.newFixedThreadPool(count);
    }

    /** So many requests, all clients together. */
    Latencies requests(int count) throws IncompleteRun, IOException, InterruptedException {
        AtomicLong left = new AtomicLong(count);
        return send(() -> left.decrementAndGet() >= 0);
    }

    /** Requests for so long. */
    Latencies lasting(Duration time) throws IncompleteRun, IOException, InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        return send(() -> System.nanoTime() - end < 0);
    }

    /** How many there were so far. */
    long sent() {
        return numbers.get();
    }

    private Latencies send(BooleanSupplier wanted) throws IncompleteRun, IOException, InterruptedException {
        List<Callable<long[]>> work = clients.stream()
                .map(client -> (Callable<long[]>) () -> send(client, wanted))
                .toList();
        long start = System.nanoTime();
        List<long[]> parts = new ArrayList<>();
        for (Future<long[]> part : threads.invokeAll(work)) {
            try {
                parts.add(part.get());
            } catch (ExecutionException e) {
                if (e.getCause() instanceof IncompleteRun incomplete) {
                    throw incomplete;
                }
                throw new IncompleteRun("a client expected an answer, found " + e.getCause());
            }
        }
        return Latencies.of(parts, System.nanoTime() - start);
    }

    private long[] send(Client client, BooleanSupplier wanted) throws IOException, IncompleteRun, InterruptedException {
        long[] nanos = new long[1024];
        int count = 0;
        while (wanted.getAsBoolean()) {
            long start = System.nanoTime();
            client.request(numbers.incrementAndGet());
            if (count == nanos.length) {
                nanos = Arrays.copyOf(nanos, 2 * count);
            }
            nanos[count++] = System.nanoTime() - start;
        }
        return Arrays.copyOf(nanos, count);
    }

    @Override
    public void close() throws IOException {
        threads.shutdownNow();
        for (Client client : clients) {
            client.close();
        }
    }
}
