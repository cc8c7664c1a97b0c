package dev.agentcall.routes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** That the DSL's schema is understood as a general validator understands it. */
class YamlDslTest {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final int BROKEN_FILES = 300;
    private static final long SEED = 20261122;

    @Test
    void aFileIsGoodOrNotAsAGeneralValidatorSays() throws IOException {
        YamlDsl dsl = YamlDsl.full();
        JsonSchema general;
        try (InputStream in = YamlDsl.class.getResourceAsStream("/schema/" + dsl)) {
            general = JsonSchemaFactory.getInstance(VersionFlag.V4).getSchema(in);
        }
        List<RouteFile> files = RouteFile.of(Path.of("routes"));
        Random random = new Random(SEED);
        int bad = 0;
        for (int i = 0; i < BROKEN_FILES; i++) {
            JsonNode content = YAML.readTree(files.get(i % files.size()).text());
            breakIn(content, random);
            String text = YAML.writeValueAsString(content);
            boolean good = general.validate(content).isEmpty();
            bad += good ? 0 : 1;
            // A warning is what Camel takes though the schema does not
            assertThat(dsl.check(new RouteFile("broken.yaml", text)).isEmpty())
                    .as("%s%n%s", dsl.check(new RouteFile("broken.yaml", text)), text)
                    .isEqualTo(good);
        }
        assertThat(bad).isBetween(BROKEN_FILES / 4, BROKEN_FILES);
    }

    /** Changes one thing somewhere: a key, a value, or what kind of thing it is. */
    private static void breakIn(JsonNode content, Random random) {
        List<JsonNode> containers = new ArrayList<>();
        collect(content, containers);
        JsonNode container = containers.get(random.nextInt(containers.size()));
        if (container instanceof ObjectNode object) {
            List<String> keys = new ArrayList<>();
            object.fieldNames().forEachRemaining(keys::add);
            String key = keys.get(random.nextInt(keys.size()));
            switch (random.nextInt(6)) {
                case 0 -> object.set(key + "x", object.remove(key));
                case 1 -> object.remove(key);
                case 2 -> object.put(key, "text");
                case 3 -> object.putNull(key);
                case 4 -> object.putArray(key).add("text");
                default -> object.put("simple", "${body}");
            }
        } else if (container instanceof ArrayNode array) {
            switch (random.nextInt(3)) {
                case 0 -> array.set(0, "text");
                case 1 -> array.insertObject(0).put("log", "x");
                default -> array.insertNull(0);
            }
        }
    }

    private static void collect(JsonNode node, List<JsonNode> containers) {
        if (node.isContainerNode() && !node.isEmpty()) {
            containers.add(node);
        }
        node.forEach(child -> collect(child, containers));
    }
}
