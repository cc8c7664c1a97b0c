package dev.agentcall.cases;

import dev.agentcall.simulator.ReceivedCall;
import dev.agentcall.simulator.Reply;
import dev.agentcall.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The cases of a folder, run against the routes in place and a simulator of uContact, one after another. Cases with the
 * same settings share running routes, unless one left an outage behind, or used an id of an earlier one: then it gets
 * routes of its own, with an empty ledger.
 */
public final class Cases {

    private static final long LIMIT_SECONDS = 120;

    private final RoutesStart start;
    private final Function<Throwable, String> describe;
    private final Map<Path, CaseResult> results = new TreeMap<>();
    private final Map<String, Integer> notSent = new TreeMap<>();
    private final AtomicInteger post = new AtomicInteger();
    private volatile Case current;
    private volatile boolean stopped;
    /** The simulator's requests when the last case had ended, and its file. */
    private int requests;

    private Path last;

    /**
     * Cases to be run.
     *
     * @param describe says in words for people why routes do not start
     */
    public Cases(RoutesStart start, Function<Throwable, String> describe) {
        this.start = start;
        this.describe = describe;
    }

    /**
     * What could be found out.
     *
     * @param notSent how often something was to be sent to an endpoint that leads out of the process, by endpoint
     * @param took from the first start of the routes to their last stop
     */
    public record Report(
            List<CaseResult> results, Map<String, Integer> notSent, boolean stopped, Instant began, Duration took) {

        public long count(CaseResult.State state) {
            return results.stream().filter(result -> result.state() == state).count();
        }
    }

    /** No further case begins. */
    public void stop() {
        stopped = true;
    }

    /**
     * Runs them. Only once.
     *
     * @param place a folder, which is searched with all folders in it, or one file
     * @param shown how a file is called in the report
     * @return results in the order of the files' names
     * @throws CaseFileException if there is no case
     * @throws Exception if the routes do not start even without a case's own settings
     */
    public Report run(Path place, Function<Path, String> shown) throws Exception {
        Instant began = Instant.now();
        CaseReader reader = new CaseReader(CaseSettings.ofThePackage());
        Map<Map<String, String>, Map<Path, Case>> groups = new LinkedHashMap<>();
        for (Path file : files(place, shown)) {
            String name = name(place, file);
            try {
                Case one = reader.read(file, name, shown.apply(file));
                groups.computeIfAbsent(CaseSettings.of(one), settings -> new LinkedHashMap<>())
                        .put(file, one);
            } catch (CaseFileException e) {
                results.put(file, CaseResult.broken(name, shown.apply(file), e.faults()));
            }
        }
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults().withAnswers(this::answer))) {
            for (Map.Entry<Map<String, String>, Map<Path, Case>> group : groups.entrySet()) {
                run(simulator, group.getKey(), group.getValue());
                noteLatePosts(simulator);
            }
        }
        return new Report(
                List.copyOf(results.values()),
                Map.copyOf(notSent),
                stopped,
                began,
                Duration.between(began, Instant.now()));
    }

    private static List<Path> files(Path place, Function<Path, String> shown) throws IOException, CaseFileException {
        if (!Files.exists(place)) {
            throw new CaseFileException(
                    List.of(shown.apply(place) + ": found no such folder, expected one with case files"));
        }
        try (Stream<Path> files = Files.walk(place)) {
            List<Path> found = files.filter(Files::isRegularFile)
                    .filter(file ->
                            file.equals(place) || file.getFileName().toString().matches("[^.].*[.]ya?ml"))
                    .sorted()
                    .toList();
            if (found.isEmpty()) {
                throw new CaseFileException(
                        List.of(shown.apply(place) + ": found no case file in it, expected *.yaml"));
            }
            return found;
        }
    }

    private static String name(Path place, Path file) {
        Path relative = file.equals(place) ? file.getFileName() : place.relativize(file);
        return relative.toString().replace('\\', '/').replaceAll("[.]ya?ml$", "");
    }

    private Reply answer(ReceivedCall call) {
        Case one = current;
        return one == null ? Reply.guid() : one.answer(post.getAndIncrement());
    }

    private void run(Simulator simulator, Map<String, String> settings, Map<Path, Case> cases) throws Exception {
        CaseRoutes routes = null;
        try {
            for (Map.Entry<Path, Case> one : cases.entrySet()) {
                if (stopped) {
                    return;
                }
                noteLatePosts(simulator);
                Run run = routes == null ? null : run(simulator, routes, one.getValue());
                if (run == null || !run.counts) {
                    close(routes);
                    routes = null; // closed, should the next ones not start
                    routes = new CaseRoutes(start, simulator, settings);
                    run = run(simulator, routes, one.getValue());
                }
                results.put(one.getKey(), run.result);
                last = one.getKey();
                requests = simulator.requests();
                if (run.spoilt || !routes.isReady()) {
                    close(routes);
                    routes = null;
                }
            }
        } catch (CaseRoutes.NotStartedException e) {
            if (cases.values().stream().anyMatch(one -> one.settings().isEmpty())) {
                throw e; // not the cases' fault
            }
            cases.forEach((file, one) -> results.putIfAbsent(file, notStarted(one, e.getCause())));
        } finally {
            close(routes);
        }
    }

    private CaseResult notStarted(Case one, Throwable cause) {
        return CaseResult.broken(
                one.name(),
                one.file(),
                List.of(one.file() + ": settings: the routes do not start with them: " + describe.apply(cause)));
    }

    private void close(CaseRoutes routes) throws IOException {
        if (routes != null) {
            routes.sendings().stream()
                    .filter(sending -> sending.channel() == null)
                    .forEach(sending -> notSent.merge(routes.shown(sending.endpoint()), 1, Integer::sum));
            routes.close();
        }
    }

    /**
     * One go at a case.
     *
     * @param counts false if it met an id of an earlier case
     * @param spoilt true if the routes are not fit for another case
     */
    private record Run(CaseResult result, boolean counts, boolean spoilt) {}

    private Run run(Simulator simulator, CaseRoutes routes, Case one) throws Exception {
        long began = System.nanoTime();
        int requestsBefore = simulator.requests();
        int receivedBefore = simulator.received();
        boolean first = !routes.isUsed();
        post.set(0);
        current = one;
        List<String> failures = new ArrayList<>();
        boolean met = false;
        boolean spoilt = false;
        try {
            List<Found> found = within(() -> routes.run(one));
            met = found.stream().anyMatch(Found::isReplayed);
            if (one.csv() != null) {
                compareCalls(one, simulator.received() - receivedBefore, failures);
            }
            failures.addAll(compare(routes, one, found));
        } catch (CaseFileException e) {
            return new Run(CaseResult.broken(one.name(), one.file(), e.faults()), true, false);
        } catch (TimeoutException e) {
            failures.add("routes: expected an end within " + LIMIT_SECONDS + " s, found none");
            spoilt = true;
        }
        int incomplete = simulator.requests() - requestsBefore - (simulator.received() - receivedBefore);
        if (incomplete > 0) {
            failures.add("calls: expected only complete POSTs, found " + incomplete + " without a complete form");
        }
        CaseResult result = CaseResult.of(one, failures, Duration.ofNanos(System.nanoTime() - began));
        return new Run(result, first || !met, spoilt);
    }

    private static void compareCalls(Case one, int found, List<String> failures) {
        if (found != one.expectedCalls()) {
            failures.add("calls: expected " + one.expectedCalls() + " of all rows, found " + found);
        }
    }

    private static List<String> compare(CaseRoutes routes, Case one, List<Found> found) {
        List<String> failures = new ArrayList<>();
        int wanted = one.expectations().size();
        if (found.size() != wanted) {
            failures.add(
                    (one.csv() == null ? "requests" : "rows") + ": expected " + wanted + ", found " + found.size());
        }
        for (int i = 0; i < Math.min(wanted, found.size()); i++) {
            String which = wanted == 1 ? "" : (one.csv() == null ? "request " : "row ") + (i + 1) + ", ";
            for (String failure : Comparison.failures(one.expectations().get(i), found.get(i), routes::resolve)) {
                failures.add(which + failure);
            }
        }
        return failures;
    }

    /** A case that never ends must not keep the others from running. */
    private static <T> T within(java.util.concurrent.Callable<T> work) throws Exception {
        ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
            Thread made = new Thread(task, "agentcall-case");
            made.setDaemon(true);
            return made;
        });
        try {
            Future<T> future = thread.submit(work);
            return future.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        } finally {
            thread.shutdownNow();
        }
    }

    /** A POST that comes when its case has ended is one too many all the same. */
    private void noteLatePosts(Simulator simulator) {
        int late = simulator.requests() - requests;
        if (late > 0 && last != null) {
            results.computeIfPresent(
                    last,
                    (file, result) ->
                            result.failed("calls: expected no more, found " + late + " after the case had ended"));
        }
        requests = simulator.requests();
    }
}
