/** Formats numbers, times and durations in a language. @module */

export type Language = "fr" | "en";

/** What a number counts. */
export type Unit = "euros" | "count" | "rate" | "seconds" | "turns";

const LOCALES: Readonly<Record<Language, string>> = { fr: "fr-FR", en: "en-GB" };
const UNKNOWN = "–";

export type Format = ReturnType<typeof createFormat>;

/** Maximum distance of a date from 1970, in seconds (ECMA-262, 21.4.1.1). */
const LATEST = 8.64e12;

/** Formats a time in seconds since 1970; a number that is not a time is unknown. */
function dated(format: Intl.DateTimeFormat, at: number): string {
  return Math.abs(at) <= LATEST ? format.format(Math.round(at * 1000)) : UNKNOWN;
}

function clockOf(seconds: number, dayUnit: string): string {
  if (!Number.isFinite(seconds)) return UNKNOWN;
  if (seconds >= 86_400) {
    const days = Math.floor(seconds / 86_400);
    return `${days} ${dayUnit} ${clockOf(seconds - days * 86_400, dayUnit)}`;
  }
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  const two = (part: number) => String(part).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

type Known = number | null | undefined;

function isKnown(value: Known): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

/** Functions that format numbers. */
function createNumbers(locale: string) {
  const number = (options: Intl.NumberFormatOptions) => {
    const format = new Intl.NumberFormat(locale, options);
    return (value: Known) => isKnown(value) ? format.format(value) : UNKNOWN;
  };
  const money: Intl.NumberFormatOptions = { style: "currency", currency: "EUR" };
  const compacts = new Map<string, ReturnType<typeof number>>();
  return {
    whole: number({ maximumFractionDigits: 0 }),
    decimal: number({ maximumFractionDigits: 2 }),
    significant: number({ maximumSignificantDigits: 3 }),
    euros: number(money),
    percent: number({ style: "percent", maximumSignificantDigits: 3 }),
    /** In compact notation with a number of digits. */
    compact(isMoney: boolean, digits: number) {
      const key = `${isMoney} ${digits}`;
      const made = compacts.get(key) ?? number({
        notation: "compact",
        maximumSignificantDigits: digits,
        ...(isMoney ? money : {}),
      });
      compacts.set(key, made);
      return made;
    },
  };
}

/** Functions that format times, given in seconds since 1970. */
function createTimes(locale: string) {
  const time = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, options);
    return (at: number) => dated(format, at);
  };
  return {
    /** A time of day. */
    time: time({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    /** The same to a millisecond. */
    fineTime: time({ minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 }),
    /** A date without its year. */
    day: time({ day: "numeric", month: "short" }),
    /** The same with the time of day. */
    dayTime: time({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
    /** Date and time of day. */
    moment: time({ dateStyle: "short", timeStyle: "medium" }),
  };
}

const BYTE_UNITS: Readonly<Record<Language, readonly string[]>> = {
  fr: ["o", "kio", "Mio", "Gio", "Tio"],
  en: ["B", "KiB", "MiB", "GiB", "TiB"],
};

/** All functions write "–" for what is unknown: null, undefined or not finite. */
export function createFormat(language: Language) {
  const numbers = createNumbers(LOCALES[language]);
  const times = createTimes(LOCALES[language]);
  const { whole, decimal, significant, euros, percent, compact } = numbers;
  /** A duration in hours, minutes and seconds, like a clock. */
  const clock = (value: number) => clockOf(value, language === "fr" ? "j" : "d");

  /** A duration with the unit that suits it. */
  function seconds(value: Known): string {
    if (!isKnown(value)) return UNKNOWN;
    const size = Math.abs(value);
    if (size === 0) return "0 s";
    if (size < 1e-6) return `${significant(value * 1e9)} ns`;
    if (size < 1e-3) return `${significant(value * 1e6)} µs`;
    if (size < 1) return `${significant(value * 1e3)} ms`;
    return size < 120 ? `${significant(value)} s` : clock(value);
  }

  function bytes(value: number): string {
    if (!isKnown(value)) return UNKNOWN;
    const step = Math.min(Math.floor(Math.log2(Math.max(Math.abs(value), 1)) / 10), 4);
    return `${significant(value / 1024 ** step)} ${BYTE_UNITS[language][step]}`;
  }

  return {
    ...numbers,
    ...times,
    seconds,
    bytes,
    clock,
    /** A value of a chart, in full. */
    value(unit: Unit, value: Known): string {
      if (unit === "euros") return euros(value);
      if (unit === "seconds") return seconds(value);
      return unit === "rate" ? decimal(value) : whole(value);
    },
    /** The same in a short form for an axis, which distinguishes values one step apart. */
    tick(unit: Unit, value: number, step: number): string {
      if (unit === "seconds") return seconds(value);
      const digits = Math.ceil(Math.log10(Math.max(Math.abs(value) / step, 1))) + 1;
      return compact(unit === "euros", Math.min(Math.max(digits, 2), 12))(value);
    },
    /** A metric of the exporter or the machine, by the unit in its name. */
    metric(name: string, value: number): string {
      const plain = name.replace(/\{.*/, "");
      if (plain.endsWith("_timestamp_seconds") || plain === "process_start_time_seconds") {
        return times.moment(value);
      }
      if (/_seconds(_total|_sum)?$/.test(plain)) return seconds(value);
      if (/_bytes(_total)?$/.test(plain)) return bytes(value);
      return plain.endsWith("_percent") ? percent(value / 100) : decimal(value);
    },
  };
}
