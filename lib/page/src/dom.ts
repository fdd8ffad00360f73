/** Makes and changes elements; text goes in as text only. @module */

type Attributes = Readonly<
  Record<string, string | number | boolean | undefined | ((event: Event) => void)>
>;

/** Makes an element. Functions become listeners, `true` an empty attribute, `false` none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** The name of a metric, or a query; lines may break between its words. */
export function code(text: string): HTMLElement {
  return h("code", {}, ...text.split(/(?<=[_([/])/).flatMap((part) => [part, h("wbr")]));
}

/** Changes a text only if it differs, to avoid layout and announcements. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Copies text to the clipboard, also if the page was loaded over plain HTTP from another machine.
 *
 * @throws When the browser does not allow it.
 */
export async function copyText(text: string): Promise<void> {
  if (globalThis.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = h("textarea", { class: "aside" });
  area.value = text;
  document.body.append(area);
  const focused = document.activeElement;
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!isCopied) throw new Error("Cannot copy a text: the browser does not allow it");
}

/** Downloads a file. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The saved choice; undefined if the browser saves nothing. */
export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(`tradesim-${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`tradesim-${key}`, value);
  } catch {
    // Then the choice lasts as long as the page.
  }
}
