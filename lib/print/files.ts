/** The files that `print` gives, as text inside the program; made by `deno task embed`. @module */

// deno-fmt-ignore-file
import file0 from "../../.env.example" with { type: "text" };
import file1 from "../../compose.yml" with { type: "text" };
import file2 from "../../docs/report.schema.json" with { type: "text" };
import file3 from "../../grafana/dashboards/.gitkeep" with { type: "text" };
import file4 from "../../grafana/provisioning/.gitkeep" with { type: "text" };
import file5 from "../../grafana/start.sh" with { type: "text" };
import file6 from "../../logs/.gitkeep" with { type: "text" };
import file7 from "../../prometheus/alertmanager.yml" with { type: "text" };
import file8 from "../../prometheus/local.yml" with { type: "text" };
import file9 from "../../prometheus/prometheus.yml" with { type: "text" };
import file10 from "../../prometheus/replay.yml" with { type: "text" };
import file11 from "../../prometheus/rules/alerts.yml" with { type: "text" };
import file12 from "../../prometheus/rules/games.yml" with { type: "text" };

/** Texts by path from the top of the repository. */
export const FILES: Readonly<Record<string, string>> = {
  ".env.example": file0,
  "compose.yml": file1,
  "docs/report.schema.json": file2,
  "grafana/dashboards/.gitkeep": file3,
  "grafana/provisioning/.gitkeep": file4,
  "grafana/start.sh": file5,
  "logs/.gitkeep": file6,
  "prometheus/alertmanager.yml": file7,
  "prometheus/local.yml": file8,
  "prometheus/prometheus.yml": file9,
  "prometheus/replay.yml": file10,
  "prometheus/rules/alerts.yml": file11,
  "prometheus/rules/games.yml": file12,
};
