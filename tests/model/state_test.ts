/** Tests of the state file: what one process leaves to the next, whatever happened in between. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { ModelOptions } from "../../lib/model/model.ts";
import { type Model, openState, StateError } from "../../lib/model/mod.ts";
import { readReport } from "../../lib/report/mod.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { captureLog } from "../log/capture.ts";
import { ALL } from "../report/options.ts";
import { createModel, report } from "./reports.ts";

const NO_LOG = captureLog().log;

/** Runs with the path of a state file in a folder of its own, which is removed afterwards. */
async function inFolder(action: (path: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await action(join(folder, "state", "state.json"));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** What the next process finds. */
function reopened(path: string) {
  const state = openState({ path, log: NO_LOG });
  state.close();
  return state.saved;
}

const OPTIONS: Partial<ModelOptions> = {
  breakdowns: ["continent", "produit_type"],
  bySession: true,
  maxSessions: 3,
};

/** A model with finished, silent, evicted and reset sessions of both formats. */
function usedModel(): Model {
  const model = createModel(OPTIONS);
  for (const session of ["a", "b", "c", "d"]) {
    for (let turn = 1; turn <= 4; turn++) {
      const payload = payloadAt({ session }, turn, turn > 2 ? 2 : 0);
      model.take(readReport(payload, ALL), 1000 + turn);
    }
  }
  model.take(
    report({
      session: 'é "quotes" \n',
      order: 3,
      finished: true,
      values: { budget_total: 1e300, transactions_total: 2 ** 50, budget_moyen: 0.1 + 0.2 },
      events: new Map([["$map", 5], ["__proto__", 6]]),
      extra: { autre: { type: "gauge", value: 1e-9 }, somme: { type: "counter", value: 3 } },
    }),
    1010,
  );
  return model;
}

Deno.test("openState() finds nothing at the first start, and makes the folder", async () => {
  await inFolder((path) => {
    assert.equal(reopened(path), undefined);
  });
});

Deno.test("save() keeps all that the families are made of", async () => {
  await inFolder((path) => {
    const model = usedModel();
    const positions = [{ path: "/a/b.jsonl", dev: 1, ino: 2 ** 40, offset: 99, head: "abc" }];
    const state = openState({ path, log: NO_LOG });
    state.save(model.state(), positions);
    state.close();
    const saved = reopened(path)!;
    assert.deepEqual(saved.positions, positions);
    assert.deepEqual(saved.journal, []);
    const next = createModel(OPTIONS);
    next.restore(saved.model);
    for (const now of [1004, 1010, 1500, 9000]) {
      assert.deepEqual(next.families(now), model.families(now), String(now));
    }
    const again = readReport(payloadAt({ session: "d" }, 4, 2), ALL);
    assert.equal(next.take(again, 1020), "repeat");
    const more = readReport(payloadAt({ session: "a" }, 5, 2), ALL);
    for (const restored of [model, next]) assert.equal(restored.take(more, 1020), "taken");
    assert.deepEqual(next.families(1020), model.families(1020));
  });
});

Deno.test("save() replaces the file as a whole, and leaves nothing beside it", async () => {
  await inFolder((path) => {
    const state = openState({ path, log: NO_LOG });
    state.save(createModel().state(), []);
    const before = Deno.statSync(path).ino;
    state.save(usedModel().state(), []);
    assert.notEqual(Deno.statSync(path).ino, before, "renamed, not written over");
    state.close();
    const names = [...Deno.readDirSync(join(path, ".."))].map(({ name }) => name).sort();
    assert.deepEqual(names, ["state.json", "state.json.journal", "state.json.lock"]);
    if (Deno.build.os !== "windows") assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  });
});

Deno.test("save() leaves the detail of sessions out that are not shown, or have very much of it", async () => {
  await inFolder((path) => {
    const model = createModel();
    const rows = (count: number) =>
      new Map([["produit_prix", {
        labels: Array.from({ length: count }, (_, index) => [`P${index}`]),
        values: new Array<number>(count).fill(1),
      }]]);
    model.take(report({ session: "gone", finished: true, detail: rows(2) }), 1000);
    model.take(report({ session: "small", detail: rows(20_000) }), 1000);
    model.take(report({ session: "large", detail: rows(20_001) }), 1000);
    const state = openState({ path, log: NO_LOG });
    state.save(model.state(), []);
    state.close();
    const kept = reopened(path)!.model.sessions.map(({ id, detail }) => [
      id,
      detail.get("produit_prix")?.values.length,
    ]);
    assert.deepEqual(kept, [["gone", undefined], ["small", 20_000], ["large", undefined]]);
  });
});

Deno.test("note() keeps what came after the last saving, in order", async () => {
  await inFolder((path) => {
    const model = createModel(OPTIONS);
    const state = openState({ path, log: NO_LOG });
    state.save(model.state(), []);
    for (const turn of [1, 2, 3]) {
      const next = readReport(payloadAt({ session: "a" }, turn), { ...ALL, detail: false });
      model.take(next, 1000 + turn);
      state.note(next, 1000 + turn);
    }
    state.close();
    const next = createModel(OPTIONS);
    const saved = reopened(path)!;
    next.restore(saved.model);
    for (const { report, arrival } of saved.journal) next.take(report, arrival);
    assert.equal(saved.journal.length, 3);
    assert.deepEqual(next.families(1003), model.families(1003));
  });
});

Deno.test("note() counts also when nothing was ever saved", async () => {
  await inFolder((path) => {
    const state = openState({ path, log: NO_LOG });
    state.note(report({ values: { transactions_total: 3 } }), 1000);
    state.close();
    const saved = reopened(path)!;
    assert.equal(saved.journal[0]?.report.values.get("transactions_total"), 3);
    assert.deepEqual(saved.model.sessions, []);
  });
});

Deno.test("save() forgets the journal, and what is taken twice after a kill changes nothing", async () => {
  await inFolder((path) => {
    const model = createModel();
    const state = openState({ path, log: NO_LOG });
    const first = report({ order: 1, values: { transactions_total: 3 } });
    model.take(first, 1000);
    state.note(first, 1000);
    const journal = Deno.readTextFileSync(`${path}.journal`);
    state.save(model.state(), []);
    assert.equal(Deno.readTextFileSync(`${path}.journal`), "");
    state.close();
    // Killed between the renaming and the forgetting.
    Deno.writeTextFileSync(`${path}.journal`, journal);
    const next = createModel();
    const saved = reopened(path)!;
    next.restore(saved.model);
    for (const entry of saved.journal) {
      assert.equal(next.take(entry.report, entry.arrival), "repeat");
    }
    assert.deepEqual(next.families(1000), model.families(1000));
  });
});

Deno.test("openState() reads a journal around lines that are torn", async () => {
  await inFolder((path) => {
    const state = openState({ path, log: NO_LOG });
    for (const order of [1, 2, 3]) state.note(report({ order }), 1000);
    state.close();
    const [first, second, third] = Deno.readTextFileSync(`${path}.journal`).split("\n");
    const cases: Record<string, [text: string, orders: number[]]> = {
      "whole": [`${first}\n${second}\n${third}\n`, [1, 2, 3]],
      "torn at the end": [`${first}\n${second!.slice(0, 30)}`, [1]],
      "torn just before the line break": [`${first}\n${second}`, [1]],
      // What a later process wrote stands behind what the killed one left.
      "torn in the middle": [`${first}\n${second!.slice(0, 30)}${second}\n${third}\n`, [1, 3]],
      "empty": ["", []],
    };
    for (const [name, [text, orders]] of Object.entries(cases)) {
      for (const isSaved of [false, true]) {
        if (isSaved) {
          const saving = openState({ path, log: NO_LOG });
          saving.save(createModel().state(), []);
          saving.close();
        }
        Deno.writeTextFileSync(`${path}.journal`, text);
        const found = reopened(path)?.journal.map(({ report: { order } }) => order) ?? [];
        assert.deepEqual(found, orders, `${name}, ${isSaved ? "saved" : "never saved"}`);
        if (isSaved) Deno.removeSync(path);
      }
    }
  });
});

Deno.test("openState() sets a file aside that it cannot understand", async () => {
  const whole = JSON.stringify({ version: 1 });
  const cases: Record<string, string> = {
    "empty": "",
    "cut off": '{"version":1,"evicted":{"turns":',
    "no JSON": "nonsense",
    "other version": JSON.stringify({ version: 2 }),
    "keys missing": whole,
    "another kind of file": "[1,2,3]",
  };
  for (const [name, text] of Object.entries(cases)) {
    await inFolder((path) => {
      openState({ path, log: NO_LOG }).close();
      Deno.writeTextFileSync(path, text);
      const { log, lines } = captureLog();
      const state = openState({ path, log });
      assert.equal(state.saved, undefined, name);
      assert.equal(lines.length, 1, name);
      assert.match(lines[0]!, /^level=error msg="Cannot understand the state file/, name);
      assert.equal(Deno.readTextFileSync(`${path}.broken`), text, name);
      state.save(createModel().state(), []);
      state.close();
      assert.notEqual(reopened(path), undefined, name);
    });
  }
});

Deno.test("openState() refuses a file that another exporter uses, until that one ends", async () => {
  await inFolder((path) => {
    const state = openState({ path, log: NO_LOG });
    assert.throws(
      () => openState({ path, log: NO_LOG }),
      (error) => error instanceof StateError && /another exporter is using it$/.test(error.message),
    );
    state.close();
    openState({ path, log: NO_LOG }).close();
  });
});

Deno.test("openState() refuses a path that cannot be used", async () => {
  await inFolder((path) => {
    Deno.writeTextFileSync(join(path, "..", "..", "file"), "");
    const cases: Record<string, [string, RegExp]> = {
      "folder that is a file": [
        join(path, "..", "..", "file", "state.json"),
        /^Cannot use the state file/,
      ],
      "file that is a folder": [join(path, ".."), /^Cannot read the state file/],
    };
    Deno.mkdirSync(join(path, ".."));
    for (const [name, [bad, message]] of Object.entries(cases)) {
      assert.throws(
        () => openState({ path: bad, log: NO_LOG }),
        (error) => error instanceof StateError && message.test(error.message),
        name,
      );
    }
  });
});

Deno.test("openState() leaves the state alone when its journal cannot be read", async () => {
  await inFolder((path) => {
    const state = openState({ path, log: NO_LOG });
    state.save(usedModel().state(), []);
    state.close();
    Deno.removeSync(`${path}.journal`);
    Deno.mkdirSync(`${path}.journal`);
    assert.throws(() => openState({ path, log: NO_LOG }), StateError);
    Deno.removeSync(`${path}.journal`);
    assert.equal(reopened(path)?.model.sessions.length, 3);
  });
});

Deno.test("save() counts every failure, logs the first, and goes on when it works again", async () => {
  await inFolder((path) => {
    const { log, lines } = captureLog();
    let errors = 0;
    const state = openState({ path, log, onError: () => errors++ });
    const model = createModel();
    const next = report({ order: 1, values: { transactions_total: 3 } });
    model.take(next, 1000);
    state.note(next, 1000);
    Deno.mkdirSync(`${path}.new`);
    state.save(model.state(), []);
    state.save(model.state(), []);
    assert.equal(errors, 2);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^level=error msg="Cannot write the state file"/);
    assert.notEqual(Deno.readTextFileSync(`${path}.journal`), "", "the journal still has it");
    Deno.removeSync(`${path}.new`);
    state.save(model.state(), []);
    state.save(model.state(), []);
    assert.equal(errors, 2);
    assert.match(lines[1]!, /^level=info msg="The state file is written again"/);
    assert.equal(lines.length, 2);
    state.close();
    assert.equal(reopened(path)?.model.sessions.length, 1);
  });
});

Deno.test("openState() skips lines of the journal that are no reports, and metrics that nobody knows", async () => {
  await inFolder((path) => {
    const state = openState({ path, log: NO_LOG });
    state.note(report({ session: "s", order: 1, turn: 3, values: { budget_total: 1 } }), 1000);
    state.close();
    const journal = `${path}.journal`;
    const line = Deno.readTextFileSync(journal);
    const renamed = line.replace('"budget_total"', '"metrique_de_jadis"');
    Deno.writeTextFileSync(journal, `{}\nnull\n[1]\n{"report":5}\n${renamed}`);
    const saved = reopened(path)!;
    assert.deepEqual(saved.journal.map(({ report }) => [report.turn, report.values.size]), [[
      3,
      0,
    ]]);
  });
});

Deno.test("save() says whether it did", async () => {
  await inFolder((path) => {
    const state = openState({ path, log: NO_LOG });
    assert.equal(state.save(createModel().state(), []), true);
    Deno.mkdirSync(`${path}.new`);
    assert.equal(state.save(createModel().state(), []), false);
    Deno.removeSync(`${path}.new`);
    assert.equal(state.save(createModel().state(), []), true);
    state.close();
  });
});
