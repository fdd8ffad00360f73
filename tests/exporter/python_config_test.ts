/** Tests of the settings out of TradeSim's config.py. @module */

import assert from "node:assert/strict";
import { readPythonConfig } from "../../lib/exporter/python_config.ts";
import { UsageError } from "../../lib/cli/mod.ts";

interface Expected {
  readonly given?: Readonly<Record<string, string>>;
  readonly enabled?: boolean;
  readonly notes?: readonly string[];
}

function plain(name: string, instead: string): string {
  return `${name} in c.py is ignored, because it is not a plain literal: ${instead}`;
}

const PORT_NOTE = plain("METRICS_EXPORTER_PORT", "give --port instead");
const TRIPLE = '"""';

const GOOD: Readonly<Record<string, [text: string, expected: Expected]>> = {
  "an empty file": ["", {}],
  "other constants only": [
    "PORT = 1\nXMETRICS_EXPORTER_PORT = 2\nMETRICS_GRAFANA_PORT = 'x'\n",
    {},
  ],
  "a port": ["METRICS_EXPORTER_PORT = 8001\n", { given: { port: "8001" } }],
  "a port without spaces, with a comment": ["METRICS_EXPORTER_PORT=8_001# x", {
    given: { port: "8001" },
  }],
  "a port with a type": ["METRICS_EXPORTER_PORT: int = 8001", { given: { port: "8001" } }],
  "Windows lines and a byte order mark": ["\uFEFFMETRICS_EXPORTER_PORT = 8001\r\nA = 1\r\n", {
    given: { port: "8001" },
  }],
  "intervals": ["METRICS_COLLECTION_INTERVAL = 0.5\nMETRICS_SYSTEM_INTERVAL = 10.\n", {
    given: { collectInterval: "0.5s", systemInterval: "10s" },
  }],
  "system metrics switched off": ["METRICS_SYSTEM_ENABLED = False\nMETRICS_SYSTEM_INTERVAL = 5.0", {
    given: { systemInterval: "0" },
  }],
  "system metrics switched on": ["METRICS_SYSTEM_ENABLED = True", {}],
  "labels switched on": [
    "METRICS_LABELS_ENABLED = True\nMETRICS_LABELS_CONTINENT = True\n" +
    "METRICS_LABELS_PRODUIT_TYPE = True",
    { given: { labels: "continent,produit_type" } },
  ],
  "one label switched on": [
    "METRICS_LABELS_PRODUIT_TYPE = True\nMETRICS_LABELS_CONTINENT = False\n" +
    "METRICS_LABELS_ENABLED = True",
    { given: { labels: "produit_type" } },
  ],
  "labels switched off": ["METRICS_LABELS_ENABLED = False\nMETRICS_LABELS_CONTINENT = True", {}],
  "metrics switched off": ["METRICS_ENABLED = False", { enabled: false }],
  "metrics switched on": ["METRICS_ENABLED = True", {}],
  "the last of several assignments": [
    "METRICS_EXPORTER_PORT = 'x'\nMETRICS_EXPORTER_PORT = 8001\n",
    { given: { port: "8001" } },
  ],
  "an assignment after a comment": ["# METRICS_EXPORTER_PORT = 1 '''\nMETRICS_EXPORTER_PORT = 2", {
    given: { port: "2" },
  }],
  "nothing of a text in triple quotes": [
    `${TRIPLE}\nMETRICS_EXPORTER_PORT = 1\n# ' \\${TRIPLE}\nMETRICS_ENABLED = False\n${TRIPLE}\n` +
    "A = '''\nMETRICS_EXPORTER_PORT = 2\n'''\n",
    {},
  ],
  "nothing of a text in triple quotes without an end": ["A = '''\nMETRICS_EXPORTER_PORT = 2\n", {}],
  "what follows texts with quotes in them": [
    `A = "'''" + '"""' + "\\"" + '#' # '''\nB = ''\nMETRICS_EXPORTER_PORT = 2\n`,
    { given: { port: "2" } },
  ],
  "nothing that is indented or in brackets": [
    "if True:\n    METRICS_EXPORTER_PORT = 1\nf(\nMETRICS_EXPORTER_PORT = 2\n)\n",
    {},
  ],
  "what follows brackets": ["A = [\n  {1: (2)},\n]\nMETRICS_EXPORTER_PORT = 2\n", {
    given: { port: "2" },
  }],
  "nothing of a continued line": ["a = 1 + \\\nMETRICS_EXPORTER_PORT == 2", {}],
  "no comparison": ["METRICS_EXPORTER_PORT == 2", {}],
  "a call as a note": ['METRICS_EXPORTER_PORT = int(os.getenv("P", 8000))', { notes: [PORT_NOTE] }],
  "a call after a literal as a note": [
    'METRICS_EXPORTER_PORT = 1\nMETRICS_EXPORTER_PORT = int(\n  os.getenv("P"))',
    { notes: [PORT_NOTE] },
  ],
  "an addition as a note": ["METRICS_EXPORTER_PORT = 1\nMETRICS_EXPORTER_PORT += 1", {
    notes: [PORT_NOTE],
  }],
  "a double assignment as a note": ["METRICS_EXPORTER_PORT = A = 1", { notes: [PORT_NOTE] }],
  "two statements on a line as a note": ["METRICS_EXPORTER_PORT = 1; A = 2", {
    notes: [PORT_NOTE],
  }],
  "a formatted text as a note": ['METRICS_EXPORTER_PORT = f"1"', { notes: [PORT_NOTE] }],
  "switches that are no literals as notes": [
    "METRICS_ENABLED = not A\nMETRICS_SYSTEM_ENABLED = B\nMETRICS_LABELS_ENABLED = C",
    {
      notes: [
        plain("METRICS_SYSTEM_ENABLED", "give --system-interval instead"),
        plain("METRICS_LABELS_ENABLED", "give --labels instead"),
        plain("METRICS_ENABLED", "metrics stay on"),
      ],
    },
  ],
  "the host as a note": ['METRICS_EXPORTER_HOST = "0.0.0.0"  # all', {
    notes: ['METRICS_EXPORTER_HOST = "0.0.0.0" is ignored: only --host opens the network'],
  }],
};

for (const [name, [text, { given = {}, enabled = true, notes = [] }]] of Object.entries(GOOD)) {
  Deno.test(`readPythonConfig() reads ${name}`, () => {
    const config = readPythonConfig(text, "c.py");
    assert.deepEqual({
      given: Object.fromEntries(
        [...config.layer].map(([property, { texts }]) => [property, texts]),
      ),
      enabled: config.enabled,
      notes: config.notes,
    }, {
      given: Object.fromEntries(
        Object.entries(given).map(([property, value]) => [property, [value]]),
      ),
      enabled,
      notes,
    });
  });
}

const BAD: Readonly<Record<string, [text: string, message: string]>> = {
  "text for a port": [
    'METRICS_EXPORTER_PORT = "8000"',
    'Cannot read METRICS_EXPORTER_PORT "8000" in c.py: expected a whole number',
  ],
  "None for a port": [
    "METRICS_EXPORTER_PORT = None",
    "Cannot read METRICS_EXPORTER_PORT None in c.py: expected a whole number",
  ],
  "a switch for an interval": [
    "METRICS_SYSTEM_INTERVAL = True",
    "Cannot read METRICS_SYSTEM_INTERVAL True in c.py: expected a number of seconds",
  ],
  "a number for a switch": [
    "METRICS_ENABLED = 0",
    "Cannot read METRICS_ENABLED 0 in c.py: expected True or False",
  ],
};

for (const [name, [text, message]] of Object.entries(BAD)) {
  Deno.test(`readPythonConfig() refuses ${name}`, () => {
    assert.throws(() => readPythonConfig(text, "c.py"), new UsageError(message));
  });
}
