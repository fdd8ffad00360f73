/** Tests of the reader of turn logs. @module */

import assert from "node:assert/strict";
import { Refused } from "../../lib/report/mod.ts";
import { isTurns, readTurns } from "../../lib/turnlog/mod.ts";

const LINE = {
  type: "tradesim.turns",
  version: 1,
  session: "a",
  tour: 5,
  tours: 4,
  colonnes: { budget_total: [2, 7_500_000, -12_345, 0, -100], produits_actifs: [0, 9] },
};

function columnsOf(line: object): Record<string, number[]> {
  const { columns } = readTurns({ ...LINE, ...line });
  return Object.fromEntries(Array.from(columns, ([name, column]) => [name, [...column]]));
}

Deno.test("readTurns() adds up the differences of each column", () => {
  assert.deepEqual(columnsOf({}), {
    budget_total: [75_000, 74_876.55, 74_876.55, 74_875.55],
    produits_actifs: [9, 9, 9, 9],
  });
  assert.deepEqual(columnsOf({ colonnes: { budget_min: [1, null, 5, null, 1], autre: "x" } }), {
    budget_min: [NaN, 0.5, NaN, 0.6],
  });
  assert.deepEqual(columnsOf({ tours: 0, colonnes: undefined }), {});
  const { first, count, finished } = readTurns(LINE);
  assert.deepEqual([first, count, finished], [5, 4, false]);
  assert.equal(readTurns({ ...LINE, fini: true }).finished, true);
});

Deno.test("readTurns() derives what need not be written", () => {
  const columns = columnsOf({
    tours: 2,
    colonnes: {
      transactions_reussies_total: [0, 3, 1],
      transactions_echouees_total: [0, 1],
      produits_total: [0, 12],
      produits_actifs: [0, 9, 1],
    },
  });
  assert.deepEqual(columns.transactions_total, [4, 5]);
  assert.deepEqual(columns.produits_inactifs, [3, 2]);
});

Deno.test("the document's example is a line of a turn log", () => {
  const text = Deno.readTextFileSync(new URL("../../docs/history.md", import.meta.url));
  const example: unknown = JSON.parse(/```json\n([^]*?)```/.exec(text)![1]!);
  assert.ok(isTurns(example));
  const { columns, before } = readTurns(example);
  assert.deepEqual([...columns.get("budget_total")!], [75_000, 74_876.55, 74_876.55, 74_875.55]);
  assert.deepEqual([...columns.get("duree_seconds")!], [0.0012, 0.00123, 0.001215, 0.001215]);
  assert.ok(before !== undefined && "counts" in before);
});

Deno.test("readTurns() refuses what is of another shape", () => {
  const cases: Record<string, [object, RegExp]> = {
    version: [{ version: 2 }, /their version is 2, expected 1/],
    session: [{ session: "" }, /"session" is missing or wrong/],
    "first turn": [{ tour: 0 }, /"tour" is missing or wrong/],
    "too many turns": [{ tours: 65_537 }, /"tours" is missing or wrong/],
    "part of a turn": [{ tours: 1.5 }, /"tours" is missing or wrong/],
    columns: [{ colonnes: [] }, /"colonnes" is no object/],
    "no array": [{ colonnes: { budget_total: 1 } }, /"budget_total" is no array/],
    "no places": [{ colonnes: { budget_total: [] } }, /does not begin with its decimal places/],
    "too many places": [{ colonnes: { budget_total: [10] } }, /does not begin with its decimal/],
    "too long": [
      { colonnes: { budget_total: [0, 1, 1, 1, 1, 1] } },
      /has 5 turns, expected at most 4/,
    ],
    text: [{ colonnes: { budget_total: [0, "1"] } }, /holds no number/],
    "part of a unit": [{ colonnes: { budget_total: [0, 1.5] } }, /not whole or too large/],
    "too large": [{ colonnes: { budget_total: [0, 2 ** 53, 1] } }, /not whole or too large/],
    durations: [{ temps_simulation_tour_seconds: {} }, /"temps_simulation_tour_seconds" is wrong/],
  };
  for (const [name, [line, message]] of Object.entries(cases)) {
    assert.throws(() => readTurns({ ...LINE, ...line }), (error) => {
      assert.ok(error instanceof Refused);
      assert.match(error.message, message, name);
      return true;
    }, name);
  }
  assert.equal(isTurns({ type: "tradesim.report" }), false);
  assert.equal(isTurns([]), false);
});
