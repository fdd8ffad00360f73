/** Takes the two screenshots of the READMEs, of the same game each time. @module */

import { fileURLToPath } from "node:url";
import { runExporter, startExporter } from "../tests/harness/exporter.ts";
import { until, withTempDir } from "../tests/harness/waiting.ts";
import { withBrowser } from "../tests/browser/browser.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

const PICTURES = [
  { path: "docs/img/page_light.png", width: 1240, height: 900, locale: "en-GB", scheme: "light" },
  { path: "docs/img/page_dark.png", width: 1240, height: 900, locale: "fr-FR", scheme: "dark" },
] as const;

if (import.meta.main) {
  Deno.mkdirSync(`${ROOT}docs/img`, { recursive: true });
  await withTempDir(async (cwd) => {
    const exporter = await startExporter({ cwd, args: ["--state", "none"] });
    try {
      const { code, stderr } = await runExporter({
        cwd,
        args: [
          ...["simulate", "--tours", "300", "--seed", "4", "--pause", "20ms"],
          ...["--with-metrics", "--publish-to", exporter.url],
        ],
      });
      if (code !== 0) throw new Error(stderr);
      await withBrowser(async (open) => {
        for (const { path, width, height, locale, scheme } of PICTURES) {
          const { page } = await open(exporter.url, {
            viewport: { width, height },
            locale,
            colorScheme: scheme,
          });
          await until(
            "the charts",
            () => page.evaluate("document.querySelectorAll('.card canvas').length > 3"),
          );
          await page.waitForTimeout(500);
          await page.screenshot({ path: `${ROOT}${path}` });
        }
      });
    } finally {
      await exporter.stop();
    }
  });
}
