/** The files that `print` gives, as text inside the program; made by `deno task embed`. @module */

// deno-fmt-ignore-file
import file0 from "../../docs/report.schema.json" with { type: "text" };
import file1 from "../../prometheus/prometheus.yml" with { type: "text" };

/** Texts by path from the top of the repository. */
export const FILES: Readonly<Record<string, string>> = {
  "docs/report.schema.json": file0,
  "prometheus/prometheus.yml": file1,
};
