package dev.agentcall.jsonl;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesComponentTest {

    /** Which was killed, or found the disk full. */
    @Test
    void halfALineThatAnotherProcessLeavesTakesNoOtherLineAlong(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("not/there/yet.jsonl");
        try (CamelContext context = new DefaultCamelContext()) {
            context.addComponent("jsonl", new JsonLinesComponent(Duration.ZERO));
            context.start();
            try (ProducerTemplate template = context.createProducerTemplate()) {
                template.sendBody("jsonl:" + file, "{\"n\":1}");
                template.sendBody("jsonl:" + file, "{\"n\":2}");
                Files.writeString(file, "{\"n\":", StandardOpenOption.APPEND);
                template.sendBody("jsonl:" + file, "{\"n\":3}");
                template.sendBody("jsonl:" + file, "{\"n\":4}");
            }
        }

        assertThat(file).hasContent("{\"n\":1}\n{\"n\":2}\n{\"n\":\n{\"n\":3}\n{\"n\":4}\n");
    }
}
