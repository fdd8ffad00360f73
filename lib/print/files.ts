/** The files that `print` gives, as text inside the program; made by `deno task generate`. @module */

// deno-fmt-ignore-file
import file0 from "../../.env.example" with { type: "text" };
import file1 from "../../compose.yml" with { type: "text" };
import file2 from "../../docs/report.schema.json" with { type: "text" };
import file3 from "../../grafana/dashboards/en/economy.json" with { type: "text" };
import file4 from "../../grafana/dashboards/en/events.json" with { type: "text" };
import file5 from "../../grafana/dashboards/en/exporter.json" with { type: "text" };
import file6 from "../../grafana/dashboards/en/finances.json" with { type: "text" };
import file7 from "../../grafana/dashboards/en/firms.json" with { type: "text" };
import file8 from "../../grafana/dashboards/en/games.json" with { type: "text" };
import file9 from "../../grafana/dashboards/en/overhead.json" with { type: "text" };
import file10 from "../../grafana/dashboards/en/overview.json" with { type: "text" };
import file11 from "../../grafana/dashboards/en/products.json" with { type: "text" };
import file12 from "../../grafana/dashboards/en/ranking.json" with { type: "text" };
import file13 from "../../grafana/dashboards/en/transactions.json" with { type: "text" };
import file14 from "../../grafana/dashboards/en/web.json" with { type: "text" };
import file15 from "../../grafana/dashboards/fr/economy.json" with { type: "text" };
import file16 from "../../grafana/dashboards/fr/events.json" with { type: "text" };
import file17 from "../../grafana/dashboards/fr/exporter.json" with { type: "text" };
import file18 from "../../grafana/dashboards/fr/finances.json" with { type: "text" };
import file19 from "../../grafana/dashboards/fr/firms.json" with { type: "text" };
import file20 from "../../grafana/dashboards/fr/games.json" with { type: "text" };
import file21 from "../../grafana/dashboards/fr/overhead.json" with { type: "text" };
import file22 from "../../grafana/dashboards/fr/overview.json" with { type: "text" };
import file23 from "../../grafana/dashboards/fr/products.json" with { type: "text" };
import file24 from "../../grafana/dashboards/fr/ranking.json" with { type: "text" };
import file25 from "../../grafana/dashboards/fr/transactions.json" with { type: "text" };
import file26 from "../../grafana/dashboards/fr/web.json" with { type: "text" };
import file27 from "../../grafana/provisioning/dashboards/tradesim.yml" with { type: "text" };
import file28 from "../../grafana/provisioning/datasources/prometheus.yml" with { type: "text" };
import file29 from "../../grafana/start.sh" with { type: "text" };
import file30 from "../../logs/.gitkeep" with { type: "text" };
import file31 from "../../prometheus/alertmanager.yml" with { type: "text" };
import file32 from "../../prometheus/consoles/alerts.html" with { type: "text" };
import file33 from "../../prometheus/local.yml" with { type: "text" };
import file34 from "../../prometheus/prometheus.yml" with { type: "text" };
import file35 from "../../prometheus/replay.yml" with { type: "text" };
import file36 from "../../prometheus/rules/alerts.yml" with { type: "text" };
import file37 from "../../prometheus/rules/games.yml" with { type: "text" };

/** Texts by path from the top of the repository. */
export const FILES: Readonly<Record<string, string>> = {
  ".env.example": file0,
  "compose.yml": file1,
  "docs/report.schema.json": file2,
  "grafana/dashboards/en/economy.json": file3,
  "grafana/dashboards/en/events.json": file4,
  "grafana/dashboards/en/exporter.json": file5,
  "grafana/dashboards/en/finances.json": file6,
  "grafana/dashboards/en/firms.json": file7,
  "grafana/dashboards/en/games.json": file8,
  "grafana/dashboards/en/overhead.json": file9,
  "grafana/dashboards/en/overview.json": file10,
  "grafana/dashboards/en/products.json": file11,
  "grafana/dashboards/en/ranking.json": file12,
  "grafana/dashboards/en/transactions.json": file13,
  "grafana/dashboards/en/web.json": file14,
  "grafana/dashboards/fr/economy.json": file15,
  "grafana/dashboards/fr/events.json": file16,
  "grafana/dashboards/fr/exporter.json": file17,
  "grafana/dashboards/fr/finances.json": file18,
  "grafana/dashboards/fr/firms.json": file19,
  "grafana/dashboards/fr/games.json": file20,
  "grafana/dashboards/fr/overhead.json": file21,
  "grafana/dashboards/fr/overview.json": file22,
  "grafana/dashboards/fr/products.json": file23,
  "grafana/dashboards/fr/ranking.json": file24,
  "grafana/dashboards/fr/transactions.json": file25,
  "grafana/dashboards/fr/web.json": file26,
  "grafana/provisioning/dashboards/tradesim.yml": file27,
  "grafana/provisioning/datasources/prometheus.yml": file28,
  "grafana/start.sh": file29,
  "logs/.gitkeep": file30,
  "prometheus/alertmanager.yml": file31,
  "prometheus/consoles/alerts.html": file32,
  "prometheus/local.yml": file33,
  "prometheus/prometheus.yml": file34,
  "prometheus/replay.yml": file35,
  "prometheus/rules/alerts.yml": file36,
  "prometheus/rules/games.yml": file37,
};
