/** Opens the live page in a real Chromium, and hears everything that goes wrong in it. @module */

import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";

const SCREENSHOTS = new URL("../../screenshots/", import.meta.url);

/**
 * Runs in the page before anything else: counts lines drawn, keeps what is written on each canvas
 * and what it was filled with, and hears what the policy forbids.
 */
const WATCH = `
  window.strokes = 0;
  const stroke = CanvasRenderingContext2D.prototype.stroke;
  CanvasRenderingContext2D.prototype.stroke = function (...args) {
    window.strokes++;
    (this.canvas.stroked ??= []).push(this.strokeStyle);
    return stroke.apply(this, args);
  };
  const { clearRect, fillText, fillRect } = CanvasRenderingContext2D.prototype;
  Object.assign(CanvasRenderingContext2D.prototype, {
    clearRect(...args) {
      Object.assign(this.canvas, { written: [], filled: [], stroked: [] });
      return clearRect.apply(this, args);
    },
    fillText(text, ...args) {
      (this.canvas.written ??= []).push(text);
      if (!this.canvas.isConnected) window.picture = this.canvas;
      return fillText.call(this, text, ...args);
    },
    fillRect(...args) {
      (this.canvas.filled ??= []).push(this.fillStyle);
      return fillRect.apply(this, args);
    },
  });
  window.violations = [];
  addEventListener("securitypolicyviolation", (event) => {
    window.violations.push(event.violatedDirective + " " + event.blockedURI);
  });
`;

export interface OpenPage {
  readonly page: Page;
  /** Errors of scripts, and what the content security policy forbade. */
  faults(): Promise<readonly string[]>;
  /** What axe-core finds, one line each. */
  axe(): Promise<readonly string[]>;
  /** The text of the first element that a selector finds. */
  text(selector: string): Promise<string>;
  /** What stands on a chart's canvas: the labels of its axes. */
  written(chart: string): Promise<readonly string[]>;
  /** Keeps a picture of the whole page in `screenshots/`. */
  picture(name: string): Promise<void>;
}

/** Whether any chart is drawn. */
export function drawn({ page }: OpenPage): Promise<boolean> {
  return page.evaluate("document.querySelectorAll('#main canvas').length > 0");
}

/** Waits until the page has drawn what it was asked for so far. Changing the axis makes new charts. */
export async function redrawn({ page }: OpenPage): Promise<void> {
  await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => resolve()))");
}

/** Debian's is a shell script that finds the browser. */
const CHROMIUM = "/usr/bin/chromium";

/** Lends a browser, and ends it afterwards. Each page has a profile of its own. */
export async function withBrowser(
  use: (open: (url: string, options?: BrowserContextOptions) => Promise<OpenPage>) => Promise<void>,
): Promise<void> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--enable-precise-memory-info"],
  });
  try {
    await use(async (url, options = {}) => {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        locale: "en-GB",
        ...options,
      });
      await context.addInitScript(WATCH);
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
      await page.goto(url);
      return {
        page,
        faults: async () => [...errors, ...await page.evaluate("window.violations") as string[]],
        async axe() {
          await page.evaluate(axe.source);
          // Rows of a table are alike, and axe looks at each of them for long.
          const run = "axe.run({ exclude: ['tbody tr:nth-child(n + 5)'] })";
          const { violations } = await page.evaluate(run) as {
            violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
          };
          return violations.flatMap(({ id, nodes }) =>
            nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)
          );
        },
        text: async (selector) => await page.locator(selector).first().textContent() ?? "",
        written: (chart) =>
          page.evaluate(`document.querySelector("#chart-${chart} canvas")?.written ?? []`),
        async picture(name) {
          Deno.mkdirSync(SCREENSHOTS, { recursive: true });
          const { width } = page.viewportSize()!;
          const height = await page.evaluate("document.documentElement.scrollHeight") as number;
          const before = page.viewportSize()!;
          // Charts are drawn when they are on the screen.
          await page.setViewportSize({ width, height });
          await page.waitForTimeout(150);
          await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, SCREENSHOTS)) });
          await page.setViewportSize(before);
        },
      };
    });
  } finally {
    await browser.close();
  }
}
