/** The page `/about`: version, uptime and sources. @module */

import { createHash } from "node:crypto";
import { escapeHtml } from "../html/mod.ts";

export interface LandingFacts {
  readonly version: string;
  /** Seconds since the start. */
  readonly uptime: number;
  readonly telemetryPath: string;
  /** Followed files, and whether each is there now. */
  readonly files: readonly { readonly path: string; readonly exists: boolean }[];
  readonly sessions: number;
  /** The file that is replayed, and its speed; then no reports are taken. */
  readonly replay?: string | undefined;
  /** Bytes of the past of followed files that were read, of those that are to be read. */
  readonly past?: { readonly read: number; readonly total: number } | undefined;
}

/**
 * The followed files, and the patterns that no file matches yet.
 *
 * @param asked What is followed: files, and patterns with a `*`.
 */
export function filesOf(
  asked: readonly string[],
  files: LandingFacts["files"],
): LandingFacts["files"] {
  const waiting = asked.filter((path) =>
    path.includes("*") &&
    !files.some((file) => file.path.startsWith(path.slice(0, path.indexOf("*"))))
  );
  return [...files, ...waiting.map((path) => ({ path, exists: false }))];
}

const STYLE =
  `body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}
@media (prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8cf}}`;

/** Lets the page's own style in and nothing else. */
export const LANDING_POLICY = `default-src 'none'; style-src 'sha256-${
  createHash("sha256").update(STYLE).digest("base64")
}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const TEXTS = {
  fr: {
    what: "Montre les parties de TradeSim sur une page en direct et en métriques Prometheus.",
    live: "La page en direct",
    metrics: "Métriques",
    health: "État de santé",
    uptime: "En marche depuis",
    sessions: "Parties affichées",
    sources: "Sources",
    post: "rapports envoyés par la simulation",
    replay: "rediffusion",
    present: "présent",
    absent: "pas encore là",
    past: "Passé des fichiers suivis",
    read: "lus",
  },
  en: {
    what: "Shows TradeSim games on a live page and as Prometheus metrics.",
    live: "The live page",
    metrics: "Metrics",
    health: "Health",
    uptime: "Up for",
    sessions: "Games shown",
    sources: "Sources",
    post: "reports that the simulation posts",
    replay: "replay",
    present: "there",
    absent: "not there yet",
    past: "Past of followed files",
    read: "read",
  },
} as const;

export type Language = keyof typeof TEXTS;

/** French where the browser prefers it to English, else English. */
export function chooseLanguage(acceptLanguage: string | null): Language {
  const wanted = (acceptLanguage ?? "").split(",").map((item) => {
    const [tag = "", quality = ""] = item.split(";");
    return { tag: tag.trim().toLowerCase(), weight: Number(quality.trim().slice(2) || 1) };
  }).filter(({ tag, weight }) => /^(fr|en)\b/.test(tag) && weight > 0);
  wanted.sort((a, b) => b.weight - a.weight);
  return wanted[0]?.tag.startsWith("fr") ? "fr" : "en";
}

function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

export function landingPage(facts: LandingFacts, language: Language): string {
  const text = TEXTS[language];
  const { version, uptime, telemetryPath, files, sessions, past, replay } = facts;
  const progress = past === undefined
    ? ""
    : `\n<p>${text.past}: ${Math.floor(100 * past.read / past.total)} % ${text.read}.`;
  const first = replay === undefined
    ? `<li><code>POST /update_metrics</code> (${text.post})`
    : `<li><code>${escapeHtml(replay)}</code> (${text.replay})`;
  const sources = files.map(({ path, exists }) =>
    `<li><code>${escapeHtml(path)}</code> (${exists ? text.present : text.absent})</li>`
  );
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>tradesim-exporter</title>
<style>${STYLE}</style>
<h1>tradesim-exporter ${escapeHtml(version)}</h1>
<p>${text.what}
<ul>
<li><a href="./">${text.live}</a>
<li><a href=".${escapeHtml(telemetryPath)}">${text.metrics}</a>
<li><a href="./health">${text.health}</a>
</ul>
<p>${text.uptime} ${duration(uptime)}. ${text.sessions}: ${sessions}.
<h2>${text.sources}</h2>
<ul>
${first}
${sources.join("\n")}
</ul>${progress}
</html>
`;
}
