/** What can be printed, and the files of each. @module */

/** One thing to print. */
export interface Printed {
  /** What it is. Begins in lower case and has no full stop. */
  readonly summary: string;
  /** Its files, as paths from the top of the repository; a folder ends with a slash and means all that is in it. */
  readonly paths: readonly string[];
}

/** Where the configuration is printed to; it is made from the table of flags, not kept as a file. */
export const CONFIG_PATH = "tradesim-exporter.yml";

/** The languages of the boards. */
export const BOARD_LANGUAGES = ["fr", "en"] as const;
export type BoardLanguage = (typeof BOARD_LANGUAGES)[number];
/** That of the stack; see TRADESIM_LANG in compose.yml. */
export const DEFAULT_LANGUAGE: BoardLanguage = "fr";

export const PRINTED = {
  config: { summary: "every setting with its default, for --config", paths: [CONFIG_PATH] },
  "report-schema": {
    summary: "the JSON schema of a report",
    paths: ["docs/report.schema.json"],
  },
  compose: {
    summary: "compose.yml and all files that it mounts",
    paths: ["compose.yml", ".env.example", "logs/.gitkeep", "prometheus/", "grafana/"],
  },
  prometheus: { summary: "Prometheus' configuration and its rules", paths: ["prometheus/"] },
  rules: { summary: "only the rules", paths: ["prometheus/rules/"] },
  dashboards: { summary: "the Grafana dashboards", paths: ["grafana/dashboards/"] },
  // The files that kubernetes/ uses; those of that folder are rendered from them.
  kubernetes: {
    summary: "kustomizations for Kubernetes",
    paths: [
      "grafana/dashboards/",
      "grafana/provisioning/dashboards/",
      "grafana/start.sh",
      "prometheus/consoles/",
      "prometheus/rules/",
    ],
  },
} as const satisfies Readonly<Record<string, Printed>>;

export type Printable = keyof typeof PRINTED;
export const PRINTABLES = Object.keys(PRINTED) as readonly Printable[];

/** Whether a path from the top of the repository is one of a thing's files. */
export function isPart(path: string, { paths }: Printed): boolean {
  return paths.some((part) => part.endsWith("/") ? path.startsWith(part) : path === part);
}
