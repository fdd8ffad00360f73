/** Tests of the page at `/about`. @module */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chooseLanguage,
  LANDING_POLICY,
  type LandingFacts,
  landingPage,
  type Language,
} from "../../lib/server/landing.ts";

Deno.test("chooseLanguage() is French where it is preferred to English", () => {
  const cases: [string | null, Language][] = [
    [null, "en"],
    ["", "en"],
    ["*", "en"],
    ["fr", "fr"],
    ["FR-ca", "fr"],
    ["en", "en"],
    ["de,es;q=0.9", "en"],
    ["fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7", "fr"],
    ["en-US,en;q=0.9,fr;q=0.8", "en"],
    ["en;q=0.5, fr;q=0.9", "fr"],
    ["en;q=0.5,fr", "fr"],
    ["de, fr;q=0.4", "fr"],
    ["fr;q=0", "en"],
    ["fr;q=0, en;q=0.1", "en"],
    ["fro", "en"],
    ["fr;q=x, en;q=0.1", "en"],
    [",;,fr", "fr"],
  ];
  for (const [header, expected] of cases) {
    assert.equal(chooseLanguage(header), expected, String(header));
  }
});

const FACTS: LandingFacts = {
  version: "1.2.3",
  uptime: 93784.9,
  telemetryPath: "/metrics",
  files: [{ path: "logs/a.jsonl", exists: true }, { path: "logs/b.jsonl", exists: false }],
  sessions: 4,
};

Deno.test("landingPage() has version, uptime, sources and links, in both languages", () => {
  const cases: Record<Language, string[]> = {
    fr: ['<html lang="fr">', "Métriques", "En marche depuis 26:03:04. Parties affichées: 4."],
    en: ['<html lang="en">', "Metrics", "Up for 26:03:04. Games shown: 4."],
  };
  for (const [language, texts] of Object.entries(cases)) {
    const page = landingPage(FACTS, language as Language);
    const common = [
      "tradesim-exporter 1.2.3",
      'href="./"',
      'href="./metrics"',
      'href="./health"',
      "POST /update_metrics",
    ];
    for (const text of [...texts, ...common]) assert.ok(page.includes(text), text);
  }
  const page = landingPage(FACTS, "en");
  assert.match(page, /logs\/a\.jsonl<\/code> \(there\)/);
  assert.match(page, /logs\/b\.jsonl<\/code> \(not there yet\)/);
});

Deno.test("landingPage() escapes what it is told", () => {
  const page = landingPage({
    ...FACTS,
    version: "<b>",
    telemetryPath: '/"><script>',
    files: [{ path: "a&<'\">.jsonl", exists: true }],
  }, "en");
  assert.doesNotMatch(page, /<script|<b>/);
  assert.ok(page.includes("a&amp;&lt;&#39;&quot;&gt;.jsonl"));
  assert.ok(page.includes('href="./&quot;&gt;&lt;script&gt;"'));
});

Deno.test("LANDING_POLICY lets in the page's own style and nothing else", () => {
  const style = /<style>([^]*)<\/style>/.exec(landingPage(FACTS, "en"))![1]!;
  const hash = createHash("sha256").update(style).digest("base64");
  assert.ok(LANDING_POLICY.includes(`style-src 'sha256-${hash}'`));
  assert.match(LANDING_POLICY, /default-src 'none'/);
  assert.doesNotMatch(LANDING_POLICY, /unsafe|script-src/);
});
