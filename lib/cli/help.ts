/** Writes the help text and the table of flags for the documentation. @module */

import { type Command, environmentName, type Flag, isInConfigFile, isNegatable } from "./flag.ts";

const WIDTH = 100;
const INDENT = 2;
const GAP = 2;
/** A space at which no line is broken. */
const HARD_SPACE = "\u00a0";

const ENVIRONMENT =
  "An environment variable can set an option. Its name is TRADESIM_EXPORTER_ and " +
  "the name of the option in upper case, with _ for . and -, for example " +
  "TRADESIM_EXPORTER_WEB_LISTEN_ADDRESS. Commas separate repeated values; true and false switch an " +
  "option on and off; an empty variable is ignored. Options take precedence over the environment, " +
  "and the environment over the --config file.";

/** Breaks text into lines of at most `width` characters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((finished) => finished.replaceAll(HARD_SPACE, " "));
}

/** A flag or an argument as it is typed, such as `--port <PORT>`. */
function usage(flag: Flag): string {
  if (flag.positional) return `${flag.unit ?? ""}${flag.repeatable ? "…" : ""}`;
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  const unit = flag.unit === undefined ? "" : ` ${flag.unit}`;
  return `${short}--${isNegatable(flag) ? "[no-]" : ""}${flag.name}${unit}`;
}

/** What a flag does, and its default; to be wrapped. */
export function meaning(flag: Flag): string {
  const words = flag.defaultText;
  return words === undefined ? flag.help : `${flag.help} Default:${HARD_SPACE}${words}.`;
}

/**
 * The help of a command, at most 100 columns wide.
 *
 * @param commands All commands by name; the first one is the default.
 */
export function formatHelp(
  command: string,
  commands: Readonly<Record<string, Command>>,
  version: string,
): string {
  const { summary, example, flags: own } = commands[command]!;
  const flags = Object.values(own);
  const names = Object.keys(commands);
  const isDefault = command === names[0];
  const margin = " ".repeat(INDENT);
  const left = INDENT + Math.max(...flags.map((flag) => usage(flag).length)) + GAP;
  const options = flags.flatMap((flag) =>
    wrap(meaning(flag), WIDTH - left).map((line, index) =>
      (index === 0 ? margin + usage(flag) : "").padEnd(left) + line
    )
  );
  const environment = flags.every((flag) => environmentName(flag) === undefined) ? [] : [
    "ENVIRONMENT:",
    ...wrap(ENVIRONMENT, WIDTH - INDENT).map((line) => margin + line),
    "",
  ];
  const typed = [
    isDefault ? `[${command}]` : command,
    ...flags.filter(({ positional }) => positional).map(usage),
  ];
  const others = !isDefault ? [] : [
    "COMMANDS (each has its own --help):",
    ...names.map((name) =>
      `${margin}${name.padEnd(Math.max(...names.map(({ length }) => length)) + GAP)}` +
      commands[name]!.summary + (name === command ? " The default command." : "")
    ),
    "",
  ];
  return [
    `tradesim-exporter ${version}`,
    summary,
    "",
    "USAGE:",
    `${margin}tradesim-exporter ${typed.join(" ")} [OPTIONS]`,
    "",
    ...others,
    "OPTIONS:",
    ...options,
    "",
    ...environment,
    "EXAMPLE:",
    margin + example,
    "",
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll(/[\\|*_<>]/g, "\\$&");
}

/** A command's flags as a Markdown table. */
export function formatFlags({ flags }: Command): string {
  const rows = Object.values(flags).map((flag) => {
    const variable = environmentName(flag);
    const cells = [
      `\`${usage(flag)}\`` + (isInConfigFile(flag) ? "" : " †"),
      variable === undefined ? "–" : `\`${variable}\``,
      cell(flag.defaultText ?? "–"),
      cell(flag.help),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| Flag | Environment | Default | Meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    "† Cannot be set in the configuration file.",
    "",
  ].join("\n");
}
