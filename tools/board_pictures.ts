/**
 * Takes the pictures of docs/dashboards.md: of each board in both languages, drawn from the answers
 * of a real Prometheus. They are not Grafana's, which is not asked.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { withBrowser } from "../tests/browser/browser.ts";
import { type Board, boardsIn, boardTexts } from "../tests/grafana/boards.ts";
import { ask, questionsOf, RANGE_SECONDS } from "../tests/grafana/questions.ts";
import { withStore, writeGame, writeOwnSeries } from "../tests/harness/past.ts";
import { PINNED } from "../tests/harness/engines.ts";
import type { PrometheusApi } from "../tests/harness/prometheus.ts";
import { ANCHOR, TURNS, withRecordedGames } from "../tests/harness/recorded_games.ts";
import { drawBoard, type DrawnBoard, type Series } from "./board_pictures/draw.ts";
import { type Language, LANGUAGES } from "./dashboards/texts.ts";

const FOLDER = fileURLToPath(new URL("../docs/img/dashboards/", import.meta.url));
const INSTANCE = "exporter:8000";
const NAMES = ["instance", "baseline", "session", "entreprise", "produit", "fournisseur"];
const CHOICES = {
  ...Object.fromEntries(NAMES.map((name) => [name, "all"] as const)),
  job: ["tradesim"],
};

/** Wide enough for the 24 columns of a board. */
const WIDTH = 1074;

/** Lends a Prometheus that has scraped a game for five minutes, everything shown, up to `end`. */
async function withPast(
  use: (prometheus: PrometheusApi, end: number) => Promise<void>,
): Promise<void> {
  await withStore(async (prometheus) => {
    const end = await writeGame(prometheus, {
      scrapes: RANGE_SECONDS,
      target: { job: "tradesim", instance: INSTANCE },
      args: ["--detail", "--labels", "continent,produit_type"],
    });
    await writeOwnSeries(prometheus, RANGE_SECONDS, end);
    await use(prometheus, end);
  });
}

/** The board of recorded games, which are in a Prometheus of their own. */
const RECORDED = "games";

/** Each board of a language as a page, by the name of its file. */
async function pages(
  prometheus: PrometheusApi,
  boards: readonly Board[],
  { language, end }: { readonly language: Language; readonly end: number },
): Promise<ReadonlyMap<string, string>> {
  const drawn = new Map<string, string>();
  const texts = boardTexts(language);
  for (const board of boards) {
    const answers = new Map<number, (readonly Series[])[]>();
    for (const panel of board.panels) {
      const own: (readonly Series[])[] = [];
      for (const question of questionsOf(board, panel)) {
        own.push(await ask(prometheus, question, { choices: CHOICES }, end));
      }
      answers.set(panel.id, own);
    }
    const setting = {
      language,
      instance: INSTANCE,
      end,
      answers: ({ id }: { id: number }) => answers.get(id)!,
    };
    const whole: DrawnBoard = JSON.parse(texts.get(board.file)!);
    drawn.set(board.file, drawBoard(whole, setting));
  }
  return drawn;
}

/** Takes the pictures of boards in both languages. */
async function take(
  prometheus: PrometheusApi,
  end: number,
  isWanted: (file: string) => boolean,
): Promise<void> {
  for (const language of LANGUAGES) {
    await Deno.mkdir(FOLDER + language, { recursive: true });
    const boards = boardsIn(language).filter(({ file }) => isWanted(file));
    const drawn = await pages(prometheus, boards, { language, end });
    await withBrowser(async (open) => {
      for (const [file, html] of drawn) {
        const { page } = await open("about:blank", { viewport: { width: WIDTH, height: 600 } });
        await page.setContent(html);
        await page.screenshot({ fullPage: true, path: `${FOLDER}${language}/${file}.png` });
      }
    });
  }
}

if (import.meta.main) {
  await withRecordedGames(
    PINNED,
    (prometheus) => take(prometheus, ANCHOR + TURNS.long - 1, (file) => file === RECORDED),
  );
  await withPast((prometheus, end) => take(prometheus, end, (file) => file !== RECORDED));
}
