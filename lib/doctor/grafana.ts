/** Checks Grafana: whether it answers, reaches Prometheus and has the dashboards. @module */

import * as z from "zod";
import { count } from "../text/mod.ts";
import { isAnswer, readJson } from "./ask.ts";
import type { Inquiry } from "./inquiry.ts";
import { broken, ok, type Result, skip } from "./link.ts";

const HEALTH = z.object({
  database: z.string(),
  version: z.string().default("of no known version"),
});
const CHECK = z.object({ message: z.string() });
const FOUND = z.array(z.object({ uid: z.string() }));

/** What the stack's Grafana is provisioned with. */
export interface Provisioned {
  readonly dataSource: string;
  /** The uids of the boards, by language: those of one language are enough. */
  readonly boards: readonly (readonly string[])[];
}

const PROVISION =
  "start Grafana with the provisioning of tradesim-exporter print compose --out <DIR>, " +
  "and check its log";

export async function checkGrafana(
  { ask, grafana: { url, isAsked } }: Inquiry,
  { dataSource, boards }: Provisioned,
): Promise<Result> {
  const absent = (reason: string) =>
    isAsked
      ? broken(`${url} ${reason}`, "start Grafana, or set its address with --grafana")
      : skip(`${url} ${reason}; set another address with --grafana`);

  const healthAnswer = await ask(`${url}/api/health`);
  if (!isAnswer(healthAnswer)) return absent(`does not answer: ${healthAnswer.reason}`);
  const health = readJson(HEALTH, healthAnswer);
  if (health === undefined) return absent("is not Grafana");
  const name = `version ${health.version} at ${url}`;
  if (health.database !== "ok") {
    return broken(`${name} has no database: ${health.database}`, "check its log");
  }

  const check = await ask(`${url}/api/datasources/uid/${dataSource}/health`);
  const found = await ask(`${url}/api/search?type=dash-db&limit=5000`);
  if (!isAnswer(check) || !isAnswer(found)) {
    return broken(`${name} stopped answering`, "check its log");
  }
  const moved = check.headers.get("location");
  if (check.status >= 300 && check.status < 400 && moved !== null) {
    return broken(
      `${name} uses another host name: ${moved}`,
      `use that name: --grafana ${URL.parse(moved, url)?.origin ?? moved}`,
    );
  }
  if ([check, found].some(({ status }) => status === 401 || status === 403)) {
    return skip(`${name} requires a login, so its data source and dashboards were not checked`);
  }
  if (check.status !== 200) {
    const reason = readJson(CHECK, check)?.message ?? `it answers ${check.status}`;
    return broken(`${name}, its data source ${dataSource} does not work: ${reason}`, PROVISION);
  }
  const there = new Set(readJson(FOUND, found)?.map(({ uid }) => uid));
  const [missing = []] = boards.map((uids) => uids.filter((uid) => !there.has(uid)))
    .sort((a, b) => a.length - b.length);
  if (missing.length > 0) {
    return broken(
      `${name} lacks ${count(missing.length, "dashboard")}: ${missing.join(", ")}`,
      PROVISION,
    );
  }
  return ok(
    `${name}, data source ${dataSource} works, ${count(boards[0]?.length ?? 0, "dashboard")}`,
  );
}
