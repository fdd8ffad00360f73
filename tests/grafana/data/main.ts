/**
 * Asks Grafana's own library whether it knows what panels name, and lets it work on data as they get
 * it. A program of its own: the library has many dependencies, which nothing else here shall have.
 *
 * Reads panels as a JSON array from standard input, and writes an array of complaints.
 *
 * @module
 */

import { createRequire } from "node:module";

// Its modules are not loaded as such by Deno (`moment-timezone` has no named exports), its CommonJS is.
const grafana = createRequire(import.meta.resolve("@grafana/data"))("@grafana/data");
// Its transformations look whether they run inside Grafana.
Object.assign(globalThis, { window: {} });

interface Target {
  readonly refId: string;
  readonly legendFormat?: string;
  readonly format?: string;
}

interface Matcher {
  readonly id: string;
  readonly options: unknown;
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets: readonly Target[];
  readonly transformations?: readonly { readonly id: string; readonly options: unknown }[];
  readonly fieldConfig: {
    readonly defaults: Readonly<Record<string, unknown>> & {
      readonly unit?: string;
      readonly color?: { readonly mode: string };
    };
    readonly overrides: readonly {
      readonly matcher: Matcher;
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
  readonly options: {
    readonly reduceOptions?: { readonly calcs: readonly string[] };
    readonly series?: readonly {
      readonly x: { readonly matcher: Matcher };
      readonly y: { readonly matcher: Matcher };
    }[];
  };
}

interface Frame {
  readonly fields: readonly { readonly name: string }[];
}

interface Transformer {
  readonly id: string;
  readonly name: string;
}
// Some are there under an older name too.
const TRANSFORMERS = new Map(
  Object.values<Transformer>(grafana.standardTransformers).map((one) => [one.id, one]),
);
grafana.standardTransformersRegistry.setInit(() =>
  Array.from(TRANSFORMERS.values(), (transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation: () => Promise.resolve(transformation),
    editor: () => null,
  }))
);

const UNITS = new Set<string>(
  grafana.getValueFormats().flatMap(
    ({ submenu }: { submenu: { value: string }[] }) => submenu.map(({ value }) => value),
  ),
);

const TIMES = [1000, 2000, 3000];

/** What the Prometheus data source makes of an answer of one series. */
function frameOf({ refId, legendFormat = "", format }: Target): Frame {
  const { FieldType } = grafana;
  const time = { name: "Time", type: FieldType.time, values: TIMES };
  if (format === "table") {
    return grafana.toDataFrame({
      refId,
      fields: [
        time,
        { name: "entreprise", type: FieldType.string, values: ["a", "b", "c"] },
        { name: `Value #${refId}`, type: FieldType.number, values: [1, 2, 3] },
      ],
    });
  }
  const config = legendFormat === "" ? {} : { displayNameFromDS: legendFormat };
  return grafana.toDataFrame({
    refId,
    fields: [time, { name: "Value", type: FieldType.number, values: [1, 2, 3], config }],
  });
}

function transformed({ targets, transformations = [] }: Panel): Promise<readonly Frame[]> {
  const observable = grafana.transformDataFrame(transformations, targets.map(frameOf));
  return new Promise((resolve, reject) => observable.subscribe({ next: resolve, error: reject }));
}

/** The number of fields that a matcher finds. */
function found(matcher: Matcher, frames: readonly Frame[]): number {
  const isField = grafana.getFieldMatcher(matcher);
  return frames.flatMap((frame) => frame.fields.filter((field) => isField(field, frame, frames)))
    .length;
}

async function complaintsOf(panel: Panel): Promise<string[]> {
  const { fieldConfig: { defaults, overrides }, options, transformations = [] } = panel;
  const properties = overrides.flatMap(({ properties }) => properties);
  const units = [defaults.unit, ...properties.map(({ id, value }) => id === "unit" && value)];
  const complaints = units.filter((unit) => typeof unit === "string" && !UNITS.has(unit))
    .map((unit) => `unit ${unit}`);
  for (const calculation of options.reduceOptions?.calcs ?? []) {
    if (!grafana.isReducerID(calculation)) complaints.push(`calculation ${calculation}`);
  }
  const mode = defaults.color?.mode;
  if (mode !== undefined && grafana.fieldColorModeRegistry.getIfExists(mode) === undefined) {
    complaints.push(`colour mode ${mode}`);
  }
  for (const { id } of transformations) {
    if (grafana.standardTransformersRegistry.getIfExists(id) === undefined) {
      complaints.push(`transformation ${id}`);
    }
  }
  const matchers = [
    ...overrides.map(({ matcher }) => matcher),
    ...(options.series ?? []).flatMap(({ x, y }) => [x.matcher, y.matcher]),
  ];
  for (const { id } of matchers) {
    if (grafana.fieldMatchers.getIfExists(id) === undefined) complaints.push(`matcher ${id}`);
  }
  if (complaints.length > 0) return complaints;
  const frames = await transformed(panel);
  for (const matcher of matchers) {
    if (found(matcher, frames) !== 1) {
      complaints.push(`${found(matcher, frames)} fields by ${JSON.stringify(matcher)}`);
    }
  }
  return complaints;
}

const panels: readonly Panel[] = JSON.parse(await new Response(Deno.stdin.readable).text());
const all: string[] = [];
for (const panel of panels) {
  all.push(...(await complaintsOf(panel)).map((text) => `${panel.title}: ${text}`));
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(all)));
