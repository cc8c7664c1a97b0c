package dev.agentcall.app;

import dev.agentcall.csv.CsvPreview;
import java.nio.file.Path;
import java.util.List;

/** Shows what would be done with some files. */
final class DryRun {

    int run(List<Path> files) throws Exception {
        Logging.onlyWarnings();
        try (Bundle bundle = Bundle.start(Bundle.Extent.LOADED)) {
            CsvPreview preview = new CsvPreview(bundle.settings(), bundle.validation(), bundle.ledger());
            boolean good = true;
            for (Path file : files) {
                String fault = InputFile.fault(file);
                if (fault == null) {
                    good &= preview.print(file, System.out);
                } else {
                    System.err.println("agentcall: " + fault);
                    good = false;
                }
            }
            System.out.flush();
            return good ? ExitCode.ALL_PLACED : ExitCode.BAD_CONFIGURATION;
        }
    }
}
