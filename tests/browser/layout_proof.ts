/** Tests of how the page is laid out: on phones, in forced colours, and what must not move. @module */

import assert from "node:assert/strict";
import type { BrowserContextOptions } from "playwright-core";
import { testWith } from "../harness/programs.ts";
import { until } from "../harness/waiting.ts";
import { drawn, type OpenPage } from "./browser.ts";
import { type FakeExporter, summaryOf, turnsOf, withFake, WORLD } from "./fake_exporter.ts";

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const DESK = { viewport: { width: 1280, height: 900 } };
const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  "phone-fr": { ...PHONE, locale: "fr-FR" },
  "phone-en-dark": { ...PHONE, locale: "en-GB", colorScheme: "dark" },
  "phone-en-forced": { ...PHONE, locale: "en-GB", forcedColors: "active" },
  "desk-en": { ...DESK, locale: "en-GB" },
  "desk-fr-dark": { ...DESK, locale: "fr-FR", colorScheme: "dark" },
  "desk-fr-forced-dark": {
    ...DESK,
    locale: "fr-FR",
    colorScheme: "dark",
    forcedColors: "active",
  },
};

/** A game with all that a page can show, and another one. */
function fillUp(fake: FakeExporter): void {
  const types = ["inflation", "recharge_budget", "reassort", "variation_disponibilite"];
  fake.summary = {
    ...summaryOf("a", 400),
    values: {
      ...summaryOf("a", 400).values,
      produits_prix_min: 6.67,
      produits_prix_max: 55.73,
      simulation_publication_seconds_total: 0.04,
    },
  };
  fake.history = {
    columns: turnsOf(1, 400),
    events: Array.from({ length: 80 }, (_, at) => ({
      tour: at * 5 + 1,
      timestamp: 1_795_000_000 + at,
      type: types[at % 4]!,
      nombre: 3,
      total: 16_687,
    })),
  };
  fake.turnSeconds = { le: [0.001, 0.002], counts: [300, 100, 0], sum: 0.4 };
  fake.detail = WORLD;
  fake.second = {
    summary: { ...summaryOf("b", 60), format: "tradesim", state: "ended" },
    history: { columns: turnsOf(1, 60), events: [] },
  };
}

/** Opens a page with everything in it. */
async function openFull(
  open: (url: string, options?: BrowserContextOptions) => Promise<OpenPage>,
  url: string,
  options: BrowserContextOptions,
): Promise<OpenPage> {
  const opened = await open(url, options);
  await until("the charts", () => drawn(opened));
  await until(
    "the tables",
    async () => await opened.page.locator("#table-produits tbody tr").count() === 40,
  );
  return opened;
}

/** Words that stand on two lines, and columns that are cut off. */
const BROKEN = `(() => {
  const faults = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("select, .aside, script")) continue;
    for (const { index, 0: word } of node.data.matchAll(/[\\p{L}\\d]+/gu)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (tops.size > 1) faults.push("broken: " + word);
    }
  }
  for (const region of document.querySelectorAll(".scroll, .tile, .queries, .toolbar, .top")) {
    if (region.checkVisibility() && region.scrollWidth > region.clientWidth + 1) {
      faults.push("cut off: " + (region.ariaLabel ?? region.className) + " " +
        region.scrollWidth + " > " + region.clientWidth);
    }
  }
  return faults;
})()`;

const SMALL_BUTTONS = `
  [...document.querySelectorAll("button, select, summary, input")]
    .filter((element) => element.checkVisibility())
    .map((element) => [element, element.getBoundingClientRect()])
    .filter(([, { width, height }]) => width < 43.5 || height < 43.5)
    .map(([element, { width, height }]) => element.outerHTML.slice(0, 80) + width + "x" + height)
`;

testWith(
  "chromium",
  "the page fits phones and forced colours, and axe finds nothing in any look",
  async () => {
    await withFake(async (open, fake) => {
      fillUp(fake);
      for (const [look, options] of Object.entries(LOOKS)) {
        const opened = await openFull(open, fake.url, options);
        const { page } = opened;
        const isPhone = options.viewport!.width === 390;
        for (const isDeveloper of [false, true]) {
          if (isDeveloper) await page.locator("#developer").click();
          for (const opens of ["none", ...isDeveloper ? ["queries"] : [], "tables"]) {
            if (opens === "queries") {
              await page.evaluate(
                "document.querySelectorAll('.foot .developer').forEach((it) => it.open = true)",
              );
            }
            if (opens === "tables") {
              await page.evaluate(
                "document.querySelectorAll('.foot details:last-of-type').forEach((it) => it.open = true)",
              );
              await until(
                "tables",
                async () => await page.locator("#chart-budgets .foot tbody tr").count() === 50,
              );
            }
            const said = `${look}, developer: ${isDeveloper}, open: ${opens}`;
            assert.deepEqual(await page.evaluate(BROKEN), [], said);
            if (isPhone) assert.deepEqual(await page.evaluate(SMALL_BUTTONS), [], said);
          }
          assert.equal(await page.locator("#keys").isVisible(), !isPhone);
          if (!isPhone) {
            const { height } = (await page.locator(".top").boundingBox())!;
            assert.ok(height < 80, `${look}, one line: ${height}`);
          }
          const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          assert.equal(overflow, 0, look);
          // One stays open: axe looks at every cell, for a long time.
          await page.evaluate(
            "document.querySelectorAll('.card:not(#chart-budgets) details').forEach((it) => it.open = false)",
          );
        }
        await page.locator("#other").selectOption({ index: 1 });
        await until("two games", () => page.locator("#chart-budget .other").isVisible());
        assert.deepEqual(await opened.axe(), [], look);
        await opened.picture(look);
        assert.deepEqual(await opened.faults(), [], look);
        await page.context().close();
      }
    });
  },
);

testWith("chromium", "swatches, dots and lines keep their colours in forced colours", async () => {
  await withFake(async (open, fake) => {
    fillUp(fake);
    for (const colorScheme of ["light", "dark"] as const) {
      const opened = await openFull(open, fake.url, {
        ...DESK,
        colorScheme,
        forcedColors: "active",
      });
      const { page } = opened;
      const { swatches, dots, lines, ground } = await page.evaluate(`
        (() => {
          const colour = (element, part) => getComputedStyle(element, part).backgroundColor;
          const all = (selector) => [...document.querySelectorAll(selector)];
          return {
            swatches: all("#chart-budgets .swatch, .marks-legend .swatch").map((it) => colour(it)),
            dots: all(".connection, #tile-state").map((it) => colour(it, "::before")),
            lines: document.querySelector("#chart-budgets canvas").stroked,
            ground: colour(document.body),
          };
        })()
      `) as Record<"swatches" | "dots" | "lines", string[]> & { ground: string };
      assert.ok(new Set(swatches).size >= 5, String(swatches));
      assert.ok(dots.length === 2 && !dots.includes(ground), `${dots} on ${ground}`);
      assert.ok(!swatches.includes(ground));
      // The grid and three lines.
      assert.ok(new Set(lines).size >= 4, String(new Set(lines)));
      await page.context().close();
    }
  });
});

/** Where everything stands. */
const PLACES = `
  scrollTo(0, 0),
  [...document.querySelectorAll("header *, main *, footer")]
    .filter((element) => element.checkVisibility() && !element.closest(".foot, .uplot, select"))
    .map((element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const name = element.id || element.className || element.tagName;
      return [name, ...[left + scrollX, top + scrollY, width, height].map(Math.round)].join(" ");
    })
    .filter((place) => !/^(WBR|connection|value|more) /.test(place))
`;

testWith(
  "chromium",
  "a lost connection moves nothing, and what is opened leaves no hole",
  async () => {
    await withFake(async (open, fake) => {
      fillUp(fake);
      fake.summary = { ...fake.summary, state: "silent", turns_per_second: null };
      const sizes = [
        { ...DESK, locale: "en-GB" },
        { ...DESK, locale: "fr-FR" },
        // Where the head has room for the shorter words alone.
        { viewport: { width: 1020, height: 900 }, locale: "en-GB" },
        { ...PHONE, locale: "en-GB" },
        { ...PHONE, locale: "fr-FR" },
      ];
      for (const options of sizes) {
        const said = `${options.locale}, ${options.viewport.width}`;
        fake.summary = { ...fake.summary, last_arrival: Date.now() / 1000 - 10 };
        const opened = await openFull(open, fake.url, options);
        const { page, text } = opened;
        await page.locator("#developer").click();
        await page.waitForTimeout(300);
        const places = await page.evaluate(PLACES) as string[];
        assert.ok(places.length > 100);
        fake.isAway = true;
        fake.cutOff();
        await until("the loss", async () => /lost|perdue/.test(await text(".connection")));
        assert.deepEqual(await page.evaluate(PLACES), places, said);
        fake.isAway = false;
        await until(
          "the connection",
          async () => /^Connect(ed|é)$/.test(await text(".connection")),
        );

        const card = page.locator("#chart-budget");
        for (const details of [0, 1]) {
          await card.locator("summary").nth(details).click();
          const shown = card.locator("details").nth(details).locator(":not(summary)").first();
          await until("what is opened", () => shown.isVisible());
          assert.deepEqual(await page.evaluate(PLACES), places, `${said}, ${details} open`);
        }
        // One at a time: they lie in the same place.
        assert.equal(await card.locator("details[open]").count(), 1);
        await page.context().close();
      }
    });
  },
);

testWith(
  "chromium",
  "names of metrics and queries are behind one switch, which is remembered",
  async () => {
    await withFake(async (open, fake) => {
      fillUp(fake);
      for (
        const [locale, name, words] of [
          ["en-GB", "Developer", "Processors in use"],
          ["fr-FR", "Développeur", "Processeurs occupés"],
        ]
      ) {
        const opened = await openFull(open, fake.url, { ...DESK, locale: locale! });
        const { page } = opened;
        const names = async (): Promise<string[]> =>
          (await page.evaluate("document.body.innerText") as string)
            .match(/\b[a-z]+_[a-z_]+|PromQL/g) ?? [];
        assert.deepEqual(await names(), []);
        assert.ok(await page.locator("#health").getByText(words!).isVisible());
        assert.equal(await page.locator("[title*=_]").count(), 0);
        const developer = page.locator("#developer");
        assert.equal(await developer.textContent(), name);
        assert.equal(await developer.getAttribute("aria-pressed"), "false");
        await developer.click();
        const wanted = ["budget_total", "PromQL", "load_average_", "simulation_tour"];
        for (const each of wanted) assert.ok((await names()).includes(each), each);
        await page.reload();
        await until("the charts again", () => drawn(opened));
        assert.equal(await developer.getAttribute("aria-pressed"), "true");
        assert.ok((await names()).includes("budget_total"));
        await developer.click();
        assert.deepEqual(await names(), []);
        await page.context().close();
      }
    });
  },
);

testWith("chromium", "tables that scroll say so, and only they", async () => {
  await withFake(async (open, fake) => {
    fillUp(fake);
    for (
      const [options, words] of [
        [{ ...DESK, locale: "en-GB" }, "Scroll to see the rest."],
        [{ ...PHONE, locale: "fr-FR" }, "Faites défiler pour voir la suite."],
      ] as const
    ) {
      const opened = await openFull(open, fake.url, options);
      const hint = (id: string) => opened.page.locator(`#${id} .more.hint`);
      await until("the hint", () => hint("table-produits").isVisible());
      assert.equal(await hint("table-produits").textContent(), words);
      assert.ok(await hint("events").isVisible());
      assert.equal(await hint("table-entreprises").isVisible(), false);
      assert.equal(await hint("table-fournisseurs").isVisible(), false);
      await opened.page.context().close();
    }
  });
});

testWith("chromium", "a picture of a chart carries title, key and game", async () => {
  await withFake(async (open, fake) => {
    fillUp(fake);
    for (
      const options of [
        { ...DESK, locale: "en-GB", timezoneId: "UTC" },
        { ...PHONE, locale: "en-GB", timezoneId: "UTC", colorScheme: "dark" },
      ] as const
    ) {
      const opened = await openFull(open, fake.url, options);
      const { page } = opened;
      await page.locator("#other").selectOption({ index: 1 });
      await until("two games", () => page.locator("#chart-budget .other").isVisible());
      const save = async (chart: string) => {
        const [file] = await Promise.all([
          page.waitForEvent("download"),
          page.locator(`#chart-${chart} .files button`).nth(1).click(),
        ]);
        return Deno.readFileSync(await file.path());
      };
      const png = await save("budgets");
      assert.deepEqual([...png.subarray(1, 4)], [0x50, 0x4e, 0x47]);
      const { written, filled, colours, size } = await page.evaluate(`({
        written: window.picture.written,
        filled: window.picture.filled,
        size: [window.picture.width, window.picture.height],
        colours: [...document.querySelectorAll("#chart-budgets .swatch")]
          .map((swatch) => getComputedStyle(swatch).backgroundColor),
      })`) as Record<"written" | "filled" | "colours", string[]> & { size: number[] };
      assert.equal(written[0], "Budget of a firm");
      assert.match(written[1]!, /^highest €[\d,.]+ \(- - none\)$/);
      assert.ok(written.includes("Restocking") && written.includes("Inflation"), String(written));
      assert.deepEqual(written.slice(-2), [
        "Game · begun 18/11/2026, 11:06:40 · 400 turns",
        "TradeSim · begun 18/11/2026, 11:06:40 · 60 turns",
      ]);
      const hex = colours.map((colour) =>
        "#" +
        colour.match(/\d+/g)!.map((part) => Number(part).toString(16).padStart(2, "0")).join("")
      );
      assert.equal(hex.length, 3);
      for (const colour of hex) assert.ok(filled.includes(colour), `${colour} in ${filled}`);
      const [width = 0, height = 0] = ["width", "height"].map((_, at) =>
        new DataView(png.buffer).getUint32(16 + 4 * at)
      );
      assert.deepEqual([width, height], size);
      Deno.writeFileSync(
        new URL(`../../screenshots/picture-${options.viewport.width}.png`, import.meta.url),
        png,
      );
      await save("distribution");
      const bars = await page.evaluate("window.picture.written") as string[];
      assert.ok(bars.includes("turns 400"), String(bars));
      assert.equal(bars.at(-1), "Game · begun 18/11/2026, 11:06:40 · 400 turns");
      await page.context().close();
    }
  });
});
