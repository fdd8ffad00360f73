/** Tests of what goes first when there are too many series. @module */

import assert from "node:assert/strict";
import type { Group } from "../../lib/catalogue/mod.ts";
import { countSeries, limitSeries } from "../../lib/exposition/mod.ts";
import type { Family } from "../../lib/model/mod.ts";

function family(name: string, group: Group, count: number): Family {
  return {
    metric: { name, type: "gauge", unit: "1", help: "Help.", group },
    series: Array.from({ length: count }, (_, index) => ({
      suffix: "",
      labels: [["i", String(index)]] as const,
    })),
    values: new Array<number>(count).fill(0),
  };
}

const FAMILIES = [
  family("phase", "phase1", 40),
  family("game_small", "game", 2),
  family("game_large", "game", 5),
  family("system", "system", 10),
  family("detail_small", "detail", 20),
  family("detail_large", "detail", 30),
  family("extra", "extra", 3),
  family("http", "http", 4),
];

Deno.test("countSeries() counts the series of all families", () => {
  assert.equal(countSeries(FAMILIES), 114);
  assert.equal(countSeries([]), 0);
});

Deno.test("limitSeries() leaves out whole families: detail first, the largest first, phase 1 never", () => {
  const cases: Record<string, [limit: number, dropped: string[]]> = {
    "room for all": [114, []],
    "one too many": [113, ["detail_large"]],
    "just enough left out": [84, ["detail_large"]],
    "all detail": [83, ["detail_large", "detail_small"]],
    "other numbers": [63, ["detail_large", "detail_small", "extra"]],
    "web processes": [60, ["detail_large", "detail_small", "extra", "http"]],
    "system": [56, ["detail_large", "detail_small", "extra", "http", "system"]],
    "game": [46, ["detail_large", "detail_small", "extra", "http", "system", "game_large"]],
    "all but phase 1": [
      41,
      ["detail_large", "detail_small", "extra", "http", "system", "game_large", "game_small"],
    ],
    "less than phase 1": [
      0,
      ["detail_large", "detail_small", "extra", "http", "system", "game_large", "game_small"],
    ],
    "below nothing": [
      -5,
      ["detail_large", "detail_small", "extra", "http", "system", "game_large", "game_small"],
    ],
  };
  for (const [name, [limit, expected]] of Object.entries(cases)) {
    const { shown, dropped } = limitSeries(FAMILIES, limit);
    assert.deepEqual(dropped.map(({ metric }) => metric.name), expected, name);
    assert.deepEqual(shown, FAMILIES.filter((one) => !dropped.includes(one)), name);
  }
});

Deno.test("limitSeries() keeps what alerts look at, whatever the limit", () => {
  const kept = [family("simulation_etat", "game", 40), family("simulation_sessions", "game", 1)];
  const { shown } = limitSeries([...FAMILIES, ...kept], 0);
  assert.deepEqual(shown.map(({ metric }) => metric.name), [
    "phase",
    "simulation_etat",
    "simulation_sessions",
  ]);
});
