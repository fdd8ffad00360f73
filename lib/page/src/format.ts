/** Writes numbers, times and durations as a language does. @module */

export type Language = "fr" | "en";

/** What a number counts. */
export type Unit = "euros" | "count" | "rate" | "seconds" | "turns";

const LOCALES: Readonly<Record<Language, string>> = { fr: "fr-FR", en: "en-GB" };
const UNKNOWN = "–";

export type Format = ReturnType<typeof createFormat>;

/** The most that a date can be from 1970, in seconds (ECMA-262, 21.4.1.1). */
const LATEST = 8.64e12;

/** A time in seconds since 1970; a number that is no time is unknown. */
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

/** All functions write "–" for what is unknown: null, undefined or not finite. */
export function createFormat(language: Language) {
  const locale = LOCALES[language];
  const number = (options: Intl.NumberFormatOptions) => {
    const format = new Intl.NumberFormat(locale, options);
    return (value: number | null | undefined) =>
      value === null || value === undefined || !Number.isFinite(value)
        ? UNKNOWN
        : format.format(value);
  };
  const whole = number({ maximumFractionDigits: 0 });
  const decimal = number({ maximumFractionDigits: 2 });
  const significant = number({ maximumSignificantDigits: 3 });
  const euros = number({ style: "currency", currency: "EUR" });
  const compacts = new Map<string, ReturnType<typeof number>>();
  const compact = (isMoney: boolean, digits: number) => {
    const key = `${isMoney} ${digits}`;
    let made = compacts.get(key);
    if (made === undefined) {
      made = number({
        notation: "compact",
        maximumSignificantDigits: digits,
        ...(isMoney ? { style: "currency", currency: "EUR" } : {}),
      });
      compacts.set(key, made);
    }
    return made;
  };
  const percent = number({ style: "percent", maximumSignificantDigits: 3 });
  const time = new Intl.DateTimeFormat(locale, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const fineTime = new Intl.DateTimeFormat(locale, {
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  });
  const clock = (value: number) => clockOf(value, language === "fr" ? "j" : "d");
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
  const dayTime = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "medium" });

  /** A duration with the unit that suits it. */
  function seconds(value: number | null | undefined): string {
    if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
    const size = Math.abs(value);
    if (size === 0) return "0 s";
    if (size < 1e-6) return `${significant(value * 1e9)} ns`;
    if (size < 1e-3) return `${significant(value * 1e6)} µs`;
    if (size < 1) return `${significant(value * 1e3)} ms`;
    return size < 120 ? `${significant(value)} s` : clock(value);
  }

  function bytes(value: number): string {
    if (!Number.isFinite(value)) return UNKNOWN;
    const units = language === "fr"
      ? ["o", "kio", "Mio", "Gio", "Tio"]
      : ["B", "KiB", "MiB", "GiB", "TiB"];
    const step = Math.min(Math.floor(Math.log2(Math.max(Math.abs(value), 1)) / 10), 4);
    return `${significant(value / 1024 ** step)} ${units[step]}`;
  }

  return {
    whole,
    decimal,
    significant,
    euros,
    percent,
    seconds,
    bytes,
    /** A duration as a clock shows it. */
    clock,
    /** A time of day; `at` is in seconds since 1970. */
    time: (at: number) => dated(time, at),
    /** The same to a millisecond. */
    fineTime: (at: number) => dated(fineTime, at),
    /** A date without its year. */
    day: (at: number) => dated(day, at),
    /** The same with the time of day. */
    dayTime: (at: number) => dated(dayTime, at),
    /** Date and time of day. */
    moment: (at: number) => dated(moment, at),
    /** A value of a chart, in full. */
    value(unit: Unit, value: number | null | undefined): string {
      if (unit === "euros") return euros(value);
      if (unit === "seconds") return seconds(value);
      return unit === "rate" ? decimal(value) : whole(value);
    },
    /** The same as short as an axis needs it, to tell it from a value that is a step away. */
    tick(unit: Unit, value: number, step: number): string {
      if (unit === "seconds") return seconds(value);
      const digits = Math.ceil(Math.log10(Math.max(Math.abs(value) / step, 1))) + 1;
      return compact(unit === "euros", Math.min(Math.max(digits, 2), 12))(value);
    },
    /** A number of the exporter or of the system, by the unit that its name ends with. */
    metric(name: string, value: number): string {
      const plain = name.replace(/\{.*/, "");
      if (plain.endsWith("_timestamp_seconds") || plain === "process_start_time_seconds") {
        return dated(moment, value);
      }
      if (/_seconds(_total|_sum)?$/.test(plain)) return seconds(value);
      if (/_bytes(_total)?$/.test(plain)) return bytes(value);
      return plain.endsWith("_percent") ? percent(value / 100) : decimal(value);
    },
  };
}
