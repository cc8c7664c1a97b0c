package dev.agentcall.routes;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets saved route files take over from those that run, for as long as it is not closed.
 *
 * <p>It compares what the files hold, twice the same, with what runs: so it does not matter how an editor saves, and a
 * file that is half written is not taken. What the check refuses changes nothing.
 */
public final class RouteReload implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RouteReload.class);
    private static final long LOOK_MILLIS = 250;
    private static final long END_SECONDS = 5;

    private final Path folder;
    private final RouteCheck check;
    private final Replacement replacement;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread watching = new Thread(task, "route-reload");
        watching.setDaemon(true);
        return watching;
    });

    /** Text by name: what runs, what was seen last, and what was refused last. */
    private Map<String, RouteFile> running;

    private Map<String, RouteFile> seen;
    private Map<String, RouteFile> refused = Map.of();

    /** What is being put in place now, and what of it had to wait while something else was saved. */
    private Map<String, RouteFile> wanted = Map.of();

    private Set<String> postponed = Set.of();

    private RouteReload(CamelContext context, Path folder, Consumer<Set<String>> replaced) throws IOException {
        this.folder = folder;
        this.check = new RouteCheck(context);
        this.replacement = new Replacement(context, replaced, this::isSavedMeanwhile);
        this.running = read();
        this.seen = running;
    }

    /**
     * Begins to watch a folder.
     *
     * @param context runs the routes of the files as they are now, with {@link EnterableDirectComponent}
     * @param replaced is told the ids of routes that were taken out when those in their place run
     */
    public static RouteReload watch(CamelContext context, Path folder, Consumer<Set<String>> replaced)
            throws IOException {
        RouteReload reload = new RouteReload(context, folder, replaced);
        reload.thread.scheduleWithFixedDelay(reload::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        LOG.info("reloading routes when a file in {} is saved", folder.toAbsolutePath());
        return reload;
    }

    private Map<String, RouteFile> read() throws IOException {
        return RouteFile.of(folder).stream()
                .collect(Collectors.toMap(RouteFile::name, file -> file, (a, b) -> b, TreeMap::new));
    }

    private void look() {
        try {
            Map<String, RouteFile> now = read();
            boolean still = now.equals(seen);
            seen = now;
            if (still && now.equals(running) && !refused.isEmpty()) {
                refused = Map.of();
                LOG.info("no file is refused any more");
            } else if (still && !(now.equals(running) && postponed.isEmpty()) && !now.equals(refused)) {
                change(now);
            }
        } catch (IOException e) {
            LOG.debug("not read now: {}", e.toString()); // an editor is moving files
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception | LinkageError e) {
            LOG.error("routes are not reloaded: {}", e.toString());
        }
    }

    /** What waits must not keep others from being told of, or from being replaced. */
    private boolean isSavedMeanwhile() {
        try {
            return !read().equals(wanted);
        } catch (IOException e) {
            return false;
        }
    }

    private void change(Map<String, RouteFile> now) throws Exception {
        wanted = now;
        Set<String> told = new HashSet<>();
        check.check(running.values()).forEach(finding -> told.add(finding.file() + finding.text()));
        refused = now;
        List<RouteFinding> faults = faults(now, told);
        if (faults.isEmpty()) {
            apply(now, told);
            return;
        }
        faults.forEach(fault -> LOG.error("{}", fault));
        LOG.error("what ran before goes on");
        // One that is not good does not keep the others back
        Map<String, RouteFile> good = running;
        for (String name : changed(now)) {
            Map<String, RouteFile> more = new TreeMap<>(good);
            put(more, name, now.get(name));
            good = faults(more, told).isEmpty() ? more : good;
        }
        apply(good, told);
    }

    private static void put(Map<String, RouteFile> files, String name, RouteFile file) {
        if (file == null) {
            files.remove(name);
        } else {
            files.put(name, file);
        }
    }

    private Set<String> changed(Map<String, RouteFile> now) {
        Set<String> names = new TreeSet<>(running.keySet());
        names.addAll(now.keySet());
        names.removeIf(name -> now.containsKey(name) && now.get(name).equals(running.get(name)));
        return names;
    }

    /** Errors that were not there before. */
    private List<RouteFinding> faults(Map<String, RouteFile> files, Set<String> told) {
        return check.check(files.values()).stream()
                .filter(RouteFinding::error)
                .filter(finding -> !told.contains(finding.file() + finding.text()))
                .toList();
    }

    private void apply(Map<String, RouteFile> good, Set<String> told) throws Exception {
        check.check(good.values()).stream()
                .filter(finding -> !finding.error() && !told.contains(finding.file() + finding.text()))
                .forEach(finding -> LOG.warn("{}", finding));
        Map<String, RouteFile> after = new TreeMap<>(running);
        Deque<String> names = new ArrayDeque<>(inOrder(changed(good), running, good));
        for (String name : postponed) { // last, so that those go first who need not wait
            boolean isThere = running.containsKey(name) || good.containsKey(name);
            if (isThere && Parts.of(good.get(name)).material().isEmpty()) {
                names.remove(name);
                names.add(name);
            }
        }
        postponed = Set.of();
        List<String> replaced = new ArrayList<>();
        while (!names.isEmpty() && postponed.isEmpty()) {
            String name = names.peek();
            switch (replacement.replace(running.get(name), good.get(name))) {
                case REPLACED -> {
                    put(after, names.poll(), good.get(name));
                    replaced.add(name);
                }
                case REFUSED -> names.poll();
                case LOST -> {
                    putBack(name, replaced, good);
                    return;
                }
                case INTERRUPTED -> {
                    names.add(names.poll());
                    postponed = new LinkedHashSet<>(names);
                }
            }
        }
        running = after;
        if (!postponed.isEmpty() || running.equals(wanted)) {
            refused = Map.of();
        }
    }

    /** A template that its routes cannot be made of goes, and with it whatever was replaced together with it. */
    private void putBack(String lost, List<String> replaced, Map<String, RouteFile> good) throws Exception {
        for (String name : replaced) { // what others are made of comes first here as well
            replacement.replace(good.get(name), running.get(name));
        }
        replacement.replace(null, running.get(lost));
        LOG.error("what ran before is back");
    }

    /** What others are made of comes first, then the others, also those whose own file is the same. */
    private static List<String> inOrder(
            Set<String> names, Map<String, RouteFile> before, Map<String, RouteFile> after) {
        Set<String> order = new LinkedHashSet<>();
        Set<String> made = new HashSet<>();
        for (String name : names) {
            Set<String> material = new HashSet<>(Parts.of(before.get(name)).material());
            material.addAll(Parts.of(after.get(name)).material());
            if (!material.isEmpty()) {
                order.add(name);
                made.addAll(material);
            }
        }
        after.forEach((name, file) -> {
            if (Parts.of(file).madeOf().stream().anyMatch(made::contains)) {
                order.add(name);
            }
        });
        order.addAll(names);
        return new ArrayList<>(order);
    }

    /** What is just waiting to be replaced is not, and goes on; what is half replaced is before this returns. */
    @Override
    public void close() {
        replacement.giveUp();
        thread.shutdown();
        try {
            if (!thread.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("a route is still being replaced");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
