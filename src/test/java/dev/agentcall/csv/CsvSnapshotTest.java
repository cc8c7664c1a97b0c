package dev.agentcall.csv;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CsvSnapshotTest {

    private static final Charset WINDOWS_1252 = Charset.forName("windows-1252");
    private static final String TEXT = "campaña;€\nseñor;5\n";

    @TempDir
    Path folder;

    static Stream<Arguments> encodings() {
        return Stream.of(
                Arguments.of(UTF_8, "", false),
                Arguments.of(UTF_8, "\uFEFF", true),
                Arguments.of(UTF_16LE, "\uFEFF", true),
                Arguments.of(UTF_16BE, "\uFEFF", true),
                Arguments.of(WINDOWS_1252, "", false));
    }

    @ParameterizedTest
    @MethodSource("encodings")
    void theEncodingIsFoundAndTheMarkIsNoText(Charset charset, String mark, boolean hasMark) throws Exception {
        try (CsvSnapshot snapshot = take((mark + TEXT).getBytes(charset))) {
            assertThat(snapshot.charset()).isEqualTo(charset);
            assertThat(snapshot.hasMark()).isEqualTo(hasMark);
            assertThat(text(snapshot)).isEqualTo(TEXT);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aPipeIsRefusedAndNotWaitedFor() throws Exception {
        Path pipe = folder.resolve("pipe.csv");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> CsvSnapshot.take(pipe, folder))
                .withMessageContaining("no regular file"));
    }

    @Test
    void oneByteThatIsNoUtf8FarDownMakesItWindows1252() throws Exception {
        byte[] bytes = ("agent\n" + "x\n".repeat(200_000) + "ñ").getBytes(WINDOWS_1252);

        try (CsvSnapshot snapshot = take(bytes)) {
            assertThat(snapshot.charset()).isEqualTo(WINDOWS_1252);
            assertThat(text(snapshot)).endsWith("x\nñ");
        }
    }

    @Test
    void aCharacterThatEndsWithTheFileInItsMiddleIsNoUtf8() throws Exception {
        try (CsvSnapshot snapshot = take(new byte[] {'a', (byte) 0xC3})) {
            assertThat(snapshot.charset()).isEqualTo(WINDOWS_1252);
        }
    }

    @Test
    void utf8IsFoundWhereverABlockOfBytesEnds() throws Exception {
        for (int shift = 0; shift < 4; shift++) {
            String text = "x".repeat(shift) + "😀".repeat(100_000);
            try (CsvSnapshot snapshot = take(text.getBytes(UTF_8))) {
                assertThat(snapshot.charset()).isEqualTo(UTF_8);
                assertThat(text(snapshot)).isEqualTo(text);
            }
        }
    }

    @Test
    void anEmptyFileIsRefused() {
        refused(new byte[0], "empty");
    }

    @Test
    void aRenamedWorkbookIsNamedAsSuch() throws IOException {
        ByteArrayOutputStream xlsx = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(xlsx)) {
            zip.putNextEntry(new ZipEntry("[Content_Types].xml"));
        }

        refused(xlsx.toByteArray(), "XLSX", "CSV");
    }

    @Test
    void anOldWorkbookIsNamedAsSuch() {
        refused(new byte[] {(byte) 0xD0, (byte) 0xCF, 0x11, (byte) 0xE0, (byte) 0xA1, (byte) 0xB1}, "XLS", "CSV");
    }

    @Test
    void aBinaryFileIsRefused() {
        refused(new byte[] {'a', ';', 'b', '\n', 1, 0, 2}, "binary");
    }

    @Test
    void utf16WithoutAMarkIsRefusedAndNotMisread() {
        refused(TEXT.getBytes(UTF_16LE), "binary");
    }

    @Test
    void aRefusedFileLeavesNoCopyBehind() throws IOException {
        refused(new byte[] {0}, "binary");

        try (Stream<Path> left = Files.list(folder.resolve("work"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void aFileThatChangesMeanwhileIsReadAsItWas() throws Exception {
        try (CsvSnapshot snapshot = take(TEXT.getBytes(UTF_8))) {
            Files.writeString(folder.resolve("calls.csv"), "something;else\n");

            assertThat(text(snapshot)).isEqualTo(TEXT);
            assertThat(text(snapshot)).isEqualTo(TEXT);
        }
    }

    @Test
    void theCopyIsDeletedAndTheOriginalIsNot() throws Exception {
        CsvSnapshot snapshot = take(TEXT.getBytes(UTF_8));

        snapshot.close();

        assertThat(snapshot.file()).doesNotExist();
        assertThat(folder.resolve("calls.csv")).hasContent(TEXT);
    }

    private void refused(byte[] bytes, String... words) {
        assertThatExceptionOfType(CsvRefusedException.class)
                .isThrownBy(() -> take(bytes))
                .satisfies(refused -> assertThat(refused.getMessage()).contains(words));
    }

    private CsvSnapshot take(byte[] bytes) throws IOException, CsvRefusedException {
        return CsvSnapshot.take(Files.write(folder.resolve("calls.csv"), bytes), folder.resolve("work"));
    }

    private static String text(CsvSnapshot snapshot) throws IOException {
        StringWriter text = new StringWriter();
        try (Reader reader = snapshot.open()) {
            reader.transferTo(text);
        }
        return text.toString();
    }
}
