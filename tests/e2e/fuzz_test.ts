/** Throws broken, huge, deep, compressed and hostile input at the real program: it answers, counts and goes on. @module */

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { TRADESIM_KEYS } from "../../lib/report/mod.ts";
import { type RunningExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const SEED = Number(Deno.env.get("FUZZ_SEED") ?? 20_261_122);
const SEED_NAME = `seed ${SEED} (set FUZZ_SEED to choose another)`;

/** Cases of each kind of input, unless the kind says otherwise. */
const RUNS = 120;
const MAX_BODY = 256 << 10;
/** The program may hold this much memory after anything, in bytes: a few of the bombs are more. */
const MAX_RESIDENT = 400 << 20;

/** What the program is to do with an input: take it, know it already, or refuse it for a reason. */
type Verdict =
  | "taken"
  | "repeat"
  | "late"
  | "content_type"
  | "encoding"
  | "gzip"
  | "timeout"
  | "busy"
  | "aborted"
  | "too_large"
  | "too_deep"
  | "too_many_keys"
  | "json"
  | "not_object"
  | "empty"
  | "other_record"
  | "session"
  | "order";

function statusOf(verdict: Verdict): number {
  switch (verdict) {
    case "taken":
    case "repeat":
    case "late":
      return 200;
    case "content_type":
    case "encoding":
      return 415;
    case "timeout":
      return 408;
    case "busy":
      return 503;
    case "too_large":
      return 413;
    default:
      return 400;
  }
}

interface Case {
  readonly body: string | Uint8Array;
  /** Known keys that the report loses, and keys that nobody knows; unchecked where undefined. */
  readonly leftOut?: number;
  readonly unknown?: number;
  /** Beside or instead of `content-type: application/json`. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface Kind {
  /** Whether the connection may be given up before the answer is read, as Deno 2.7 does. */
  readonly isCutOff?: boolean;
  readonly verdict: Verdict;
  readonly cases: fc.Arbitrary<Case>;
  readonly runs?: number;
  /** How many are posted at once; all of a few large ones can be held, and more are refused. */
  readonly atOnce?: number;
  /** A report to be taken first. */
  readonly before?: string;
}

const encoder = new TextEncoder();

function bytesOf(body: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(typeof body === "string" ? encoder.encode(body) : body);
}

let sessions = 0;

/** The text of a report that is new, with these keys beside what places it. */
function fresh(keys: Readonly<Record<string, unknown>> = {}, rest = ""): string {
  const report = JSON.stringify({ session_id: `jeu ${++sessions}`, tour_actuel: 1, ...keys });
  return rest === "" ? report : `${report.slice(0, -1)},${rest}}`;
}

function freshNative(keys: Readonly<Record<string, unknown>> = {}): string {
  const session = `jeu ${++sessions}`;
  return JSON.stringify({
    type: "tradesim.report",
    version: 1,
    session,
    rapport: 1,
    tour: 1,
    ...keys,
  });
}

/** Any text; a lone surrogate too, which JSON can tell of and UTF-8 cannot. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constantFrom("\ud800", "\udfff", "\ud801x", "\u0000", "a\u0000b", "\r", "\n", "\t", "\x7f"),
);

/** Names that were chosen to break an exposition. */
const nastyName = fc.oneof(
  anyText,
  fc.constantFrom(
    ...['"', "\\", "\\n", "\\\\", '\\"', "{", "}", "#", ",", "=", " ", 'le="1"', '"} 1\nx 2'],
    ...["__proto__", "constructor", "__name__", "inconnu", "autres", "NaN", "", "é".repeat(64)],
    ...["x".repeat(128), "x".repeat(129), "é".repeat(65), "😀".repeat(32), "😀".repeat(33)],
  ),
);

const edgeNumber = fc.constantFrom(
  ...["1e308", "-1e308", "-0", "0", "1e-320", "5e-324", "-5e-324", "0.1", "1e15", "-1"],
  ...["9007199254740991", "9007199254740993", "1.7976931348623157e308"],
);

const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value));

const numbers = [...TRADESIM_KEYS.values()].filter(({ json, kind }) =>
  json === "number" && kind !== "identity"
);
const totals = new Set(numbers.filter(({ kind }) => kind === "total").map(({ key }) => key));
const someNumbers = fc.subarray(numbers.map(({ key }) => key));

function cases(texts: fc.Arbitrary<string | Uint8Array>): fc.Arbitrary<Case> {
  return texts.map((body) => ({ body }));
}

/** A report whose known keys have these values, as JSON texts; all of them are left out. */
function withBad(values: fc.Arbitrary<string>): fc.Arbitrary<Case> {
  return fc.tuple(fc.subarray(numbers.map(({ key }) => key), { minLength: 1 }), values).map((
    [keys, value],
  ) => ({
    body: fresh({}, keys.map((key) => `"${key}":${value}`).join(",")),
    leftOut: keys.length,
    unknown: 0,
  }));
}

function deep(levels: number, open: string, close: string): string {
  return open.repeat(levels) + close.repeat(levels);
}

function keysOf(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`clé ${index}`, index]));
}

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** A report that was taken, cut somewhere in its bytes. */
const cutOff = place.map((place) => {
  const whole = bytesOf(JSON.stringify({ ...JSON.parse(fresh()), texte: 'é\\"[{😀', n: -1.5e3 }));
  return whole.subarray(0, 1 + Math.floor(place * (whole.length - 1)));
});

const FIXED = "toujours la même";

/** Input that is the same by either way: the body of a request, or a line of a followed file. */
const DOCUMENTS: Readonly<Record<string, Kind>> = {
  "text that is no JSON": {
    verdict: "json",
    cases: cases(anyText.map((text) => `@${text.replaceAll("\n", " ")}`)),
  },
  "bytes that are no text": {
    verdict: "json",
    cases: cases(
      fc.uint8Array({ maxLength: 300 }).map((bytes) =>
        Uint8Array.of(0xff, ...bytes.map((byte) => byte === 10 ? 32 : byte))
      ),
    ),
  },
  "a report that is not UTF-8 in a string": {
    verdict: "json",
    cases: cases(
      fc.constantFrom([0x80], [0xc3], [0xed, 0xa0, 0x80], [0xf8, 0x88], [0xc0, 0xaf]).map((bytes) =>
        Uint8Array.of(...bytesOf('{"session_id":"'), ...bytes, ...bytesOf('","tour_actuel":1}'))
      ),
    ),
  },
  "a report cut off anywhere": { verdict: "json", cases: cases(cutOff) },
  "a report with something after it": {
    verdict: "json",
    cases: cases(
      fc.constantFrom("}", "]", "x", "{}", ",", "null", '"', "\u0000").map((rest) =>
        fresh() + rest
      ),
    ),
  },
  "nearly JSON": {
    verdict: "json",
    cases: cases(
      fc.constantFrom(
        ...['{"a":1,}', "{a:1}", "{'a':1}", "[1,]", '{"a":01}', '{"a":+1}', '{"a":.5}', '{"a":1.}'],
        ...['{"a":undefined}', '{"a":1 "b":2}', '{"a" 1}', '{"a"::1}', "{,}", '{"a":\\u0031}', ":"],
        ...['{"a":"\t"}', '{"a":"\\x"}', '{"a":"\\u12"}', '{"a":1]', "[1}", '{"a":NaN1}', "Nan"],
        ...['{"a":tru}', "[", "{", '"', '"\\', "-", "+Infinity", '{"a":/**/1}', ","],
        ...['{"stocks_historiques":[}]}', '{"stocks_historiques":"', '{"stocks_historiques":{"'],
        ...['{"stocks_historiques":{"a":"\u0001"}}', '{"stocks_historiques":[]', "{}{}", "[][]"],
      ),
    ),
  },
  "JSON that is no object": {
    verdict: "not_object",
    cases: cases(
      fc.oneof(
        anyText.map((text) => JSON.stringify(text)),
        edgeNumber,
        fc.constantFrom("true", "false", "1e999", "NaN", "-Infinity", "[null]", "[[]]", "[{}]"),
        fc.array(json, { minLength: 1 }).map((items) => `[${items.join(" , ")}]`),
      ),
    ),
  },
  "nothing in it": {
    verdict: "empty",
    cases: cases(
      fc.constantFrom("null", "{}", "[]", " { } ", "[\t]", "null \r", "\ufeff{}", '{"metrics":{}}'),
    ),
  },
  "deeper than 64 levels": {
    verdict: "too_deep",
    cases: cases(
      fc.tuple(
        fc.integer({ min: 65, max: 20_000 }),
        fc.constantFrom(["[", "]"], ["[", ""], ['{"a":[', "]}"], ['{"a":', ""]),
        fc.constantFrom("", '{"a":', '{"stocks_historiques":', '{"metrics":{"stocks_historiques":'),
      ).map(([levels, [open, close], before]) => before + deep(levels, open!, close!)),
    ),
  },
  "64 levels deep": {
    verdict: "taken",
    runs: 10,
    cases: fc.constantFrom("x", "stocks_historiques").map((key) => ({
      body: fresh({}, `"${key}":${deep(63, "[", "]")}`),
      unknown: key === "x" ? 1 : 0,
    })),
  },
  "more than 2000 keys": {
    verdict: "too_many_keys",
    runs: 20,
    cases: cases(fc.integer({ min: 1999, max: 4000 }).map((count) => fresh(keysOf(count)))),
  },
  "2000 keys": {
    verdict: "taken",
    runs: 10,
    cases: fc.constant(0).map(() => ({ body: fresh(keysOf(1998)), leftOut: 0, unknown: 1998 })),
  },
  "larger than --max-body": {
    verdict: "too_large",
    runs: 20,
    atOnce: 3,
    cases: cases(
      fc.tuple(fc.integer({ min: 1, max: 2 * MAX_BODY }), fc.constantFrom(" ", "é", '"', "[]"))
        .map(([over, filling]) => {
          const text = filling === '"' ? '\\"' : filling;
          return fresh({}, `"x":"${text.repeat(Math.ceil((MAX_BODY + over) / text.length))}"`);
        }),
    ),
  },
  "as large as --max-body": {
    verdict: "taken",
    runs: 5,
    atOnce: 3,
    cases: fc.constant(0).map(() => {
      const empty = fresh({ x: "" });
      return { body: empty.replace('"x":""', `"x":"${"x".repeat(MAX_BODY - empty.length)}"`) };
    }),
  },
  "records of another kind": {
    verdict: "other_record",
    cases: cases(
      fc.oneof(
        anyText.filter((text) => text !== "metrics" && text !== "tradesim.report")
          .map((type) => fresh({ type })),
        fc.constantFrom<unknown>(0, 2, "1", null, [], {}, "x".repeat(10_000))
          .map((version) => freshNative({ version })),
      ),
    ),
  },
  "a session that is no label": {
    verdict: "session",
    cases: cases(
      fc.oneof(
        fc.string({ unit: "grapheme", minLength: 129, maxLength: 400 })
          .map((session_id) => fresh({ session_id })),
        fc.constantFrom("é".repeat(65), "x".repeat(129), "😀".repeat(33), "\u0000".repeat(129))
          .map((session_id) => fresh({ session_id })),
        fc.constantFrom<unknown>("", 1, null, [], {}, "x".repeat(129), undefined)
          .map((session) => freshNative({ session })),
      ),
    ),
  },
  "a native report that cannot be placed": {
    verdict: "order",
    cases: cases(
      fc.tuple(
        fc.constantFrom("rapport", "tour"),
        fc.constantFrom<unknown>(undefined, null, -1, 1.5, "1", 2 ** 53, [], {}),
      ).map(([key, value]) => freshNative({ [key]: value })),
    ),
  },
  "a session with any characters, of up to 128 bytes": {
    verdict: "taken",
    cases: fc.tuple(nastyName).map(([name]) => {
      const start = `jeu ${++sessions} `;
      let session_id = start + name.toWellFormed().replaceAll("\0", "\x01");
      while (encoder.encode(session_id).length > 128) session_id = session_id.slice(0, -1);
      return { body: fresh({ session_id: session_id.toWellFormed() }), leftOut: 0, unknown: 0 };
    }),
  },
  "a session with half a character, or a NUL": {
    verdict: "session",
    cases: cases(
      fc.constantFrom("\ud800", "jeu \udfff", "\ud801 jeu", "\0", "a\0b").map((session_id) =>
        fresh({ session_id })
      ),
    ),
  },
  "known keys of a wrong type": {
    verdict: "taken",
    cases: withBad(fc.constantFrom('"1"', "true", "null", "[]", "[1]", "{}", '{"value":1}', '""')),
  },
  "known keys that are not finite": {
    verdict: "taken",
    cases: withBad(fc.constantFrom("NaN", "Infinity", "-Infinity", "1e999", "-1e309")),
  },
  "known keys with numbers at the edge": {
    verdict: "taken",
    cases: fc.tuple(someNumbers, fc.array(edgeNumber, { minLength: 1 })).map(([keys, values]) => {
      const pairs = keys.map((key, index) => [key, values[index % values.length]!] as const);
      return {
        body: fresh({}, ['"x":0', ...pairs.map(([key, value]) => `"${key}":${value}`)].join(",")),
        leftOut: pairs.filter(([key, value]) =>
          totals.has(key) && (Number(value) < 0 || Number(value) > Number.MAX_SAFE_INTEGER)
        ).length,
      };
    }),
  },
  "known keys with anything": {
    verdict: "taken",
    cases: cases(
      fc.dictionary(
        fc.constantFrom(
          ...[...TRADESIM_KEYS.keys()].filter((key) => !["session_id", "type"].includes(key)),
        ),
        fc.jsonValue({ maxDepth: 3 }),
      ).map((keys) => fresh({ ...keys, tour_actuel: 1 })),
    ),
  },
  "keys that are JavaScript's own": {
    verdict: "taken",
    cases: fc.tuple(
      fc.subarray(
        ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "$map"],
        { minLength: 1 },
      ),
      fc.constantFrom("{}", '{"tick":5}', "null", '"x"', '{"$map":[]}', "[]"),
    ).map(([keys, value]) => ({
      body: fresh({}, keys.map((key) => `"${key}":${value}`).join(",")),
      leftOut: 0,
      unknown: keys.length,
    })),
  },
  "keys of any name with numbers": {
    verdict: "taken",
    cases: cases(
      fc.dictionary(
        fc.oneof(anyText, nastyName, fc.stringMatching(/^[a-z_][a-z0-9_]{0,140}$/)),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      ).map((keys) => fresh({ ...keys, session_id: `jeu ${++sessions}`, tour_actuel: 1 })),
    ).filter(({ body }) => !("type" in JSON.parse(body as string))),
  },
  "anything between the brackets of the history": {
    verdict: "taken",
    cases: fc.tuple(json, fc.constantFrom(["[", "]"], ["{", "}"])).map(
      ([value, [open, close]]) => ({
        body: fresh({}, `"stocks_historiques":${open}${value} ; \\ ${value}${close}`),
        leftOut: 0,
        unknown: 0,
      }),
    ),
  },
  "firms, suppliers and products of any name": {
    verdict: "taken",
    cases: cases(
      fc.tuple(
        fc.oneof(
          { weight: 9, arbitrary: fc.array(fc.tuple(nastyName, nastyName), { maxLength: 5 }) },
          fc.constant([["a", "b"], ["a", "b"], ["a #2", "b"]]),
        ),
        fc.array(fc.tuple(nastyName, nastyName), { maxLength: 5 }),
        fc.constantFrom(1e308, -1e308, 0, 5, -0, 1e-320),
      ).map(([firms, products, amount]) => {
        const stocks_produits = products.map(([nom_produit]) => ({ nom_produit, stock: amount }));
        return fresh({
          budget_total_entreprises: amount,
          transactions_reussies: 5,
          entreprises_individuales: firms.map(([nom, continent]) => ({
            nom,
            continent,
            budget: amount,
            stocks_produits,
          })),
          fournisseurs_individuales: firms.map(([nom]) => ({ nom, stocks_produits })),
          produits_individuales: products.map(([nom, type]) => ({ nom, type, prix: amount })),
          entreprises_par_continent: Object.fromEntries(firms.map(([, name]) => [name, 1])),
          produits_par_type: Object.fromEntries(products.map(([, name]) => [name, 1])),
          transactions_par_entreprise: Object.fromEntries(firms.map(([name]) => [name, 3])),
        });
      }),
    ),
  },
  "native reports with anything in their keys": {
    verdict: "taken",
    cases: cases(
      fc.tuple(
        fc.dictionary(
          fc.constantFrom(
            ...["timestamp", "fini", "temps_simulation_tour_seconds", "evenements", "repartitions"],
            ...["detail", "colonnes", "budget_total", "transactions_total", "produits_actifs"],
          ),
          fc.oneof(
            fc.jsonValue({ maxDepth: 3 }),
            fc.constantFrom<unknown>(
              ...[1e308, -1, 0, { le: [1e308], counts: [1, 2], sum: 1 }, { a: 1e308, "\n": 0 }],
              { le: [2, 1], counts: [1, 1, 1], sum: 2 },
              { le: [1], counts: [1], sum: 2 },
              { budget_total: [{ continent: '"\n\\', valeur: 1e15 }, { valeur: 1 }] },
              { transactions_total: [{ continent: "a\u0000b", produit_type: "c", valeur: 3 }] },
              { produits: [{ nom: '"', prix: 1e308 }], entreprises: [], fournisseurs: [] },
              { tour: [1, 2], budget_total: [1] },
            ),
          ),
        ),
      ).map(([keys]) => freshNative(keys)),
    ),
  },
  "a report that is known": {
    verdict: "repeat",
    before: fresh({ session_id: FIXED, tour_actuel: 1000 }),
    cases: cases(json.map((x) => fresh({ session_id: FIXED, tour_actuel: 1000, x }))),
  },
  "a report older than a known one": {
    verdict: "late",
    before: fresh({ session_id: FIXED, tour_actuel: 1001 }),
    cases: cases(
      fc.nat({ max: 1000 })
        .map((tour_actuel) => fresh({ session_id: FIXED, tour_actuel })),
    ),
  },
};

function gzip(body: string | Uint8Array): Uint8Array {
  return gzipSync(bytesOf(body));
}

/** A gzip stream whose byte at `index`, from the end where negative, is another one. */
function corrupted(stream: Uint8Array, index: number): Uint8Array {
  const copy = stream.slice();
  copy[index < 0 ? copy.length + index : index]! ^= 0x55;
  return copy;
}

const BOMBS = [
  gzip(new Uint8Array(100 << 20).fill(0x20)),
  gzip(new Uint8Array(20 << 20).fill(0x5b).fill(0x22, 0, 1)),
  gzip(`{"stocks_historiques":["${"0".repeat(50 << 20)}"]}`),
];

const asGzip = { "content-encoding": "gzip" };

/** What only a request can be. */
const REQUESTS: Readonly<Record<string, Kind>> = {
  "another content type": {
    verdict: "content_type",
    cases: fc.constantFrom(
      ...["text/plain", "", "application/jsonx", "application/x-www-form-urlencoded", "json"],
      ...["multipart/form-data; boundary=x", "text/plain; application/json", "application/json,x"],
    ).map((type) => ({ body: fresh(), headers: { "content-type": type } })),
  },
  "the content type of JSON, written in another way": {
    verdict: "taken",
    cases: fc.constantFrom(
      ...["application/json; charset=utf-8", "APPLICATION/JSON", "application/json ; q=1"],
    ).map((type) => ({ body: fresh(), headers: { "content-type": type } })),
  },
  "an encoding that nobody reads": {
    verdict: "encoding",
    cases: fc.constantFrom("br", "deflate", "zstd", "gzip, gzip", "gzip,br", "x").map((name) => ({
      body: gzip(fresh()),
      headers: { "content-encoding": name },
    })),
  },
  "gzip": {
    verdict: "taken",
    cases: fc.constantFrom("gzip", "GZIP", "x-gzip").map((name) => ({
      body: gzip(fresh()),
      headers: { "content-encoding": name },
    })),
  },
  "gzip cut off anywhere": {
    verdict: "gzip",
    cases: place.map((place) => {
      const whole = gzip(fresh());
      return {
        body: whole.subarray(0, 1 + Math.floor(place * (whole.length - 1))),
        headers: asGzip,
      };
    }),
  },
  "gzip with a wrong magic number, checksum or length": {
    verdict: "gzip",
    cases: fc.constantFrom(0, 1, 2, -1, -2, -3, -4, -5, -6, -7, -8).map((index) => ({
      body: corrupted(gzip(fresh()), index),
      headers: asGzip,
    })),
  },
  "garbage called gzip": {
    verdict: "gzip",
    cases: fc.oneof(
      fc.uint8Array({ minLength: 1 }).map((bytes) => Uint8Array.of(0, ...bytes)),
      fc.constant(0).map(() => fresh()),
    ).map((body) => ({ body, headers: asGzip })),
  },
  "gzip of garbage": {
    verdict: "json",
    cases: fc.oneof(
      fc.uint8Array().map((bytes) => Uint8Array.of(0xff, ...bytes)),
      cutOff,
      fc.constant(0).map(() => gzip(fresh())),
    ).map((body) => ({ body: gzip(body), headers: asGzip })),
  },
  "gzip bombs": {
    verdict: "too_large",
    isCutOff: true,
    runs: 12,
    atOnce: 3,
    cases: fc.constantFrom(...BOMBS).map((body) => ({ body, headers: asGzip })),
  },
  "no body": { verdict: "json", runs: 5, cases: fc.constant({ body: "" }) },
};

/** The parts of a scrape that tell what became of reports. */
interface Counts {
  readonly reports: Record<string, number>;
  readonly leftOut: number;
  readonly unknown: number;
}

/** Reads all counters of reports; outcomes without a report are left out. */
function countsOf(scrape: string, source: "post" | "follow"): Counts {
  const reports: Record<string, number> = {};
  let leftOut = 0;
  for (const line of scrape.split("\n")) {
    const [, name, labels = "", value] =
      /^tradesim_exporter_(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ??
        [];
    if (name === "keys_left_out_total") leftOut += Number(value);
    if (!name?.startsWith("reports_") || !labels.includes(`source="${source}"`)) continue;
    reports[/reason="(\w+)"/.exec(labels)?.[1] ?? "taken"] = Number(value);
  }
  return {
    reports,
    leftOut,
    unknown: valueOf(scrape, "tradesim_exporter_unknown_keys_total") ?? 0,
  };
}

/** What was counted between two scrapes; outcomes that did not occur are left out. */
function difference(after: Counts, before: Counts): Counts {
  return {
    reports: Object.fromEntries(
      Object.entries(after.reports)
        .map(([outcome, count]) => [outcome, count - (before.reports[outcome] ?? 0)] as const)
        .filter(([, count]) => count !== 0),
    ),
    leftOut: after.leftOut - before.leftOut,
    unknown: after.unknown - before.unknown,
  };
}

const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"/.source;
const SAMPLE = new RegExp(
  `^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\\{${LABEL}(?:,${LABEL})*\\})?) (NaN|[+-]Inf|-?[0-9][0-9.e+-]*)$`,
);

/** Asserts that a scrape is UTF-8 and well-formed, and names no series and no family twice. */
function assertWellFormed(bytes: Uint8Array): string {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const seen = new Set<string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const name = line.startsWith("#")
      ? /^# (?:TYPE|HELP) \S+ /.exec(line)?.[0]
      : SAMPLE.exec(line)?.[1];
    assert.ok(name !== undefined, `malformed: ${line}`);
    assert.ok(!seen.has(name), `twice: ${line}`);
    seen.add(name);
  }
  return text;
}

/** The scrape, checked, and the memory that it tells of. */
async function checkedScrape(exporter: RunningExporter): Promise<string> {
  const text = assertWellFormed(await (await fetch(`${exporter.url}/metrics`)).bytes());
  const resident = valueOf(text, "process_resident_memory_bytes")!;
  assert.ok(resident < MAX_RESIDENT, `${resident} bytes in RAM`);
  assert.ok(!exporter.log().includes("which is a bug"), exporter.log());
  return text;
}

/** Asserts that a good report is taken, and shown at once. */
async function assertGoesOn(exporter: RunningExporter): Promise<void> {
  const session = `jeu ${++sessions}`;
  const response = await exporter.post(payloadAt({ session, purchases: 3 }, 7));
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { status: "success", message: "Métriques mises à jour" });
  const scrape = await checkedScrape(exporter);
  assert.equal(valueOf(scrape, `tours_completes{session="${session}"}`), 7);
}

function sample({ cases, runs = RUNS }: Kind): Case[] {
  return fc.sample(cases, { numRuns: runs, seed: SEED });
}

/** What is to be counted of these cases; undefined where it is not known. */
function expectedOf(kind: Kind, all: readonly Case[], actual: Counts): Counts {
  const add = (key: "leftOut" | "unknown") =>
    all.some((one) => one[key] === undefined)
      ? actual[key]
      : all.reduce((sum, one) => sum + one[key]!, 0);
  return {
    reports: { [kind.verdict]: all.length },
    leftOut: add("leftOut"),
    unknown: add("unknown"),
  };
}

/** Does something for each item, a few at a time. */
async function forEach<T>(
  items: readonly T[],
  action: (item: T) => Promise<void>,
  atOnce = 8,
): Promise<void> {
  const queue = items.values();
  const work = async () => {
    for (const item of queue) await action(item);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

async function checkPosts(exporter: RunningExporter, kind: Kind): Promise<void> {
  if (kind.before !== undefined) await (await exporter.post(kind.before)).body?.cancel();
  const before = countsOf(await exporter.scrape(), "post");
  const all = sample(kind);
  let lost = 0;
  await forEach(all, async ({ body, headers }) => {
    const bytes = bytesOf(body);
    const expected = statusOf(kind.verdict);
    let response;
    try {
      response = await fetch(`${exporter.url}/update_metrics`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: bytes,
      });
    } catch (error) {
      // A large body that is refused at its beginning meets a closed door before the answer.
      if (!kind.isCutOff && (expected === 200 || bytes.length <= 64 << 10)) throw error;
      lost++;
      return;
    }
    const { status, message } = await response.json();
    assert.deepEqual(
      { code: response.status, status },
      { code: expected, status: expected === 200 ? "success" : "error" },
      `${message}: ${new TextDecoder().decode(bytes.subarray(0, 2000))}`,
    );
    assert.ok(message.length < 500, message);
  }, kind.atOnce);
  // A refusal whose answer was lost is counted a moment later, or never: it may have been sent on a
  // connection that was just being closed.
  const count = async () => difference(countsOf(await exporter.scrape(), "post"), before);
  let counted = await count();
  for (
    let i = 0;
    i < 20 && lost > 0 && !isDeepStrictEqual(counted, expectedOf(kind, all, counted));
    i++
  ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    counted = await count();
  }
  const expected = expectedOf(kind, all, counted);
  const uncounted = (expected.reports[kind.verdict] ?? 0) - (counted.reports[kind.verdict] ?? 0);
  if (lost > 0 && uncounted > 0 && uncounted <= lost) {
    counted.reports[kind.verdict] = expected.reports[kind.verdict]!;
  }
  assert.deepEqual(counted, expected);
  await assertGoesOn(exporter);
}

async function checkLines(exporter: RunningExporter, kind: Kind, path: string): Promise<void> {
  if (kind.before !== undefined) await (await exporter.post(kind.before)).body?.cancel();
  const before = countsOf(await exporter.scrape(), "follow");
  const all = sample(kind);
  const lines = new Blob(all.flatMap(({ body }) => [bytesOf(body), "\n"]));
  await Deno.writeFile(path, await lines.bytes(), { append: true });
  const { size } = await Deno.stat(path);
  const scrape = await until("the file's end", async () => {
    const scrape = await exporter.scrape();
    return valueOf(scrape, "tradesim_exporter_follow_bytes_total") === size && scrape;
  });
  const counted = difference(countsOf(scrape, "follow"), before);
  assert.deepEqual(counted, expectedOf(kind, all, counted));
  await assertGoesOn(exporter);
}

/** Everything is asked for, so that all code meets the input. */
const ARGS = [
  ...["--labels", "continent,produit_type,session", "--detail", "--all-keys"],
  ...["--max-sessions", "10", "--max-body", `${MAX_BODY >> 10}KiB`],
];

/** The game's totals in a scrape, with their values. Gauges go by themselves as games fall silent. */
function kept(scrape: string): string[] {
  return scrape.split(/^(?=# HELP )/m).filter((family) =>
    /^# TYPE (?!tradesim_exporter_|process_)\S+ (?:counter|histogram|summary)$/m.test(family)
  ).flatMap((family) => family.split("\n").filter((line) => /^\w/.test(line)));
}

Deno.test("serve() answers and counts every hostile body and line as it should, and its state survives them", async (t) => {
  await t.step(SEED_NAME, (t) =>
    withTempDir(async (dir) => {
      const path = `${dir}/metrics.jsonl`;
      const args = [...ARGS, "--state", `${dir}/state`, "--follow", path];
      let exporter = await startExporter({ args, cwd: dir });
      try {
        for (const [name, kind] of Object.entries({ ...DOCUMENTS, ...REQUESTS })) {
          const isPassed = await t.step(`posted: ${name}`, () => checkPosts(exporter, kind));
          if (!isPassed) return;
        }
        for (const [name, kind] of Object.entries(DOCUMENTS)) {
          const isPassed = await t.step(
            `followed: ${name}`,
            () => checkLines(exporter, kind, path),
          );
          if (!isPassed) return;
        }
        const before = kept(await checkedScrape(exporter));
        assert.ok(before.length > 20);
        const { code, stderr } = await exporter.stop();
        assert.equal(code, 0);
        assert.ok(!stderr.includes("level=error"), stderr);
        exporter = await startExporter({ args, cwd: dir });
        assert.deepEqual(kept(await checkedScrape(exporter)), before);
      } finally {
        await exporter.stop();
      }
    }));
});

/** Sends bytes over a connection of its own, and returns the status that comes back; 0 for none. */
async function statusFor(port: number, bytes: string | Uint8Array): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  return await exchange(connection, bytes);
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Sends bytes and returns the status of the answer; 0 when the connection ends without one. */
async function exchange(connection: Deno.Conn, bytes: string | Uint8Array): Promise<number> {
  await writeAll(connection, bytesOf(bytes));
  const buffer = new Uint8Array(4096);
  const count = await connection.read(buffer).catch(() => null);
  const answer = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
}

function head(line: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ Host: "localhost", Connection: "close", ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

const JSON_TYPE = { "Content-Type": "application/json" } as const;

/** The head of a posted report that is `length` bytes long. */
function postHead(length: number): string {
  return head("POST /update_metrics", { ...JSON_TYPE, "Content-Length": String(length) });
}

function chunked(pieces: readonly Uint8Array[]): Uint8Array {
  const parts = pieces.filter((piece) => piece.length > 0).flatMap((piece) => [
    ...bytesOf(`${piece.length.toString(16)}\r\n`),
    ...piece,
    ...bytesOf("\r\n"),
  ]);
  return Uint8Array.from([...parts, ...bytesOf("0\r\n\r\n")]);
}

/** Requests as bytes, each with the statuses that may come back, and what they are counted as. */
const RAW_REQUESTS: Readonly<
  Record<string, {
    readonly cases: fc.Arbitrary<string | Uint8Array>;
    readonly statuses: readonly number[];
    readonly refused?: string;
    readonly report?: Verdict;
  }>
> = {
  "hosts of somebody else": {
    cases: fc.tuple(
      fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,30}\.(example|localhost|test)(:[1-9]\d{0,3})?$/),
      fc.constantFrom("GET /metrics", "POST /update_metrics", "GET /", "HEAD /-/healthy"),
    ).map(([Host, line]) => head(line, { Host })),
    statuses: [421],
    refused: "host",
  },
  "hosts that are none": {
    cases: fc.constantFrom("a b", "[::", "127.0.0.1:99999", "localhost:x", "<x>", "%zz", "[1]")
      .map((Host) => head("GET /metrics", { Host })),
    statuses: [400],
    refused: "host",
  },
  "methods that are not for the path": {
    cases: fc.oneof(
      fc.constantFrom("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post", "X")
        .map((method) => head(`${method} /update_metrics`)),
      fc.tuple(
        fc.constantFrom("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "X"),
        fc.constantFrom("/", "/metrics", "/health", "/-/healthy", "/-/ready", "/metrics?a=b"),
      ).map(([method, path]) => head(`${method} ${path}`)),
    ),
    statuses: [405],
    refused: "method",
  },
  "paths that lead nowhere": {
    cases: fc.tuple(
      fc.constantFrom("GET", "POST", "DELETE", "OPTIONS", "X"),
      fc.webPath().map((path) => `/x${path}`),
    ).map(([method, path]) => head(`${method} ${path}`)),
    statuses: [404],
    refused: "path",
  },
  "requests that are no HTTP": {
    cases: fc.constantFrom(
      head("GET metrics"),
      head("GET *"),
      head("G\u0000T /"),
      head("POST /update_metrics", { "Content-Length": "-1" }),
      head("POST /update_metrics", { "Content-Length": "9".repeat(30) }),
      head("GET /", { "X-Long": "x".repeat(1 << 20) }),
      head(`GET /${"x".repeat(100_000)}`),
      head("GET /", Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`X-${i}`, "1"]))),
    ),
    statuses: [400, 414, 431],
  },
  "bodies in chunks, without a length": {
    cases: fc.array(fc.nat({ max: 60 }), { maxLength: 20 }).map((sizes) => {
      const bytes = bytesOf(fresh());
      let at = 0;
      const pieces = [...sizes, bytes.length].map((size) => bytes.subarray(at, at += size));
      return Uint8Array.from([
        ...bytesOf(head("POST /update_metrics", { ...JSON_TYPE, "Transfer-Encoding": "chunked" })),
        ...chunked(pieces),
      ]);
    }),
    statuses: [200],
    report: "taken",
  },
};

/** The counters that a connection can move, by what they count. */
function connectionCounts(scrape: string): Record<string, number> {
  return Object.fromEntries(
    Array.from(
      scrape.matchAll(
        /^tradesim_exporter_(requests_refused|reports_taken|reports_refused)_total\{(.*)\} (\d+)$/gm,
      ),
      ([, name, labels, count]) => [`${name} ${labels}`, Number(count)],
    ),
  );
}

/** Sends a byte now and then and never comes to the end; returns the status that it gets. */
async function sendSlowly(port: number, beginning: string): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const dripping = setInterval(() => connection.write(bytesOf(" ")).catch(() => {}), 500);
  try {
    return await exchange(connection, beginning);
  } finally {
    clearInterval(dripping);
  }
}

Deno.test("serve() turns hostile requests away and counts them, and waits for no slow or lost sender", async (t) => {
  await t.step(SEED_NAME, (t) =>
    withTempDir(async (dir) => {
      const args = [...ARGS, "--state", `${dir}/state`];
      const [exporter, besieged] = await Promise.all([
        startExporter({ args, cwd: dir }),
        startExporter({ args: [...ARGS, "--state", `${dir}/other state`], cwd: dir }),
      ]);
      let slow: Promise<number[]> | undefined;
      /** Waits for a count of refused reports, and asserts that it is not passed. */
      const refusals = (reason: Verdict, expected: number) =>
        until(`${expected} refused as ${reason}`, async () => {
          const { reports } = countsOf(await besieged.scrape(), "post");
          assert.ok((reports[reason] ?? 0) <= expected, `${reports[reason]} ${reason}`);
          return reports[reason] === expected;
        });
      try {
        await t.step("senders who leave in the middle of a report", async () => {
          await forEach([...Array(100).keys()], async (number) => {
            const bytes = bytesOf(fresh());
            using connection = await Deno.connect({ hostname: "127.0.0.1", port: besieged.port });
            const part = bytes.subarray(0, number % bytes.length);
            await writeAll(connection, bytesOf(postHead(bytes.length)));
            await writeAll(connection, part);
          });
          await refusals("aborted", 100);
        });

        await t.step("senders who hold more than the largest bodies together", async () => {
          const begun = postHead(MAX_BODY) + `{"x":"${"x".repeat(MAX_BODY - 1000)}`;
          const open = [];
          try {
            for (let count = 0; count < 5; count++) {
              open.push(await Deno.connect({ hostname: "127.0.0.1", port: besieged.port }));
            }
            const answers = open.map((connection) => exchange(connection, begun));
            assert.equal(await Promise.race(answers), 503);
            await refusals("busy", 1);
          } finally {
            for (const connection of open) connection.close();
          }
          await refusals("aborted", 104);
        });

        await t.step("more senders than are heard at once", async () => {
          const open: Deno.Conn[] = [];
          try {
            // Only 256 are.
            for (let count = 0; count < 256 + 30; count++) {
              const connection = await Deno.connect({ hostname: "127.0.0.1", port: besieged.port });
              open.push(connection);
              await writeAll(connection, bytesOf(postHead(100) + "{"));
            }
            await refusals("busy", 31);
            const response = await besieged.post(fresh());
            assert.equal(response.status, 503);
            assert.equal(response.headers.get("retry-after"), "1");
            await response.body?.cancel();
            await checkedScrape(besieged);
          } finally {
            for (const connection of open) connection.close();
          }
          await refusals("aborted", 104 + 256);
          await assertGoesOn(besieged);
        });

        const slowly = Array.from(
          { length: 20 },
          (_, index) => postHead(1000) + (index % 2 === 0 ? '{"x":"' : ""),
        );
        // They take ten seconds, in which another exporter is told other things.
        slow = Promise.all(slowly.map((beginning) => sendSlowly(besieged.port, beginning)));
        for (const [name, { cases, statuses, refused, report }] of Object.entries(RAW_REQUESTS)) {
          const isPassed = await t.step(name, async () => {
            const before = connectionCounts(await exporter.scrape());
            const all = fc.sample(cases, { numRuns: RUNS, seed: SEED });
            await forEach(all, async (bytes) => {
              const status = await statusFor(exporter.port, bytes);
              const shown = new TextDecoder().decode(bytesOf(bytes).subarray(0, 200));
              assert.ok(statuses.includes(status), `${status}: ${shown}`);
            });
            const after = connectionCounts(await exporter.scrape());
            if (refused !== undefined) {
              before[`requests_refused reason="${refused}"`]! += all.length;
            }
            if (report === "taken") before['reports_taken source="post"']! += all.length;
            assert.deepEqual(after, before);
            await assertGoesOn(exporter);
          });
          if (!isPassed) return;
        }

        await t.step("senders who never come to the end", async () => {
          assert.deepEqual(await slow, slowly.map(() => 408));
          await refusals("timeout", 20);
          await assertGoesOn(besieged);
        });
      } finally {
        await slow?.catch(() => {});
        await exporter.stop();
        await besieged.stop();
      }
    }));
});

Deno.test("serve() can read its state again after numbers at the edge of what numbers can be", () =>
  withTempDir(async (dir) => {
    const args = [
      ...["--labels", "continent,produit_type", "--max-sessions", "2"],
      ...["--state", `${dir}/state`],
    ];
    let exporter = await startExporter({ args, cwd: dir });
    try {
      const firm = { continent: "Europe", budget: 1e308, stocks_produits: [] };
      const reports = [
        // Forgotten sessions, each with all the time there is between its reports.
        ...["a", "b", "c"].flatMap((session) =>
          [0, 1].map((rapport) => ({
            ...JSON.parse(freshNative({ session, rapport, tour: rapport })),
            timestamp: rapport * 1e308,
            transactions_montant_total: rapport * Number.MAX_SAFE_INTEGER,
          }))
        ),
        {
          session_id: "d",
          tour_actuel: Number.MAX_SAFE_INTEGER,
          budget_total_entreprises: 1e308,
          total_temps: 1e-320,
          total_mesures: 1,
          entreprises_individuales: [{ ...firm, nom: "x" }, { ...firm, nom: "y" }],
        },
      ];
      for (const report of reports) {
        const response = await exporter.post(report);
        assert.equal(response.status, 200);
        await response.body?.cancel();
      }
      const before = kept(await checkedScrape(exporter));
      assert.ok(before.includes(`tours_completes ${Number.MAX_SAFE_INTEGER + 3}`));
      await exporter.stop();
      exporter = await startExporter({ args, cwd: dir });
      assert.deepEqual(kept(await checkedScrape(exporter)), before);
    } finally {
      await exporter.stop();
    }
  }));

Deno.test("serve() lets no total fall when it forgets sessions, whatever fractions they hold", () =>
  withTempDir(async (dir) => {
    const exporter = await startExporter({
      args: ["--max-sessions", "5", "--state", `${dir}/state`],
      cwd: dir,
    });
    try {
      const amounts = fc.sample(fc.double({ min: 0, max: 1e6, noNaN: true }), {
        numRuns: 400,
        seed: SEED,
      });
      let before = new Map<string, number>();
      for (const [index, amount] of amounts.entries()) {
        const report = { total_montant: amount, total_temps: amount / 7, total_mesures: 1 };
        const response = await exporter.post(fresh(report));
        assert.equal(response.status, 200);
        await response.body?.cancel();
        const scrape = await exporter.scrape();
        const now = new Map(
          ["transactions_montant_total", "temps_simulation_tour_seconds_sum"].map((name) => [
            name,
            valueOf(scrape, name)!,
          ]),
        );
        for (const [name, value] of before) {
          assert.ok(now.get(name)! >= value, `${name} at ${index}: ${value}, ${now.get(name)}`);
        }
        before = now;
      }
    } finally {
      await exporter.stop();
    }
  }));
