/** Tests of the page's states: languages, themes, widths, paper, keyboard, and what must not happen. @module */

import assert from "node:assert/strict";
import { runExporter, type RunningExporter, startExporter } from "../harness/exporter.ts";
import { testWith } from "../harness/programs.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { drawn, withBrowser } from "./browser.ts";
import { DETAIL, type Open, summaryOf, turnsOf, withFake } from "./fake_exporter.ts";

/** Lends a browser and an exporter that has taken two games of 200 turns. */
async function withGames(
  use: (open: Open, exporter: RunningExporter) => Promise<void>,
): Promise<void> {
  await withTempDir(async (cwd) => {
    const exporter = await startExporter({ cwd, args: ["--state", "none"] });
    try {
      for (const seed of ["1", "2"]) {
        const { code, stderr } = await runExporter({
          cwd,
          args: [
            ...["simulate", "--tours", "200", "--seed", seed],
            ...["--with-metrics", "--publish-to", exporter.url],
          ],
        });
        assert.equal(code, 0, stderr);
      }
      await withBrowser((open) => use(open, exporter));
    } finally {
      await exporter.stop();
    }
  });
}

testWith(
  "chromium",
  "the page speaks both languages, in light and dark, on a phone and on paper",
  async () => {
    await withGames(async (open, exporter) => {
      const states = {
        "french": { locale: "fr-FR" },
        "english-dark": { locale: "en-GB", colorScheme: "dark" },
        "phone": { locale: "fr-FR", viewport: { width: 360, height: 740 }, hasTouch: true },
        "phone-dark": {
          locale: "en-GB",
          colorScheme: "dark",
          viewport: { width: 390, height: 844 },
          hasTouch: true,
        },
      } as const;
      for (const [name, options] of Object.entries(states)) {
        const opened = await open(exporter.url, options);
        const { page, text } = opened;
        await until("the charts", () => drawn(opened));
        const isFrench = options.locale === "fr-FR";
        const isDark = "colorScheme" in options;
        assert.equal(await page.evaluate("document.documentElement.lang"), isFrench ? "fr" : "en");
        assert.equal(await text(".tile.turn dt"), isFrench ? "Tour" : "Turn");
        assert.equal(await text("#tile-state"), isFrench ? "Terminée" : "Finished");
        const [red = 0] =
          (await page.evaluate("getComputedStyle(document.body).backgroundColor") as string).match(
            /\d+/g,
          )!.map(Number);
        assert.ok(isDark ? red < 60 : red > 220, `${name}: ${red}`);
        const overflow = await page.evaluate(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        assert.equal(overflow, 0, `${name} is no wider than its screen`);
        // Everything that can be opened is open.
        await page.evaluate("document.querySelectorAll('details').forEach((it) => it.open = true)");
        assert.deepEqual(await opened.axe(), [], name);
        await page.evaluate(
          "document.querySelectorAll('details').forEach((it) => it.open = false)",
        );
        await opened.picture(name);
        assert.deepEqual(await opened.faults(), [], name);
        await page.context().close();
      }

      const opened = await open(exporter.url, { locale: "fr-FR", colorScheme: "dark" });
      const { page, text } = opened;
      await until("the charts", () => drawn(opened));
      await page.locator("#language").click();
      await page.locator("#theme").click();
      assert.equal(await text(".tile.turn dt"), "Turn");
      await page.reload();
      await until("the charts again", () => drawn(opened));
      assert.equal(await text(".tile.turn dt"), "Turn", "the choice is kept");
      assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "light");
      assert.equal(await page.evaluate("document.cookie"), "");
      await page.locator("#theme").click();

      await page.emulateMedia({ media: "print" });
      const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
      assert.equal(background, "rgb(255, 255, 255)", "paper is white");
      assert.equal(await page.locator(".toolbar").isVisible(), false);
      await until(
        "every chart on paper",
        () => page.evaluate("document.querySelectorAll('.card canvas').length === 8"),
      );
      await opened.picture("print");
      assert.deepEqual(await opened.faults(), []);
    });
  },
);

testWith("chromium", "the page can be used by keyboard alone", async () => {
  await withGames(async (open, exporter) => {
    const opened = await open(exporter.url);
    const { page, text } = opened;
    await until("the charts", () => drawn(opened));
    const reached = new Set<string>();
    const active = "document.activeElement.id || document.activeElement.closest('[id]')?.id";
    for (let step = 0; step < 90; step++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(active) as string);
    }
    const wanted = ["session", "other", "language", "theme", "by-time", "total", "back", "live"];
    for (const id of [...wanted, "chart-budget", "chart-distribution", "events"]) {
      assert.ok(reached.has(id), `${id} is reached by Tab`);
    }

    const plot = page.locator("#chart-budgets .plot");
    await plot.focus();
    const said = () => text("[aria-live]");
    await page.keyboard.press("Home");
    assert.match(await said(), /^Turn 1, .*highest €[\d,.]+, mean €[\d,.]+, lowest €/);
    await page.keyboard.press("ArrowRight");
    assert.match(await said(), /^Turn 2, /);
    await page.keyboard.press("End");
    assert.match(await said(), /^Turn 200, /);
    await page.keyboard.press("+");
    await until(
      "a narrower view",
      async () => /^turns 10\d to 200 of 200$/.test(await text("#where")),
    );
    await page.keyboard.press("Shift+ArrowLeft");
    await until(
      "an earlier view",
      async () => /^turns 9\d to 190 of 200$/.test(await text("#where")),
    );
    await page.keyboard.press("Escape");
    await until("all of it", async () => await text("#where") === "turns 1 to 200 of 200");

    await page.locator("#back").focus();
    await page.keyboard.press("ArrowLeft");
    await until("a turn back", async () => await text("#where") === "turns 1 to 199 of 200");
    assert.equal(await page.locator("#live").getAttribute("aria-pressed"), "false");
    await page.locator("#live").focus();
    await page.keyboard.press("Enter");
    await until("the end again", async () => await text("#where") === "turns 1 to 200 of 200");

    const budgets = async () =>
      await page.locator("#table-entreprises tbody td:nth-child(2)").allTextContents();
    await page.locator("#table-entreprises thead button").nth(1).focus();
    await page.keyboard.press("Enter");
    const amounts = (await budgets()).map((cell) => Number(cell.replace(/[€,]/g, "")));
    assert.equal(amounts.length, 3);
    assert.deepEqual(amounts, amounts.toSorted((a, b) => b - a));
    await page.keyboard.press("Enter");
    assert.deepEqual(
      (await budgets()).map((cell) => Number(cell.replace(/[€,]/g, ""))),
      amounts.toReversed(),
    );

    await page.locator("#events tbody button").nth(4).focus();
    const turn = Number(await text("#events tbody button >> nth=4"));
    await page.keyboard.press("Enter");
    await until("the event's turn", async () => {
      const [from = 0, to = 0] = (await text("#where")).match(/\d+/g)!.map(Number);
      return from <= turn && turn <= to && to - from <= 50;
    });
    assert.deepEqual(await opened.faults(), []);
  });
});

testWith(
  "chromium",
  "the page is zoomed and moved by the mouse, and names the events under it",
  async () => {
    await withGames(async (open, exporter) => {
      const opened = await open(exporter.url);
      const { page, text } = opened;
      await until("the charts", () => drawn(opened));
      const over = page.locator("#chart-budget .u-over");
      const { x, y, width, height } = (await over.boundingBox())!;
      const at = (share: number) => [x + width * share, y + height / 2] as const;
      const view = async () => {
        const [from = 0, to = 0] = (await text("#where")).match(/\d+/g)!.map(Number);
        return [from, to] as const;
      };
      const near = (value: number, wanted: number) => Math.abs(value - wanted) <= 3;

      await page.mouse.move(...at(0.25));
      await page.mouse.down();
      await page.mouse.move(...at(0.5), { steps: 4 });
      await page.mouse.up();
      await until("the part that was drawn over", async () => {
        const [from, to] = await view();
        return near(from, 51) && near(to, 100);
      });

      // A step at a time, until the cursor is at a turn in which something happened.
      const tip = page.locator("#chart-budget .tip");
      let said = "";
      for (let step = 5; step < 95 && !said.includes("\n"); step++) {
        await page.mouse.move(...at(step / 100));
        said = await tip.textContent() ?? "";
      }
      assert.match(
        said,
        /^Turn \d+, [\d:]+\n.*\(\d+ (price|firm|product|supplier)s?, [+−]?€?[\d,.]+/,
      );
      await opened.picture("events");
      await page.evaluate("scrollTo(0, 0)");

      await page.mouse.move(...at(0.5));
      await page.keyboard.down("Control");
      await page.mouse.wheel(0, 100);
      await page.keyboard.up("Control");
      await until("a wider view", async () => {
        const [from, to] = await view();
        return near(to - from, 62);
      });
      const [before] = await view();
      await page.keyboard.down("Shift");
      await page.mouse.move(...at(0.4));
      await page.mouse.down();
      await page.mouse.move(...at(0.6), { steps: 4 });
      await page.mouse.up();
      await page.keyboard.up("Shift");
      await until("an earlier view", async () => near(before - (await view())[0], 12));
      const paused = await view();
      await page.locator("#language").focus();
      await page.mouse.wheel(0, 300);
      await page.waitForTimeout(200);
      assert.deepEqual(await view(), paused, "the wheel alone scrolls the page");
      assert.deepEqual(await opened.faults(), []);
    });
  },
);

testWith(
  "chromium",
  "the page lays a second game over the first, by turn and by time",
  async () => {
    await withGames(async (open, exporter) => {
      const opened = await open(exporter.url);
      const { page } = opened;
      await until("the charts", () => drawn(opened));
      await page.locator("#other").selectOption({ index: 1 });
      // An orange line of another game is drawn with dashes.
      await page.locator("#by-time").click();
      const plots = "document.querySelectorAll('#chart-budget canvas').length";
      await until("the charts", async () => await page.evaluate(plots) === 1);
      await page.waitForTimeout(300);
      await opened.picture("two-games");
      await page.waitForTimeout(300);
      const { sessions } = await (await fetch(`${exporter.url}/api/sessions`)).json();
      const kept = sessions.map(({ points }: { points: number }) => points);
      for (const axis of ["time", "turn"]) {
        await page.locator(`#by-${axis}`).click();
        await until(
          "the axis",
          async () => await page.locator(`#by-${axis}`).getAttribute("aria-pressed") === "true",
        );
        const [file] = await Promise.all([
          page.waitForEvent("download"),
          page.locator("#chart-budget .files button").first().click(),
        ]);
        const [header, ...rows] = Deno.readTextFileSync(await file.path()).trim().split("\r\n");
        assert.equal(header, "session,tour,timestamp,budget_total");
        const ofGame = Object.groupBy(rows, (row) => row.slice(0, row.indexOf(",")));
        const counts = Object.values(ofGame).map((rows) => rows!.length);
        assert.equal(counts.length, 2);
        // Over time the other one may have taken longer.
        if (axis === "turn") assert.deepEqual(counts, kept);
      }
      assert.deepEqual(await opened.axe(), []);
      await page.locator("#session").selectOption({ index: 2 });
      await until(
        "no game over itself",
        async () => await page.locator("#other").inputValue() === "",
      );
      assert.deepEqual(await opened.faults(), []);
    });
  },
);

testWith(
  "chromium",
  "the page gives what is seen as a picture, a table and queries to copy",
  async () => {
    await withFake(async (open, fake) => {
      const opened = await open(fake.url, { permissions: ["clipboard-read", "clipboard-write"] });
      const { page, text } = opened;
      await until("the charts", () => drawn(opened));
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        // Far down: it is drawn for the picture.
        page.locator("#chart-duration .files button").nth(1).click(),
      ]);
      const png = Deno.readFileSync(await file.path());
      assert.deepEqual([...png.subarray(1, 4)], [0x50, 0x4e, 0x47], "a PNG");
      assert.ok(png.length > 5000, `${png.length} bytes`);

      await page.locator("#developer").click();
      const card = page.locator("#chart-transactions");
      await card.locator("summary").first().click();
      await card.locator(".queries button").first().click();
      const query = "rate(transactions_reussies_total[1m]) / rate(tours_completes[1m])";
      await until(
        "the query",
        async () => await page.evaluate("navigator.clipboard.readText()") === query,
      );
      assert.equal(await text("[aria-live]"), "Copied");
      await page.evaluate(`
        window.said = 0;
        new MutationObserver(() => window.said++)
          .observe(document.querySelector("[aria-live]"), { childList: true });
      `);
      await card.locator(".queries button").first().click();
      await until("the same words again", () => page.evaluate("window.said === 1"));
      assert.equal(await text("[aria-live]"), "Copied");
      await page.evaluate("navigator.clipboard.writeText = () => Promise.reject(new Error())");
      await card.locator(".queries button").last().click();
      await until(
        "the other words",
        async () => await card.locator(".queries button").last().textContent() === "Not copied",
      );
      assert.equal(await text("[aria-live]"), "Not copied");
      await card.locator("summary").nth(1).click();
      await until("the table", async () => await card.locator("tbody tr").count() === 50);
      assert.equal(await card.locator("tbody th").first().textContent(), "100");
      assert.deepEqual(await opened.faults(), []);
    });
  },
);

testWith(
  "chromium",
  "the page is told anew of what it missed, and leaves a game that is forgotten",
  async () => {
    await withFake(async (open, fake) => {
      fake.history.events = [{ tour: null, timestamp: 1_795_000_010, type: "inconnu" }];
      const opened = await open(fake.url);
      const { page, text } = opened;
      await until("the charts", () => drawn(opened));
      await until(
        "the grey lane's name",
        () => page.locator(".marks-legend").getByText("Other events").isVisible(),
      );
      fake.detail = { ...DETAIL, entreprises: DETAIL.entreprises.slice(1) };
      fake.cutOff();
      await until(
        "the firms of now",
        async () => await page.locator("#table-entreprises tbody tr").count() === 1,
      );
      await page.locator("#session").selectOption("a");
      await until("the game", async () => await text(".connection") === "Connected");
      fake.summary = summaryOf("b", 100);
      fake.cutOff();
      await until("the other game", async () => {
        const [chosen, known] = await Promise.all([
          page.locator("#session").inputValue(),
          page.locator("#session option[value=b]").count(),
        ]);
        return chosen === "" && known === 1 && await text(".connection") === "Connected";
      });
      assert.deepEqual(await opened.faults(), []);
    });
  },
);

testWith("chromium", "the page takes a firm named <script> for a name", async () => {
  await withFake(async (open, fake) => {
    const opened = await open(fake.url);
    const { page } = opened;
    await until(
      "the firms",
      async () => await page.locator("#table-entreprises tbody tr").count() === 2,
    );
    const names = await page.locator("#table-entreprises tbody th").allTextContents();
    assert.deepEqual(names.toSorted(), DETAIL.entreprises.map(({ nom }) => nom).toSorted());
    assert.equal(await page.locator("#main script, #main img, #main b").count(), 0);
    assert.doesNotMatch(await page.title(), /owned/);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.locator("#table-produits header button").click(),
    ]);
    assert.match(Deno.readTextFileSync(await file.path()), /^'=SUM\(A1\),3,2,8\r$/m);
    assert.deepEqual(await opened.axe(), []);
    assert.deepEqual(await opened.faults(), []);
  });
});

testWith(
  "chromium",
  "the page draws nothing while its tab is hidden, and everything once it is seen",
  async () => {
    await withFake(async (open, fake) => {
      const opened = await open(fake.url);
      const { page, text } = opened;
      await until("the charts", () => drawn(opened));
      const strokes = () => page.evaluate("window.strokes") as Promise<number>;
      const setHidden = (isHidden: boolean) =>
        page.evaluate(`
        Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} });
        document.dispatchEvent(new Event("visibilitychange"));
      `);
      const tell = (turn: number) => {
        fake.send("turns", { session: "a", columns: turnsOf(turn, turn), events: [] });
        fake.send("state", {
          summary: summaryOf("a", turn),
          turn_seconds: null,
          exporter: {},
          system: {},
        });
      };
      const before = await strokes();
      tell(101);
      await until(
        "a turn that is drawn",
        async () => await text("#where") === "turns 1 to 101 of 101",
      );
      assert.ok(await strokes() > before, "strokes are counted");

      await setHidden(true);
      await page.waitForTimeout(100);
      const hidden = await strokes();
      for (let turn = 102; turn <= 120; turn++) tell(turn);
      await page.waitForTimeout(1500);
      assert.equal(await strokes(), hidden);
      assert.equal(await text("#tile-turn"), "101");

      await setHidden(false);
      await until(
        "what came meanwhile",
        async () =>
          await text("#where") === "turns 1 to 120 of 120" && await text("#tile-turn") === "120",
      );
      assert.ok(await strokes() > hidden);
      assert.deepEqual(await opened.faults(), []);

      await setHidden(true);
      const behind = await page.context().newPage();
      await behind.addInitScript(
        'Object.defineProperty(document, "hidden", { configurable: true, value: true })',
      );
      await behind.goto(fake.url);
      await until("streams of both tabs", () => fake.readers() === 2);
      await until("both tabs to let go of them", () => fake.readers() === 0);
      fake.summary = summaryOf("a", 130);
      fake.history.columns = turnsOf(1, 130);
      await setHidden(false);
      await until(
        "what came while nothing was told",
        async () =>
          await text("#where") === "turns 1 to 130 of 130" &&
          await text("#tile-turn") === "130" && await text(".connection") === "Connected",
      );
      assert.equal(fake.readers(), 1);
      assert.deepEqual(await opened.faults(), []);
    });
  },
);

testWith("chromium", "the page stays under 100 MB over a game of a million turns", async () => {
  await withFake(async (open, fake) => {
    const opened = await open(fake.url);
    const { page, text } = opened;
    await until("the charts", () => drawn(opened));
    const heap = await page.context().newCDPSession(page);
    for (let turn = 101; turn < 1_000_000; turn += 2000) {
      const told = turn + 1999;
      const { tour, timestamp, budget_total, duree_seconds } = turnsOf(turn, told);
      const columns = { tour, timestamp, budget_total, duree_seconds };
      fake.send("turns", { session: "a", columns, events: [] });
      // A reader that is told faster than it reads would be cut off by the real exporter.
      if (turn % 40_000 === 101) {
        await until(
          `turn ${told}`,
          async () => Number((await text("#where")).replaceAll(",", "").match(/\d+$/)?.[0]) >= told,
        );
      }
    }
    await until("a million turns", async () => (await text("#where")).endsWith("of 1,000,100"));
    await heap.send("HeapProfiler.collectGarbage");
    const { usedSize } = await heap.send("Runtime.getHeapUsage");
    assert.ok(usedSize > 1e6 && usedSize < 100e6, `${usedSize} bytes`);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.locator("#chart-budget .files button").first().click(),
    ]);
    const rows = Deno.readTextFileSync(await file.path()).split("\r\n").length;
    assert.ok(rows > 5000 && rows <= 20_002, `${rows} rows`);
    assert.deepEqual(await opened.faults(), []);
  });
});

testWith(
  "chromium",
  "the page says that there is no game yet, and shows the first one that comes",
  async () => {
    await withTempDir(async (cwd) => {
      const exporter = await startExporter({ cwd, args: ["--state", "none"] });
      try {
        await withBrowser(async (open) => {
          const opened = await open(exporter.url, { locale: "fr-FR" });
          await until("the hint", () => opened.page.locator(".empty").isVisible());
          assert.deepEqual(await opened.axe(), []);
          await opened.picture("no-game");
          await runExporter({
            cwd,
            args: ["simulate", "--tours", "30", "--with-metrics", "--publish-to", exporter.url],
          });
          await until("the game", async () => await opened.text("#tile-turn") === "30");
          assert.equal(await opened.page.locator(".empty").isVisible(), false);
          assert.deepEqual(await opened.faults(), []);
        });
      } finally {
        await exporter.stop();
      }
    });
  },
);
