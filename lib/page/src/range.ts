/** The part of a game that is in view: its width and its end, in turns. @module */

/** The first and the last turn that can be shown. */
export type Extent = readonly [first: number, last: number];

/** Minimum width of the view, in turns. */
const MIN_SPAN = 4;

/** The view follows the end of the game until the reader looks back. */
export class Range {
  /** Turns in view; undefined for all of them. */
  span: number | undefined;
  /** The last turn in view; undefined for the game's newest. */
  end: number | undefined;

  get isLive(): boolean {
    return this.end === undefined;
  }

  /** The first and the last turn in view. */
  window([first, last]: Extent): Extent {
    const to = Math.min(Math.max(this.end ?? last, first), last);
    return [this.span === undefined ? first : Math.max(first, to - this.span), to];
  }

  showAll(): void {
    this.span = undefined;
    this.end = undefined;
  }

  goLive(): void {
    this.end = undefined;
  }

  /** Ends the view at a turn; at the last one it follows the game again. */
  slide(to: number, [, last]: Extent): void {
    this.end = to >= last ? undefined : to;
  }

  /** Shows the turns from one to another, in either order. */
  select(from: number, to: number, extent: Extent): void {
    const [first, last] = extent;
    const low = Math.max(first, Math.min(from, to));
    const high = Math.min(last, Math.max(from, to));
    if (low <= first && high >= last) {
      this.showAll();
      return;
    }
    this.span = Math.max(MIN_SPAN, high - low);
    this.slide(Math.max(high, Math.min(last, first + this.span)), extent);
  }

  /** Makes the view `factor` times as wide; the turn `at` stays where it is. */
  zoom(factor: number, extent: Extent, at?: number): void {
    const [from, to] = this.window(extent);
    const width = Math.max(to - from, 1);
    // With the zoom buttons, a live view stays live: its end stays where it is.
    const fixed = at ?? (this.isLive ? to : (from + to) / 2);
    const wanted = Math.max(MIN_SPAN, width * factor);
    const share = (fixed - from) / width;
    this.select(fixed - wanted * share, fixed + wanted * (1 - share), extent);
  }

  /** Moves the view by a share of its width; forwards when positive. */
  pan(share: number, extent: Extent): void {
    const [first, last] = extent;
    const [from, to] = this.window(extent);
    const width = to - from;
    const start = Math.min(Math.max(from + share * width, first), Math.max(first, last - width));
    if (this.span === undefined && width < last - first) this.span = width;
    this.slide(start + width, extent);
  }
}
