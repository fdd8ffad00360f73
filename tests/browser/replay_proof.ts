/** Tests that the page shows a recorded game that the real program replays. @module */

import assert from "node:assert/strict";
import { runExporter, startExporter } from "../harness/exporter.ts";
import { testWith } from "../harness/programs.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { drawn, withBrowser } from "./browser.ts";

const WORDS = {
  "en-GB": ["replay, 50×", "Turns seen one by one", "Turns seen in totals only"],
  "fr-FR": ["rediffusion, 50×", "Tours vus un à un", "Tours vus dans les totaux seulement"],
} as const;

testWith(
  "chromium",
  "the page says that a game is replayed, and which turns were seen",
  async () => {
    await withTempDir(async (cwd) => {
      // Unpaused, so that the journal leaves turns out.
      const played = await runExporter({
        cwd,
        args: ["simulate", "--tours", "20000", "--with-metrics"],
      });
      assert.equal(played.code, 0, played.stderr);
      const exporter = await startExporter({
        cwd,
        args: ["replay", "logs/metrics.jsonl", "--speed", "50"],
      });
      try {
        await withBrowser(async (open) => {
          for (const [locale, [replay, ...words]] of Object.entries(WORDS)) {
            for (const width of [1280, 390]) {
              const opened = await open(exporter.url, { locale, viewport: { width, height: 900 } });
              await until("the charts", () => drawn(opened));
              const subtitle = opened.page.locator("h1 small");
              await until("the speed", async () => await subtitle.textContent() === replay);
              assert.ok(await subtitle.isVisible(), `${locale} ${width}`);
              assert.equal(await subtitle.getAttribute("title"), "metrics.jsonl");
              const numbers = [];
              for (const word of words) {
                const row = opened.page.locator("#health tr", { hasText: word });
                const number = await row.locator("td").textContent() ?? "";
                numbers.push(Number(number.replaceAll(/[^\d]/g, "")));
              }
              const [seen, missed] = numbers as [number, number];
              assert.equal(seen + missed, 20_000);
              assert.ok(seen > 0 && missed > 0);
              assert.deepEqual(await opened.faults(), []);
              assert.deepEqual(await opened.axe(), []);
              await opened.picture(`replay_${locale}_${width}`);
              await opened.page.context().close();
            }
          }
        });
      } finally {
        await exporter.stop();
      }
    });
  },
);
