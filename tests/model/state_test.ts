/** Tests of the state file: what one process leaves to the next, whatever happened in between. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import {
  type Model,
  type ModelOptions,
  openState,
  type SavedState,
  StateError,
  type StateFile,
} from "../../lib/model/mod.ts";
import { readReport } from "../../lib/report/mod.ts";
import { testWithSmallDisk } from "../harness/small_disk.ts";
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

/** Opens a state that nothing is wrong with. */
function open(path: string): StateFile {
  return openState({ path, maxSessions: 1000, log: NO_LOG });
}

/** What the next process finds. */
function reopened(path: string): SavedState | undefined {
  const state = open(path);
  state.close();
  return state.saved;
}

/** What the next process would find if the one that runs were killed now. */
function copyOf(path: string): SavedState | undefined {
  const copy = join(Deno.makeTempDirSync(), "state.json");
  try {
    for (const twin of ["", ".2"]) Deno.copyFileSync(path + twin, copy + twin);
    return reopened(copy);
  } finally {
    Deno.removeSync(join(copy, ".."), { recursive: true });
  }
}

/** Saves as often as it is called: the disk has what was saved before. */
async function save(
  state: StateFile,
  model: Model,
  positions: Parameters<StateFile["save"]>[1] = [],
): Promise<boolean> {
  await state.synced();
  const isSaved = state.save(model.state(), positions);
  await state.synced();
  return isSaved;
}

/** The reports that a file holds behind its state, line by line. */
function noted(path: string): string[] {
  return Deno.readTextFileSync(path).split("\n").slice(2, -2);
}

/** What stood in a file before a newer state was written into the other one. */
function asNewest(text: string): string {
  const { generation } = JSON.parse(text.slice(9, text.indexOf("\n")));
  return text.replace(/[0-9a-f]{8} old (\d+)\n$/, (_, count) => sealed(`end ${count}`, generation));
}

/** A line as it stands in a file of this generation. */
function sealed(text: string, generation: number): string {
  return `${crc32(text, crc32(`${generation} `)).toString(16).padStart(8, "0")} ${text}\n`;
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
      const { report, details } = readReport(payload, ALL);
      model.take(report, 1000 + turn, details.tables);
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
    assert.equal(reopened(path), undefined, "nothing was saved");
    const names = [...Deno.readDirSync(join(path, ".."))].map(({ name }) => name).sort();
    assert.deepEqual(names, ["state.json", "state.json.2", "state.json.lock"]);
    if (Deno.build.os === "windows") return;
    for (const name of names) {
      assert.equal(Deno.statSync(join(path, "..", name)).mode! & 0o777, 0o600, name);
    }
  });
});

Deno.test("save() keeps all that the families are made of", async () => {
  await inFolder(async (path) => {
    const model = usedModel();
    const positions = [{ path: "/a/b.jsonl", dev: 1, ino: 2 ** 40, offset: 99, head: "abc" }];
    const state = open(path);
    await save(state, model, positions);
    state.close();
    const saved = reopened(path)!;
    assert.deepEqual(saved.positions, positions);
    assert.deepEqual(saved.reports, []);
    const next = createModel(OPTIONS);
    next.restore(saved.model);
    for (const now of [1004, 1010, 1500, 9000]) {
      assert.deepEqual(next.families(now), model.families(now), String(now));
    }
    const again = readReport(payloadAt({ session: "d" }, 4, 2), ALL).report;
    assert.equal(next.take(again, 1020).outcome, "repeat");
    const more = readReport(payloadAt({ session: "a" }, 5, 2), ALL).report;
    for (const restored of [model, next]) assert.equal(restored.take(more, 1020).outcome, "taken");
    assert.deepEqual(next.families(1020), model.families(1020));
  });
});

Deno.test("save() keeps counts of games that together are beyond exact integers", async () => {
  await inFolder(async (path) => {
    const model = createModel({ maxSessions: 1 });
    for (const session of ["a", "b", "c"]) {
      const turns = Number.MAX_SAFE_INTEGER;
      model.take(report({ session, turn: turns, turnSeconds: { turns, sum: 1 } }), 1000);
    }
    const state = open(path);
    await save(state, model);
    state.close();
    const next = createModel({ maxSessions: 1 });
    next.restore(reopened(path)!.model);
    assert.deepEqual(next.families(1000), model.families(1000));
  });
});

Deno.test("save() leaves the detail of sessions out that are not shown, or have very much of it", async () => {
  await inFolder(async (path) => {
    const model = createModel();
    const rows = (count: number) =>
      new Map([["produit_prix", {
        labels: Array.from({ length: count }, (_, index) => [`P${index}`]),
        values: new Array<number>(count).fill(1),
      }]]);
    model.take(report({ session: "gone", finished: true }), 1000, rows(2));
    model.take(report({ session: "small" }), 1000, rows(20_000));
    model.take(report({ session: "large" }), 1000, rows(20_001));
    const state = open(path);
    await save(state, model);
    state.close();
    const kept = reopened(path)!.model.sessions.map(({ id, detail }) => [
      id,
      detail.get("produit_prix")?.values.length,
    ]);
    assert.deepEqual(kept, [["gone", undefined], ["small", 20_000], ["large", undefined]]);
  });
});

/** A model that has taken one report of so many transactions, and the report. */
function modelOf(order: number) {
  const model = createModel();
  const taken = report({ order, values: { transactions_total: order } });
  model.take(taken, 1000);
  return { model, taken };
}

/** What a process finds: the order of the saved report, and those of the noted ones. */
function ordersOf(saved: SavedState | undefined): (number | undefined)[] | undefined {
  return saved && [
    saved.model.sessions[0]?.order,
    ...saved.reports.map(({ report: { order } }) => order),
  ];
}

Deno.test("save() writes over the older of two files, so that a kill at any byte loses nothing", async () => {
  await inFolder(async (path) => {
    const paths = [path, `${path}.2`];
    const state = open(path);
    for (const order of [1, 3, 5]) {
      const { model, taken } = modelOf(order);
      await save(state, model);
      const saved = paths[order === 3 ? 1 : 0]!;
      assert.deepEqual(noted(saved), []);
      state.note({ ...taken, order: order + 1 }, 1000);
      assert.deepEqual(noted(saved).length, 1);
    }
    state.close();
    // As it is until the newer one is whole.
    const [newer, older] = paths.map((path) => asNewest(Deno.readTextFileSync(path))) as [
      string,
      string,
    ];
    assert.deepEqual(ordersOf(reopened(path)), [5, 6]);
    Deno.writeTextFileSync(paths[1]!, older);
    const saving = newer.split("\n", 2).join("\n").length;
    const cuts = Array.from({ length: saving >> 4 }, (_, index) => index << 4);
    for (const bytes of [...cuts, saving - 1, saving]) {
      Deno.writeTextFileSync(path, newer.slice(0, bytes));
      const { log, lines } = captureLog();
      const next = openState({ path, maxSessions: 1000, log });
      next.close();
      assert.deepEqual(ordersOf(next.saved), [3, 4], `${bytes} bytes`);
      assert.equal(lines.length, 1);
      for (const line of lines) {
        assert.match(line, /^level=info msg="The process ended while it wrote a snapshot/);
      }
      assert.equal(Deno.readTextFileSync(paths[1]!), older);
    }
  });
});

Deno.test("save() and note() go on behind what a killed process left", async () => {
  await inFolder(async (path) => {
    const first = open(path);
    const { model, taken } = modelOf(1);
    await save(first, model);
    first.note({ ...taken, order: 2 }, 1000);
    first.close();
    // Torn: longer than the line that comes in its place.
    const text = Deno.readTextFileSync(path);
    const end = text.lastIndexOf("\n", text.length - 2) + 1;
    Deno.writeTextFileSync(path, `${text.slice(0, end)}{"report":${"x".repeat(5000)}`);
    const second = open(path);
    second.note({ ...taken, order: 3 }, 1000);
    second.close();
    assert.deepEqual(ordersOf(reopened(path)), [1, 2, 3]);
    const third = open(path);
    await save(third, modelOf(7).model);
    third.close();
    assert.deepEqual(ordersOf(reopened(path)), [7]);
  });
});

Deno.test("save() waits for the disk to have the file before it writes over the other one", async () => {
  await inFolder(async (path) => {
    const state = open(path);
    assert.equal(state.save(modelOf(1).model.state(), []), true);
    assert.equal(state.save(modelOf(2).model.state(), []), false, "the first is under way");
    await state.synced();
    assert.equal(state.save(modelOf(3).model.state(), []), true);
    await state.synced();
    state.close();
    assert.deepEqual(ordersOf(reopened(path)), [3]);
    Deno.removeSync(`${path}.2`);
    const { log, lines } = captureLog();
    openState({ path, maxSessions: 1000, log }).close();
    assert.match(lines.join(), /^level=error msg="Cannot find the newest state/);
    assert.deepEqual(ordersOf(reopened(path)), [1]);
  });
});

Deno.test("note() keeps what came after the last saving, in order", async () => {
  await inFolder(async (path) => {
    const model = createModel(OPTIONS);
    const state = open(path);
    await save(state, model);
    for (const turn of [1, 2, 3]) {
      const next = readReport(payloadAt({ session: "a" }, turn), ALL).report;
      model.take(next, 1000 + turn);
      state.note(next, 1000 + turn);
    }
    state.close();
    const next = createModel(OPTIONS);
    const saved = reopened(path)!;
    next.restore(saved.model);
    for (const { report, arrival } of saved.reports) next.take(report, arrival);
    assert.equal(saved.reports.length, 3);
    assert.deepEqual(next.families(1003), model.families(1003));
  });
});

Deno.test("note() counts as failed what comes before anything could be saved", async () => {
  await inFolder((path) => {
    const { log, lines } = captureLog();
    let errors = 0;
    const state = openState({ path, maxSessions: 1000, log, onError: () => errors++ });
    state.note(report({ order: 1 }), 1000);
    state.note(report({ order: 2 }), 1000);
    state.close();
    assert.equal(errors, 2);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^level=error msg="Cannot write the state file".*no snapshot could be/);
    assert.equal(reopened(path), undefined);
  });
});

Deno.test("openState() keeps a copy of a file that it cannot understand", async () => {
  const cases: Record<string, string> = {
    "cut off": '{"version":2,"generation":1,"evicted":{"turns":',
    "only its end missing": JSON.stringify({ version: 2, generation: 1 }),
    "no JSON": "nonsense\n",
    "keys missing": `${JSON.stringify({ version: 2, generation: 1, evicted: {} })}\n`,
    "a version that is not read any more": JSON.stringify({ version: 1 }),
    "another kind of file": "[1,2,3]",
  };
  for (const [name, text] of Object.entries(cases)) {
    await inFolder(async (path) => {
      open(path).close();
      Deno.writeTextFileSync(path, text);
      const { log, lines } = captureLog();
      const state = openState({ path, maxSessions: 1000, log });
      assert.equal(state.saved, undefined, name);
      assert.equal(lines.length, 1, name);
      assert.match(lines[0]!, /^level=error msg="Cannot read the state file; totals/, name);
      assert.equal(Deno.readTextFileSync(`${path}.broken`), text, name);
      await save(state, createModel());
      state.close();
      assert.notEqual(reopened(path), undefined, name);
    });
  }
});

Deno.test("openState() refuses a file of a later version, and leaves it as it is", async () => {
  await inFolder(async (path) => {
    const state = open(path);
    for (const order of [1, 2, 3]) await save(state, modelOf(order).model);
    state.close();
    const places = [path, `${path}.2`];
    const later = '{"version":4,"generation":1,"more":true}';
    const sum = crc32(later).toString(16).padStart(8, "0");
    const changes: Record<string, (text: string) => string> = {
      "what the later version writes": (text) => `${sum} ${later}\n${text.split("\n")[1]}\n`,
      "the version changed by hand": (text) => text.replace('"version":3', '"version":4'),
      "no checksum at all": () => `${JSON.stringify({ version: 4 })}\n`,
    };
    const before = places.map((place) => Deno.readTextFileSync(place));
    for (const [name, change] of Object.entries(changes)) {
      const texts = before.map(change);
      places.forEach((place, index) => Deno.writeTextFileSync(place, texts[index]!));
      assert.throws(
        () => open(path),
        (error) =>
          error instanceof StateError && error.mustStop && /\(version 4\)/.test(error.message),
        name,
      );
      assert.deepEqual(places.map((place) => Deno.readTextFileSync(place)), texts, name);
    }
    // One of the two is enough, when there is no doubt about it.
    places.forEach((place, index) => Deno.writeTextFileSync(place, before[index]!));
    Deno.writeTextFileSync(path, changes["what the later version writes"]!(before[0]!));
    assert.throws(() => open(path), StateError);
    Deno.writeTextFileSync(path, changes["the version changed by hand"]!(before[0]!));
    assert.deepEqual(ordersOf(reopened(path)), [3], "damaged");
  });
});

Deno.test("openState() takes the other file when it cannot understand one, and sets that aside", async () => {
  for (const broken of ["", ".2"]) {
    await inFolder(async (path) => {
      const state = open(path);
      await save(state, modelOf(1).model);
      await save(state, modelOf(2).model);
      state.close();
      Deno.writeTextFileSync(path + broken, "nonsense\n");
      const { log, lines } = captureLog();
      const next = openState({ path, maxSessions: 1000, log });
      next.close();
      // The same damage leaves one copy.
      open(path).close();
      assert.throws(() => Deno.statSync(`${path}${broken}.broken.2`), Deno.errors.NotFound);
      assert.deepEqual(ordersOf(next.saved), [broken === "" ? 2 : 1]);
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, /^level=error msg="Cannot read the state file; using the other file/);
      assert.equal(Deno.readTextFileSync(`${path}${broken}.broken`), "nonsense\n");
    });
  }
});

Deno.test("openState() refuses a file that another exporter uses, until that one ends", async () => {
  await inFolder((path) => {
    const state = open(path);
    assert.throws(
      () => open(path),
      (error) => error instanceof StateError && /another exporter is using it$/.test(error.message),
    );
    state.close();
    open(path).close();
  });
});

Deno.test("openState() refuses a path that cannot be used, and leaves what is there alone", async () => {
  await inFolder(async (path) => {
    const folder = join(path, "..");
    Deno.writeTextFileSync(join(folder, "..", "file"), "");
    const refuses = (path: string) =>
      assert.throws(
        () => open(path),
        (error) => error instanceof StateError && /^Cannot use the state file/.test(error.message),
        path,
      );
    refuses(join(folder, "..", "file", "state.json"));
    Deno.mkdirSync(folder);
    refuses(folder);
    const state = open(path);
    await save(state, usedModel());
    state.close();
    Deno.removeSync(`${path}.2`);
    Deno.mkdirSync(`${path}.2`);
    refuses(path);
    Deno.removeSync(`${path}.2`);
    assert.equal(reopened(path)?.model.sessions.length, 3);
  });
});

Deno.test("save() counts every failure, logs the first, and goes on when it works again", async () => {
  for (const moved of ["", ".2"]) {
    await inFolder(async (path) => {
      const { log, lines } = captureLog();
      let errors = 0;
      const state = openState({ path, maxSessions: 1000, log, onError: () => errors++ });
      const { model, taken } = modelOf(1);
      assert.equal(await save(state, model), true);
      Deno.renameSync(path + moved, `${path}.moved`);
      if (moved === "") Deno.writeTextFileSync(path, "somebody's");
      for (let time = 0; time < 3; time++) {
        assert.equal(await save(state, model), false);
        state.note({ ...taken, order: 2 }, 1000);
      }
      assert.equal(errors, 3);
      assert.match(
        lines[0]!,
        /^level=error msg="Cannot write the state file".* was moved, removed/,
      );
      if (moved === "") assert.equal(Deno.readTextFileSync(path), "somebody's");
      Deno.renameSync(`${path}.moved`, path + moved);
      assert.equal(await save(state, model), true);
      assert.equal(errors, 3);
      assert.deepEqual(lines.map((line) => line.replace(/ path=.*/, "")), [
        'level=error msg="Cannot write the state file"',
        'level=info msg="The state file can be written again"',
      ]);
      state.close();
      assert.deepEqual(ordersOf(reopened(path)), [1]);
    });
  }
});

testWithSmallDisk(
  "save() and note() survive a full disk, and what they wrote before it was full stays",
  async (dir) => {
    const path = join(dir, "state.json");
    const { log, lines } = captureLog();
    let errors = 0;
    const state = openState({ path, maxSessions: 1000, log, onError: () => errors++ });
    const { model, taken } = modelOf(1);
    await save(state, model);
    state.note({ ...taken, order: 2 }, 1000);
    const ballast = join(dir, "ballast");
    assert.throws(() => Deno.writeFileSync(ballast, new Uint8Array(1 << 20)), /os error 28/);
    const long = { ...taken, session: "x".repeat(10_000) };
    state.note({ ...long, order: 3 }, 1000);
    assert.equal(await save(state, model), false);
    assert.equal(errors, 2);
    assert.equal(lines.length, 1);
    assert.deepEqual(ordersOf(copyOf(path)), [1, 2]);
    Deno.removeSync(ballast);
    state.note({ ...taken, order: 4 }, 1000);
    assert.deepEqual(ordersOf(copyOf(path)), [1, 2, 4]);
    assert.equal(await save(state, modelOf(5).model), true);
    state.close();
    assert.deepEqual(ordersOf(reopened(path)), [5]);
  },
);

Deno.test("openState() skips reports of another shape and says so, and metrics that nobody knows", async () => {
  await inFolder(async (path) => {
    const state = open(path);
    await save(state, createModel());
    state.note(report({ session: "s", order: 1, turn: 3, values: { budget_total: 1 } }), 1000);
    state.close();
    const lines = Deno.readTextFileSync(path).split("\n");
    const entry = lines[2]!.slice("01234567 1 ".length);
    const renamed = entry.replace('"budget_total"', '"metrique_de_jadis"');
    const more = entry.replace('"session"', '"inconnue":1,"session"');
    const texts = [entry, "{}", "null", '{"report":5}', renamed, more];
    const noted = texts.map((text, index) => sealed(`${index + 1} ${text}`, 1));
    Deno.writeTextFileSync(
      path,
      [`${lines[0]}\n${lines[1]}\n`, ...noted, sealed(`end ${texts.length}`, 1)].join(""),
    );
    const { log, lines: said } = captureLog();
    const next = openState({ path, maxSessions: 1000, log });
    next.close();
    assert.deepEqual(
      next.saved?.reports.map(({ report }) => [report.turn, report.values.size]),
      [[3, 1], [3, 0]],
    );
    assert.equal(said.length, 1);
    assert.match(said[0]!, /its undamaged part.*error="4 reports are of another version"/);
  });
});

Deno.test("save() writes nothing that could not be read again", async () => {
  await inFolder(async (path) => {
    const { log, lines } = captureLog();
    const state = openState({ path, maxSessions: 1000, log });
    await save(state, modelOf(1).model);
    const broken = createModel();
    broken.take(report({ values: { transactions_total: NaN } }), 1000);
    assert.equal(await save(state, broken), false);
    state.close();
    assert.match(lines.join(), /^level=error msg="Cannot write the state file".*is NaN/);
    assert.deepEqual(ordersOf(reopened(path)), [1]);
  });
});

Deno.test("save() is due early when much was noted, or by many sessions, and waits for no disk then", async () => {
  await inFolder(async (path) => {
    const large = report({
      extra: Object.fromEntries(
        Array.from({ length: 2000 }, (_, key) => [`key_${key}`, { type: "gauge", value: key }]),
      ),
    });
    const state = openState({ path, maxSessions: 4, log: NO_LOG });
    const model = createModel();
    assert.equal(state.save(model.state(), []), true);
    for (const session of ["a", "b", "c", "a"]) state.note(report({ session }), 1000);
    assert.equal(state.isFull, false);
    assert.equal(state.save(model.state(), []), false, "the first is under way");
    state.note(report({ session: "d" }), 1000);
    assert.equal(state.isFull, true);
    assert.equal(state.save(model.state(), []), true);
    assert.equal(state.isFull, false);
    let notes = 0;
    for (; !state.isFull; notes++) state.note(large, 1000);
    assert.ok(notes > 50 && notes < 1000, `${notes} notes`);
    assert.equal(copyOf(path)?.reports.length, notes);
    assert.equal(state.save(model.state(), []), true);
    assert.equal(copyOf(path)?.reports.length, 0);
    await state.synced();
    state.close();
  });
});
