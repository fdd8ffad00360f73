/** The common parts of charts: a card, and a plot that fills it. @module */

import type uPlot from "uplot";
import type { Card } from "./card.ts";

export const HEIGHT = 216;

export abstract class Plotted {
  abstract readonly card: Card;
  /** Whether a part of it is on the screen. */
  isSeen = true;
  protected plot: uPlot | undefined;
  /** The data that the plot was created for; other data needs another plot. */
  protected made = "";

  resize(): void {
    const { clientWidth } = this.card.plot;
    if (this.plot !== undefined && clientWidth > 0 && clientWidth !== this.plot.width) {
      this.plot.setSize({ width: clientWidth, height: HEIGHT });
    }
  }

  destroy(): void {
    this.plot?.destroy();
    this.plot = undefined;
    this.made = "";
  }
}
