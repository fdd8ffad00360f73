/** Tests that the page says to players what is so: states, ages, costs, names and numbers. @module */

import assert from "node:assert/strict";
import { testWith } from "../harness/programs.ts";
import { until } from "../harness/waiting.ts";
import { drawn, type OpenPage, redrawn } from "./browser.ts";
import { summaryOf, turnsOf, withFake } from "./fake_exporter.ts";

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
  "the page shows a finished game in blue, one that has ended in grey, and only a silent one in red",
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
        assert.equal(hues["ended"], undefined, `${colorScheme}: no colour`);
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

/** Turns that are `seconds` apart. */
function slowTurns(turns: number, seconds: number, start: number) {
  const columns = turnsOf(1, turns);
  return { ...columns, timestamp: columns.tour!.map((turn) => start + turn * seconds) };
}

testWith("chromium", "the page dates what lies more than a day apart, in local time", async () => {
  await withFake(async (open, fake) => {
    fake.summary = summaryOf("a", 400);
    const cases = [
      [
        "en-GB",
        "America/New_York",
        1_795_000_000,
        /^\d+ Nov, (\d\d):00$/,
        /^18\/11\/2026, 22:46:40$/,
      ],
      [
        "fr-FR",
        "Asia/Kolkata",
        1_795_000_000,
        /^\d+ nov\.?,? (\d\d):00$/,
        /^19\/11\/2026 09:16:40$/,
      ],
      // Clocks are set back in between.
      [
        "fr-FR",
        "Europe/Paris",
        1_792_832_400,
        /^\d+ oct\.?,? (\d\d):00$/,
        /^25\/10\/2026 02:40:00$/,
      ],
    ] as const;
    for (const [locale, timezoneId, start, tick, moment] of cases) {
      const events = [{ tour: 200, timestamp: start + 60_000, type: "inflation" }];
      fake.history = { columns: slowTurns(400, 300, start), events };
      const opened = await open(fake.url, { locale, timezoneId });
      const { page } = opened;
      await until("the charts", () => drawn(opened));
      await page.locator("#by-time").click();
      const dated = async () =>
        (await opened.written("budget")).flatMap((text) => text.match(tick)?.[1] ?? []);
      await until("dates", async () => (await dated()).length > 2);
      // Round hours of this place, among them its midnights.
      assert.ok((await dated()).every((hour) => Number(hour) % 4 === 0), String(await dated()));
      assert.ok((await dated()).includes("00"));
      assert.match(await opened.text("#events tbody td:nth-child(2)"), moment);
      await page.locator("#chart-budget .plot").focus();
      await page.keyboard.press("Home");
      assert.match(
        await opened.text("#chart-budget .tip"),
        /, \d\d\/1[01]\/2026,? \d\d:\d\d:\d\d$/,
      );
      await opened.picture(`days-${timezoneId.slice(-5)}`);
      // A part of a day needs none.
      for (let times = 0; times < 4; times++) await page.locator("#zoom-in").click();
      await until(
        "times of day",
        async () =>
          (await opened.written("budget")).filter((text) => /^\d\d:\d\d:00$/.test(text)).length > 2,
      );
      assert.deepEqual(await opened.faults(), []);
      await page.context().close();
    }
  });
});

testWith(
  "chromium",
  "the page names games by what they are, when they began and how long they are",
  async () => {
    await withFake(async (open, fake) => {
      const second = summaryOf("20261122_150250_ca9f440d", 60);
      fake.summary = summaryOf("a", 100);
      fake.second = {
        summary: { ...second, format: "tradesim", state: "ended", first_report: 1_794_000_000 },
        history: { columns: turnsOf(1, 60), events: [] },
      };
      const cases = [
        [
          "en-GB",
          "Game · begun 18/11/2026, 11:06:40 · 100 turns",
          "TradeSim · begun 06/11/2026, 21:20:00 · 60 turns",
          " · Running",
          " · Ended or interrupted",
        ],
        [
          "fr-FR",
          "Partie · commencée le 18/11/2026 11:06:40 · 100 tours",
          "TradeSim · commencée le 06/11/2026 21:20:00 · 60 tours",
          " · En cours",
          " · Terminée ou interrompue",
        ],
      ] as const;
      for (const [locale, one, other, running, ended] of cases) {
        const opened = await open(fake.url, { locale, timezoneId: "UTC" });
        const { page } = opened;
        await until("both games", async () => await page.locator("#session option").count() === 3);
        const names = async (id: string) =>
          (await page.locator(`#${id} option`).allTextContents()).slice(1);
        assert.deepEqual(await names("session"), [one + running, other + ended]);
        assert.deepEqual(await names("other"), [other + ended]);
        assert.equal(await opened.text("#name"), one);
        fake.send("state", {
          summary: summaryOf("a", 123),
          turn_seconds: null,
          exporter: {},
          system: {},
        });
        await until("its length", async () => (await names("session"))[0]!.includes("123"));
        await page.locator("#other").selectOption({ index: 1 });
        await until("its name", () => page.locator(".marks-legend").getByText(other).isVisible());
        await page.context().close();
      }
      // Two that began within the same second.
      fake.second = { ...fake.second, summary: second };
      const opened = await open(fake.url, { timezoneId: "UTC" });
      await until(
        "names that differ",
        async () =>
          (await opened.text("#other")).endsWith("60 turns · Running · 20261122_150250_ca9f440d"),
      );
    });
  },
);

testWith(
  "chromium",
  "the page keeps the keyboard's cursor on its turn while turns come in",
  async () => {
    await withFake(async (open, fake) => {
      const opened = await open(fake.url);
      const { page, text } = opened;
      const value = (chart: string) => text(`#chart-${chart} .value`);
      await until("the charts", () => drawn(opened));
      let last = 100;
      for (const axis of ["turn", "time"]) {
        await page.locator(`#by-${axis}`).click();
        await redrawn(opened);
        await page.locator("#chart-budget .plot").focus();
        for (let times = 0; times < 3; times++) await page.keyboard.press("ArrowLeft");
        const turn = `Turn ${last - 3}`;
        assert.ok((await text("#chart-budget .tip")).startsWith(`${turn}, `), axis);
        const before = [await value("budget"), await value("budgets")];
        const place = async () => (await page.locator("#chart-budget .tip").boundingBox())!;
        const { x } = await place();
        fake.send("turns", { session: "a", columns: turnsOf(last + 1, last + 150), events: [] });
        last += 150;
        await until(
          "new turns",
          async () => (await text("#where")).endsWith(`to ${last} of ${last}`),
        );
        await page.waitForTimeout(100);
        assert.ok((await text("#chart-budget .tip")).startsWith(`${turn}, `), `${axis}, later`);
        assert.deepEqual([await value("budget"), await value("budgets")], before);
        assert.ok(Math.abs((await place()).x - x) > 50, "it moved with its turn");
        await page.keyboard.press("ArrowLeft");
        assert.ok((await text("#chart-budget .tip")).startsWith(`Turn ${last - 154}, `));
        // Left by the keyboard the chart shows the present again.
        await page.locator("#live").focus();
        await until("the newest value", async () =>
          (await value("budget")).replace(/[€,]/g, "") ===
            turnsOf(last, last).budget_total![0]!.toFixed(2));
      }
      assert.deepEqual(await opened.faults(), []);
    });
  },
);

testWith(
  "chromium",
  "the page shows what both games had under the cursor, and no dot beside them",
  async () => {
    await withFake(async (open, fake) => {
      const columns = turnsOf(1, 60);
      columns.budget_total = columns.tour!.map((turn) => 90_000 + turn);
      fake.second = { summary: summaryOf("b", 60), history: { columns, events: [] } };
      const opened = await open(fake.url);
      const { page, text } = opened;
      await until("both games", async () => await page.locator("#other option").count() === 2);
      await page.locator("#other").selectOption({ index: 1 });
      await until("the other one", async () => await text("#chart-budget .other") === "none");
      for (const axis of ["turn", "time"]) {
        await page.locator(`#by-${axis}`).click();
        await redrawn(opened);
        await page.locator("#chart-budget .plot").focus();
        await page.keyboard.press("Home");
        await page.keyboard.press("Escape");
        const over = (await page.locator("#chart-budget .u-over").boundingBox())!;
        const dots = async () => (await page.evaluate(`
          [...document.querySelectorAll("#chart-budget .u-cursor-pt:not(.u-off)")]
            .map((dot) => new DOMMatrix(getComputedStyle(dot).transform).e)
        `) as number[]);
        for (const [share, isThere] of [[0.3, true], [0.9, false]] as const) {
          const left = over.width * share;
          await page.mouse.move(over.x + left, over.y + over.height / 2);
          const turn = Number((await text("#chart-budget .tip")).match(/\d+/)![0]);
          assert.ok(Math.abs(turn - 1 - 99 * share) <= 1, `${turn} at ${share}`);
          const other = (await text("#chart-budget .other")).replace(/[€,]/g, "");
          assert.equal(other, isThere ? (90_000 + turn).toFixed(2) : "none");
          const own = (await text("#chart-budget .value")).replace(/[€,]/g, "");
          assert.equal(own, turnsOf(turn, turn).budget_total![0]!.toFixed(2));
          const near = await dots();
          assert.equal(near.length, isThere ? 2 : 1, `${axis}: ${near}`);
          for (const dot of near) assert.ok(Math.abs(dot - left) < 8, `${dot} near ${left}`);
        }
        await opened.picture(`both-${axis}`);
      }
      assert.deepEqual(await opened.axe(), []);
      assert.deepEqual(await opened.faults(), []);
    });
  },
);

testWith(
  "chromium",
  "the page says where it draws fewer turns than were played, and counts in whole numbers",
  async () => {
    await withFake(async (open, fake) => {
      fake.turnSeconds = { le: [0.001, 0.002], counts: [1, 2, 0], sum: 0.004 };
      for (
        const [locale, drawn, means] of [
          ["en-GB", "500 of 4,991 turns drawn", "per turn, means of 20 turns"],
          ["fr-FR", "500 tours tracés sur 4 991", "par tour, moyennes de 20 tours"],
        ]
      ) {
        const columns = turnsOf(1, 5000);
        const thinned = Object.fromEntries(
          Object.entries(columns).map(([name, column]) => [
            name,
            column.filter((_, row) => row % 10 === 0),
          ]),
        );
        fake.history = { columns: thinned, events: [] };
        const opened = await open(fake.url, { locale: locale! });
        const unit = async (chart: string) =>
          (await opened.text(`#chart-${chart} .unit`)).replaceAll(/\s/g, " ");
        await until("the charts", async () => await unit("budget") !== "");
        assert.equal(await unit("budget"), drawn);
        assert.equal(await unit("transactions"), means);
        await opened.page.context().close();
      }
      const few = turnsOf(1, 100);
      few.produits_actifs = few.tour!.map((turn) => turn > 50 ? 2 : 1);
      few.transactions_reussies_total = few.tour!.map((turn) => Math.floor(turn / 2));
      fake.history = { columns: few, events: [] };
      fake.summary = { ...fake.summary, values: { ...fake.summary.values, produits_total: 2 } };
      const opened = await open(fake.url);
      await until("the charts", async () => (await opened.text("#where")).endsWith("100"));
      assert.equal(await opened.text("#chart-budget .unit"), "");
      for (const chart of ["products", "transactions", "distribution"]) {
        await opened.page.locator(`#chart-${chart}`).scrollIntoViewIfNeeded();
        await until(chart, async () => (await opened.written(chart)).length > 2);
        const ticks = (await opened.written(chart)).filter((text) => !/[≤>]/.test(text));
        assert.ok(ticks.includes("0") && ticks.includes("1"), String(ticks));
        assert.ok(ticks.every((text) => /^-?\d+$/.test(text)), `${chart}: ${ticks}`);
      }
      assert.deepEqual(await opened.faults(), []);
    });
  },
);
