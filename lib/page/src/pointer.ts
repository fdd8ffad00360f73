/** Moves the view of a chart by mouse, wheel and touch. @module */

import type uPlot from "uplot";

/** What a chart asks of the page. Positions are on the x axis. */
export interface Moves {
  select(from: number, to: number): void;
  zoom(factor: number, at?: number): void;
  /** Moves the view by a share of its width. */
  pan(share: number): void;
  showAll(): void;
}

/** The wheel scrolls the page, unless it is clearly meant for the chart. */
export function listenToPointer(
  element: HTMLElement,
  plotOf: () => uPlot | undefined,
  moves: Moves,
): void {
  element.addEventListener("wheel", (event) => {
    const plot = plotOf();
    if (plot === undefined) return;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      moves.pan(event.deltaX / plot.over.clientWidth);
      return;
    }
    const isMeant = event.ctrlKey || event.metaKey || element.matches(":focus");
    if (!isMeant) return;
    event.preventDefault();
    const left = event.clientX - plot.over.getBoundingClientRect().left;
    moves.zoom(event.deltaY > 0 ? 1.25 : 0.8, plot.posToVal(left, "x"));
  }, { passive: false });
  let last = 0;
  element.addEventListener("touchstart", (event) => {
    last = event.touches[0]!.clientX;
  }, { passive: true });
  element.addEventListener("touchmove", (event) => {
    const plot = plotOf();
    if (plot === undefined || event.touches.length !== 1) return;
    const { clientX } = event.touches[0]!;
    moves.pan((last - clientX) / plot.over.clientWidth);
    last = clientX;
  }, { passive: true });
}

/** Mouse bindings of a plot: Shift pans, and a double click shows everything. */
export function mouseBindings(moves: Moves): uPlot.Cursor.Bind {
  const pan = (plot: uPlot, start: MouseEvent) => {
    let last = start.clientX;
    const move = (event: MouseEvent) => {
      moves.pan((last - event.clientX) / plot.over.clientWidth);
      last = event.clientX;
    };
    document.addEventListener("mousemove", move);
    document.addEventListener("mouseup", () => {
      document.removeEventListener("mousemove", move);
    }, { once: true });
  };
  return {
    mousedown: (plot, _target, handler) => (event) => {
      if (event.shiftKey) pan(plot, event);
      else handler(event);
      return null;
    },
    dblclick: () => () => {
      moves.showAll();
      return null;
    },
  };
}
