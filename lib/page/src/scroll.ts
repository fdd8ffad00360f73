/** Scrolling parts of the page, which show whether there is more. @module */

import { h } from "./dom.ts";

export function scroller(label: string, hint: string, content: HTMLElement): HTMLElement {
  const region = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label });
  region.append(content);
  const more = h("p", { class: "hint more", hidden: true }, hint);
  const observer = new ResizeObserver(() => {
    const { scrollHeight, clientHeight, scrollWidth, clientWidth } = region;
    more.hidden = scrollHeight <= clientHeight + 1 && scrollWidth <= clientWidth + 1;
  });
  observer.observe(region);
  observer.observe(content);
  return h("div", {}, region, more);
}
