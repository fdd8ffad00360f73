/** The chart of how long turns took: a bar for each bucket of the histogram. @module */

import uPlot from "uplot";
import type { TurnSeconds } from "../../live/api.ts";
import { axisLook, yAxis } from "./axes.ts";
import { type Bar, barsOf, quantile } from "./buckets.ts";
import { Card } from "./card.ts";
import type { Surroundings } from "./chart.ts";
import { csv } from "./csv.ts";
import { faint } from "./palette.ts";
import { HEIGHT, Plotted } from "./plotted.ts";

const METRIC = "temps_simulation_tour_seconds";

export class Distribution extends Plotted {
  readonly card: Card;
  readonly #around: Surroundings;
  #seconds: TurnSeconds | null = null;
  #game: string | undefined;
  #bars: readonly Bar[] = [];

  constructor(around: Surroundings) {
    super();
    this.#around = around;
    const { texts, format, announce } = around;
    const metric = METRIC;
    const title = texts.charts.distribution;
    this.card = new Card({
      id: "distribution",
      title,
      texts,
      metrics: [metric],
      legend: [{ label: texts.series.turns, colour: "blue" }],
      table: () => ({
        header: [texts.series.duration, texts.series.turns],
        rows: this.#bars.map(({ bound, turns }) => [this.#label(bound), format.whole(turns)]),
      }),
      csv: () =>
        csv(
          ["le", "turns"],
          this.#bars.map(({ bound, turns }) => [bound === Infinity ? "Inf" : bound, turns]),
        ),
      canvas: () => {
        this.isSeen = true;
        this.draw(this.#seconds, this.#game);
        return this.plot?.ctx.canvas;
      },
      more: () => ({ keys: [], games: this.#game === undefined ? [] : [this.#game] }),
      announce,
    });
    this.card.setQueries([
      `sum by (le) (${metric}_bucket)`,
      `histogram_quantile(0.95, rate(${metric}_bucket[1m]))`,
    ]);
  }

  /** @param game The name of the game. */
  draw(seconds: TurnSeconds | null, game: string | undefined): void {
    this.#seconds = seconds;
    this.#game = game;
    const { texts, format } = this.#around;
    this.#bars = seconds === null ? [] : barsOf(seconds);
    if (seconds === null || this.#bars.length === 0) {
      this.card.setNote(texts.noColumn);
      return;
    }
    this.card.setNote(undefined);
    const said = texts.quantiles(
      format.seconds(quantile(seconds, 0.5)),
      format.seconds(quantile(seconds, 0.95)),
    );
    const all = seconds.counts.reduce((sum, turns) => sum + turns, 0);
    this.card.setUnit(said);
    this.card.setValue(0, format.whole(all));
    this.card.plot.setAttribute("aria-label", `${texts.charts.distribution}: ${said}`);
    this.card.refreshTable();
    if (!this.isSeen) return;
    const made = this.#bars.map(({ bound }) => bound).join();
    const data: uPlot.AlignedData = [
      this.#bars.map((_, index) => index),
      this.#bars.map(({ turns }) => turns),
    ];
    if (this.plot === undefined || this.made !== made) {
      this.destroy();
      this.made = made;
      this.plot = new uPlot(this.#options(), data, this.card.plot);
    } else this.plot.setData(data);
  }

  #label(bound: number): string {
    const { format } = this.#around;
    const last = this.#bars.findLast(({ bound }) => bound !== Infinity)?.bound ?? 0;
    return bound === Infinity ? `> ${format.seconds(last)}` : `≤ ${format.seconds(bound)}`;
  }

  #options(): uPlot.Options {
    const { palette, format } = this.#around;
    const colours = palette();
    return {
      width: Math.max(this.card.plot.clientWidth, 200),
      height: HEIGHT,
      padding: [12, 12, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: (_plot, low, high) => [low - 0.6, high + 0.6] },
        y: { range: (_plot, _low, high) => [0, Math.max(high * 1.08, 1)] },
      },
      axes: [
        {
          ...axisLook(colours),
          size: 30,
          space: 62,
          grid: { show: false },
          incrs: [1, 2, 4, 8],
          values: (_plot, splits) =>
            splits.map((index) => {
              const bar = this.#bars[index];
              return bar === undefined ? "" : this.#label(bar.bound);
            }),
        },
        {
          ...axisLook(colours),
          space: 34,
          ...yAxis("count", () => true, format),
        },
      ],
      series: [{}, {
        stroke: colours.blue,
        fill: faint(colours.blue, 0.45),
        width: 1,
        points: { show: false },
        paths: uPlot.paths.bars!({ size: [0.86, 64] }),
      }],
    };
  }
}
