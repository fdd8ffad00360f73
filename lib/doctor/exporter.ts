/** Checks the exporter: whose port it is, whether it answers, and its metrics. @module */

import { callOf } from "../cli/mod.ts";
import { count, span } from "../text/mod.ts";
import { type Answer, isAnswer, type Silence } from "./ask.ts";
import { broken, ok, type Result } from "./link.ts";
import type { Inquiry } from "./inquiry.ts";
import { readScrape, type Scrape, sumOf, TextFormatError } from "./text_format.ts";

const REALM = 'realm="tradesim-exporter"';
const BUILD_INFO = "tradesim_exporter_build_info";

/** Text of another server, shortened and made harmless. */
function quoted(text: string): string {
  return JSON.stringify(text.trim().slice(0, 60));
}

function isExporter({ headers, text }: Answer): boolean {
  return (headers.get("www-authenticate") ?? "").includes(REALM) ||
    text.includes(`\n${BUILD_INFO}{`) || text.includes("<title>tradesim-exporter</title>");
}

const TRADESIM = "TradeSim's own exporter";

/** What another server is, according to its answers at the metrics' path and at `/`. */
function describeServer(metrics: Answer, page: Answer | Silence): string {
  const { text } = metrics;
  if (/^python_info\{/m.test(text) && /^tradesim_/m.test(text)) return TRADESIM;
  if (/^grafana_build_info\{/m.test(text)) return "Grafana";
  if (/^prometheus_build_info\{/m.test(text)) return "Prometheus";
  const last = isAnswer(page) ? page : metrics;
  const title = /<title>([^<]+)<\/title>/i.exec(last.text)?.[1];
  if (title !== undefined) return `a server with a page titled ${quoted(title)}`;
  const server = last.headers.get("server");
  if (server !== null) return `a server that calls itself ${quoted(server)}`;
  return `a server that answers ${quoted(last.text.split("\n")[0] ?? "")} (${last.status})`;
}

/** Requests the metrics, and tells whether an exporter uses the port. */
export async function checkPort(inquiry: Inquiry): Promise<Result> {
  const { ask, url, metricsUrl, authorization } = inquiry;
  const { host, hostname, port } = new URL(url);
  let answer = await ask(metricsUrl);
  // Another program on the port must not learn the password.
  if (isAnswer(answer) && answer.status === 401 && isExporter(answer)) {
    answer = await ask(metricsUrl, authorization);
  }
  if (!isAnswer(answer)) return silentPort(inquiry, answer);
  if (answer.status === 421) {
    return broken(
      `${host} is an exporter that does not accept this host name`,
      `use its local name, --url http://localhost:${port}, or start the exporter with ` +
        `--allowed-host`,
    );
  }
  inquiry.answer = answer;
  if (isExporter(answer)) return ok(`${host} is an exporter`);
  // Its metrics may be elsewhere.
  const about = await ask(`${url}/about`);
  if (isAnswer(about) && isExporter(about)) return ok(`${host} is an exporter`);
  const page = await ask(`${url}/`);
  const other = describeServer(answer, page);
  return broken(
    `${host} is used by ${other}, not by this exporter`,
    other === TRADESIM
      ? "start TradeSim without its --with-metrics, which takes this port, and this exporter " +
        "before it; or follow TradeSim's file: --port <PORT> --follow …/app/logs/metrics.jsonl"
      : `stop that program, or start the exporter on another port (--port <PORT>) and use ` +
        `--url http://${hostname}:<PORT>`,
  );
}

function silentPort({ url }: Inquiry, { kind, reason }: Silence): Result {
  const { host, hostname } = new URL(url);
  const text = `${host} does not answer: ${reason}`;
  if (kind === "closed") {
    return broken(
      text,
      `start the exporter: ${callOf("serve")}; or set its address with --url`,
    );
  }
  if (kind === "denied") {
    return broken(text, `start this program with the permission --allow-net=${hostname}`);
  }
  if (/certificate|UnknownIssuer/i.test(reason)) {
    return broken(
      text,
      "set --url to a name in its certificate, and trust the certificate: " +
        "DENO_CERT=<FILE>, or DENO_TLS_CA_STORE=system",
    );
  }
  return broken(
    text,
    "check which program listens there; if it is the exporter, check its log, and whether it " +
      "uses http or https",
  );
}

/** Checks whether the exporter is ready, and reports its version and state. */
export async function checkExporter(inquiry: Inquiry): Promise<Result> {
  const { ask, url, answer, now } = inquiry;
  const ready = await ask(`${url}/-/ready`);
  if (!isAnswer(ready)) {
    return broken(`it stopped answering: ${ready.reason}`, "check its log, and restart it");
  }
  if (ready.status !== 200) {
    return broken(
      `it is not ready (${ready.status}): it is starting or stopping`,
      "try again in a moment; if that does not help, check its log",
    );
  }
  const scrape = answer?.status === 200 ? readQuietly(answer.text) : undefined;
  const version = scrape?.samples.find(({ name }) => name === BUILD_INFO)?.labels.version;
  if (scrape === undefined || version === undefined) return ok(`ready at ${url}`);
  const started = sumOf(scrape, "process_start_time_seconds");
  const unsaved = sumOf(scrape, "tradesim_exporter_state_errors_total") ?? 0;
  const details = [
    `version ${version} at ${url}`,
    "ready",
    ...started === undefined ? [] : [`up for ${span(now() - started)}`],
    ...unsaved > 0 ? [`its state could not be saved (${count(unsaved, "time")})`] : [],
  ];
  return ok(details.join(", "));
}

function readQuietly(text: string): Scrape | undefined {
  try {
    return readScrape(text);
  } catch (error) {
    if (error instanceof TextFormatError) return undefined;
    throw error;
  }
}

/** Checks the metrics that were requested before. */
export function checkMetrics(inquiry: Inquiry): Result {
  const { answer, metricsUrl, authorization } = inquiry;
  if (answer === undefined) throw new Error("The port is checked before the metrics");
  if (answer.status === 401 && Object.keys(authorization).length > 0) {
    return broken(
      "they do not accept the user and password of --user-file",
      "compare that file (one line, user:password) with basic_auth_users of --web.config.file",
    );
  }
  if (answer.status === 401) {
    return broken(
      "they require a password",
      "write user:password into a file, and set it with --user-file",
    );
  }
  if (answer.status !== 200) {
    return broken(
      `${metricsUrl} answers ${answer.status}`,
      "use the exporter's own configuration (--config), which sets " +
        "the path of its metrics (web.telemetry-path)",
    );
  }
  const bug = "report this bug to the developers of the exporter";
  const type = answer.headers.get("content-type") ?? "";
  if (!type.startsWith("text/plain")) {
    return broken(`their content type is ${quoted(type)}, expected text/plain`, bug);
  }
  let scrape: Scrape;
  try {
    scrape = readScrape(answer.text);
  } catch (error) {
    if (!(error instanceof TextFormatError)) throw error;
    return broken(`they are not valid: ${error.message}`, bug);
  }
  inquiry.scrape = scrape;
  const dropped = sumOf(scrape, "tradesim_exporter_series", { state: "dropped" }) ?? 0;
  const { samples, families } = scrape;
  return ok(
    `valid, ${samples.length} series of ${families} metrics` +
      (dropped > 0 ? `; --max-series drops ${dropped} more` : ""),
  );
}
