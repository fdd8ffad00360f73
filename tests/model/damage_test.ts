/** Tests of damaged state files: whatever single thing happened to one, it is said, and nothing is made up. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type Model, openState, type SavedState } from "../../lib/model/mod.ts";
import { captureLog } from "../log/capture.ts";
import { createModel, report } from "./reports.ts";

const NO_LOG = captureLog().log;

/** A report after which so many turns are played. */
function turn(order: number) {
  return report({
    order,
    turn: order,
    values: { transactions_total: order * 3, transactions_montant_total: order * 0.1 },
    turnSeconds: { turns: order, sum: order * 0.001 },
  });
}

/** Turns that the next process counts, which it must find in all that it shows. */
function turnsOf(saved: SavedState | undefined): number {
  if (saved === undefined) return 0;
  const model: Model = createModel({ breakdowns: ["continent"] });
  model.restore(saved.model);
  for (const { report, arrival } of saved.reports) model.take(report, arrival);
  const values = new Map(
    model.families(1000).families.map(({ metric, values }) => [
      metric.name,
      values.at(-1),
    ]),
  );
  const turns = values.get("tours_completes")!;
  assert.equal(values.get("transactions_total"), turns * 3);
  assert.equal(values.get("transactions_montant_total"), turns * 0.1);
  assert.equal(values.get("temps_simulation_tour_seconds"), turns);
  return turns;
}

const TURNS = 9;
/** Turns that were noted behind the newest state. */
const NOTED = 3;

/** Both files as a killed process leaves them, the newer one first. */
async function writeState(path: string): Promise<[newer: string, older: string]> {
  const model = createModel();
  const state = openState({ path, maxSessions: 1000, log: NO_LOG });
  for (let order = 1; order <= TURNS; order++) {
    if (order % NOTED === 1) {
      await state.synced();
      assert.ok(state.save(model.state(), []));
    }
    model.take(turn(order), 1000);
    state.note(turn(order), 1000);
  }
  await state.synced();
  state.close();
  return [path, `${path}.2`];
}

interface Damage {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Where the lines of a file begin, and its end. */
function linesOf(bytes: Uint8Array): number[] {
  return [0, ...Array.from(bytes.keys()).filter((at) => bytes[at] === 10).map((at) => at + 1)];
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Every single damage of these bytes that is not very much like another. */
function* damages(bytes: Uint8Array): Generator<Damage> {
  const starts = linesOf(bytes);
  for (let at = 0; at < bytes.length; at++) {
    const isShortLine = at < starts[1]! || at >= starts.at(-2)!;
    const isLine = starts.includes(at) || starts.includes(at + 1);
    for (let bit = 0; bit < 8; bit++) {
      if (!isShortLine && !isLine && bit !== at % 16) continue;
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << bit;
      yield { name: `bit ${bit} of byte ${at}`, bytes: flipped };
    }
    if (isShortLine || isLine || at % 7 === 0) {
      yield { name: `cut at ${at}`, bytes: bytes.slice(0, at) };
    }
    if (at % 20 === 0) {
      yield { name: `without byte ${at}`, bytes: concat(bytes.slice(0, at), bytes.slice(at + 1)) };
      const zeroed = bytes.slice().fill(0, at, at + 64);
      yield { name: `64 zeros at ${at}`, bytes: zeroed };
      const next = bytes[at + 1];
      if (next !== undefined && next !== bytes[at]) {
        const swapped = bytes.slice();
        swapped.copyWithin(at, at + 1, at + 2);
        swapped[at + 1] = bytes[at]!;
        yield { name: `bytes swapped at ${at}`, bytes: swapped };
      }
    }
  }
  const lines = starts.slice(1).map((end, index) => bytes.slice(starts[index], end));
  for (let one = 0; one < lines.length; one++) {
    yield { name: `without line ${one}`, bytes: concat(...lines.toSpliced(one, 1)) };
    yield { name: `line ${one} twice`, bytes: concat(...lines.toSpliced(one, 0, lines[one]!)) };
    for (let two = one + 1; two < lines.length; two++) {
      const swapped = lines.with(one, lines[two]!).with(two, lines[one]!);
      yield { name: `lines ${one} and ${two} swapped`, bytes: concat(...swapped) };
    }
  }
  yield { name: "more at the end", bytes: concat(bytes, Uint8Array.of(10)) };
  yield { name: "twice", bytes: concat(bytes, bytes) };
}

for (const which of ["newer", "older"] as const) {
  Deno.test(`openState() says whatever single thing happened to the ${which} file, and makes no number up`, async () => {
    const dir = Deno.makeTempDirSync();
    try {
      const path = join(dir, "state");
      const files = await writeState(path);
      const texts = files.map((file) => Deno.readFileSync(file));
      const damaged = which === "newer" ? 0 : 1;
      assert.ok(texts[damaged]!.length < 6000, "short, so that there are not too many cases");
      let cases = 0;
      const fewer = new Set<string>();
      for (const { name, bytes } of damages(texts[damaged]!)) {
        cases++;
        files.forEach((file, index) =>
          Deno.writeFileSync(file, index === damaged ? bytes : texts[index]!)
        );
        const { log, lines } = captureLog();
        const state = openState({ path, maxSessions: 1000, log });
        state.close();
        assert.equal(lines.length, 1, `${name} is not said`);
        const copy = /kept_as=(\S+)/.exec(lines[0]!)?.[1];
        if (copy !== undefined) assert.deepEqual(Deno.readFileSync(copy), bytes, name);
        const turns = turnsOf(state.saved);
        assert.ok(turns <= TURNS && turns >= TURNS - NOTED, `${name}: ${turns} turns`);
        if (turns < TURNS) {
          fewer.add(name);
          assert.match(lines[0]!, /^level=error/, name);
        }
      }
      assert.ok(cases > 2000, `${cases} cases`);
      // A bit costs at most the last report; the rest is made good by the twin or by what is behind.
      const bits = [...fewer].filter((name) => name.startsWith("bit"));
      if (which === "older") assert.deepEqual([...fewer], []);
      else assert.ok(bits.length < cases / 4, `${bits.length} of ${cases} cost a turn`);
      const copies = [...Deno.readDirSync(dir)].filter(({ name }) => name.includes(".broken"));
      assert.ok(copies.length <= 5, `${copies.length} copies`);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });
}

Deno.test("openState() keeps both files where both are damaged, and says that totals begin again", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = join(dir, "state");
    const files = await writeState(path);
    const broken = files.map((file) => {
      const bytes = Deno.readFileSync(file);
      bytes[200]! ^= 1;
      Deno.writeFileSync(file, bytes);
      return bytes;
    });
    const { log, lines } = captureLog();
    const state = openState({ path, maxSessions: 1000, log });
    state.close();
    assert.equal(state.saved, undefined);
    assert.equal(lines.length, 2);
    files.forEach((file, index) => {
      assert.match(
        lines[index]!,
        /level=error msg="Cannot read the state file; totals start again/,
      );
      assert.deepEqual(Deno.readFileSync(`${file}.broken`), broken[index]);
    });
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("openState() takes the newest state wherever it is, and says when it is nowhere", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = join(dir, "state");
    const [newer, older] = (await writeState(path)).map((file) => Deno.readFileSync(file));
    const cases: [string, Uint8Array | undefined, Uint8Array | undefined, number, RegExp][] = [
      ["as they were", newer, older, TURNS, /^$/],
      ["swapped", older, newer, TURNS, /^$/],
      ["the newer one twice", newer, newer, TURNS, /^$/],
      ["the newer one alone", newer, undefined, TURNS, /^level=info msg="The process ended while/],
      ["the older one twice", older, older, TURNS - NOTED, /^level=error msg="Cannot find the new/],
      ["the older one alone", undefined, older, TURNS - NOTED, /^level=error msg="Cannot find the/],
    ];
    for (const [name, one, two, turns, said] of cases) {
      for (const [file, bytes] of [[path, one], [`${path}.2`, two]] as const) {
        if (bytes === undefined) Deno.removeSync(file);
        else Deno.writeFileSync(file, bytes);
      }
      const { log, lines } = captureLog();
      const state = openState({ path, maxSessions: 1000, log });
      state.close();
      assert.equal(turnsOf(state.saved), turns, name);
      assert.match(lines.join("\n"), said, name);
      if (said.source === "^$") assert.deepEqual(lines, [], name);
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
