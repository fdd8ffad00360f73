/** Numbers as a reader sees them, by Grafana's names of units. @module */

/** A number of a unit, with its sign, in a language. */
type Format = (value: number, language: string) => string;

function plain(value: number, language: string, digits = 2): string {
  const most = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? Math.min(digits, 1) : digits;
  return value.toLocaleString(language, { maximumFractionDigits: most });
}

/** The largest step that the value reaches, or the smallest. */
function scaled(
  steps: readonly (readonly [size: number, unit: string])[],
): Format {
  return (value, language) => {
    const found = steps.find(([size]) => Math.abs(value) >= size) ?? steps.at(-1)!;
    const [size, unit] = value === 0 ? [1, "s"] : found;
    return `${plain(value / size, language)} ${unit}`;
  };
}

const SECONDS = scaled([[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"], [1e-3, "ms"], [
  1e-6,
  "µs",
]]);
const KIBI = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]] as const;

function bytes(value: number, language: string): string {
  const [size, unit] = KIBI.find(([size]) => Math.abs(value) >= size) ?? [1, "B"];
  return `${plain(value / size, language)} ${unit}`;
}

const FORMATS: Readonly<Record<string, Format>> = {
  locale: (value, language) => plain(value, language),
  currencyEUR: (value, language) => `${plain(value, language)} €`,
  s: SECONDS,
  bytes,
  binBps: (value, language) => `${bytes(value, language)}/s`,
  percent: (value, language) => `${plain(value, language)} %`,
  percentunit: (value, language) => `${plain(value * 100, language)} %`,
};

/**
 * A number as text.
 *
 * @throws {Error} When the unit is none that the boards have.
 */
export function formatValue(value: number, unit: string, language: string): string {
  const format = FORMATS[unit];
  if (format === undefined) throw new Error(`Unknown unit ${unit}`);
  return format(value, language);
}
