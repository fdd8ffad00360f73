/** Tests that the page says to players what is so: states, ages, costs, names and numbers. @module */

import assert from "node:assert/strict";
import { testWith } from "../harness/programs.ts";
import { until } from "../harness/waiting.ts";
import { drawn, type OpenPage } from "./browser.ts";
import { summaryOf, withFake } from "./fake_exporter.ts";

/** The hue of a colour's dot, in degrees; undefined for a grey. */
async function dotOf({ page }: OpenPage, selector: string): Promise<number | undefined> {
  const colour = await page.evaluate(
    `getComputedStyle(document.querySelector(${JSON.stringify(selector)}), "::before")
      .backgroundColor`,
  ) as string;
  const [red = 0, green = 0, blue = 0] = colour.match(/[\d.]+/g)!.map(Number);
  const high = Math.max(red, green, blue);
  const spread = high - Math.min(red, green, blue);
  if (spread < 40) return undefined;
  const sixth = high === red
    ? (green - blue) / spread
    : high === green
    ? 2 + (blue - red) / spread
    : 4 + (red - green) / spread;
  return (sixth * 60 + 360) % 360;
}

const SCHEMES = ["light", "dark"] as const;

testWith(
  "chromium",
  "the page shows a game that is over in blue, and only a silent one in red",
  async () => {
    await withFake(async (open, fake) => {
      for (const colorScheme of SCHEMES) {
        const opened = await open(fake.url, { colorScheme });
        const hues: Record<string, number | undefined> = {};
        for (const state of ["running", "finished", "ended", "silent"] as const) {
          fake.summary = { ...summaryOf("a", 100), state };
          fake.send("state", {
            summary: fake.summary,
            turn_seconds: null,
            exporter: {},
            system: {},
          });
          await until(
            state,
            async () =>
              await opened.page.locator("#tile-state").getAttribute("data-state") === state,
          );
          hues[state] = await dotOf(opened, "#tile-state");
        }
        const isBetween = (state: string, low: number, high: number) =>
          assert.ok(
            hues[state]! > low && hues[state]! < high,
            `${colorScheme} ${state}: ${hues[state]}`,
          );
        isBetween("running", 120, 180);
        isBetween("finished", 200, 240);
        isBetween("ended", 200, 240);
        isBetween("silent", 0, 40);
        await opened.page.context().close();
      }
    });
  },
);

testWith(
  "chromium",
  "the page tells a report's age by the exporter's clock, and what monitoring costs by the wall's",
  async () => {
    await withFake(async (open, fake) => {
      const now = Date.now() / 1000;
      // The game's clock is five minutes behind.
      fake.summary = {
        ...summaryOf("a", 100),
        last_report: now - 303,
        last_arrival: now,
        values: { budget_total: 1, simulation_publication_seconds_total: 100 * 7.09e-4 },
      };
      fake.turnSeconds = { le: [0.001], counts: [100, 0], sum: 0.01 };
      const cases = [
        [
          "en-GB",
          "last report just now",
          "Monitoring takes 709 µs of each turn, 0.284% of the 250 ms from turn to turn.",
        ],
        [
          "fr-FR",
          "dernier rapport à l’instant",
          "La surveillance prend 709 µs à chaque tour, soit 0,284 % des 250 ms d’un tour à l’autre.",
        ],
      ] as const;
      for (const [locale, age, cost] of cases) {
        fake.summary = { ...fake.summary, last_arrival: Date.now() / 1000 };
        const opened = await open(fake.url, { locale });
        await until("the charts", () => drawn(opened));
        assert.equal(await opened.text(".tile.state .more"), age);
        assert.equal((await opened.text("#cost")).replaceAll(/\s/g, " "), cost);
        assert.equal(await opened.page.locator("#health #cost").count(), 1);
        assert.equal(await opened.page.locator(".tile").count(), 5);
        assert.deepEqual(await opened.faults(), []);
        await opened.page.context().close();
      }
      fake.summary = { ...fake.summary, last_arrival: now - 3000 };
      fake.send("state", { summary: fake.summary, turn_seconds: null, exporter: {}, system: {} });
      const opened = await open(fake.url);
      await until(
        "its age",
        async () => /^last report 50:\d\d ago$/.test(await opened.text(".tile.state .more")),
      );
    });
  },
);
