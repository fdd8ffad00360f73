/** The live page as it is served: an HTML frame, one script and one style sheet. @module */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import script from "./page.js" with { type: "text" };
import style from "./page.css" with { type: "text" };

export interface Asset {
  /** Holds a hash of the content, so that it can be kept for ever. */
  readonly path: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same, compressed at the first asking. */
  readonly gzip: () => Uint8Array<ArrayBuffer>;
}

function asset(name: string, type: string, text: string): Asset {
  const bytes = new TextEncoder().encode(text);
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  let zipped: Uint8Array<ArrayBuffer> | undefined;
  return {
    path: name.replace(".", `.${hash}.`),
    type: `${type}; charset=utf-8`,
    bytes,
    gzip: () => zipped ??= new Uint8Array(gzipSync(bytes, { level: 9 })),
  };
}

const SCRIPT = asset("/page.js", "text/javascript", script);
const STYLE = asset("/page.css", "text/css", style);

/** The files that the page loads, by path. */
export const PAGE_ASSETS: ReadonlyMap<string, Asset> = new Map(
  [SCRIPT, STYLE].map((asset) => [asset.path, asset]),
);

/** Lets in what this exporter itself serves, nothing that stands in the page, and no other address. */
export const PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; " +
  "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";

const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" ' +
    'rx="3" fill="#1d5fc4"/><path d="M3 11l3-4 3 2 4-5" fill="none" stroke="#fff" ' +
    'stroke-width="1.6"/></svg>',
);

const NO_SCRIPT = {
  fr: "Cette page a besoin de JavaScript. Sans lui :",
  en: "This page needs JavaScript. Without it:",
} as const;

/** The frame, in the language to begin with. Its links are relative: it may be behind a proxy, under a path. */
export function pageHtml(language: keyof typeof NO_SCRIPT): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TradeSim</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href=".${STYLE.path}">
<script type="module" src=".${SCRIPT.path}"></script>
</head>
<body>
<noscript><p>${NO_SCRIPT[language]} <a href="./about">tradesim-exporter</a></p></noscript>
</body>
</html>
`;
}
