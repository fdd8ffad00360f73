/** Reads from the stack's own files what runs in a cluster too, so that nothing is said twice. @module */

import { parse } from "yaml";
import * as z from "zod";

/** Texts of the stack's files, by path from the top of the repository. */
export type Files = Readonly<Record<string, string>>;

const TEXT = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const COMPOSE = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      command: z.array(TEXT).default([]),
      environment: z.record(z.string(), TEXT).default({}),
      mem_limit: z.string(),
    }),
  ),
});

const PROMETHEUS = z.looseObject({
  global: z.record(z.string(), z.string()),
  scrape_configs: z.array(z.looseObject({
    job_name: z.string(),
    scrape_interval: z.string().optional(),
    scrape_timeout: z.string().optional(),
    sample_limit: z.number(),
    body_size_limit: z.string(),
  })),
});

const RULES = z.object({
  groups: z.array(z.looseObject({ name: z.string(), rules: z.array(z.looseObject({})) })),
});

export interface Service {
  readonly image: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** As Kubernetes writes it. */
  readonly memory: string;
}

/** A file of the stack by its path. */
export function fileOf(files: Files, path: string): string {
  const text = files[path];
  if (text === undefined) throw new Error(`Cannot find ${path} among the stack's files`);
  return text;
}

/** Replaces `${NAME:-default}` by its default. */
function withDefaults(text: string): string {
  return text.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1");
}

/** Compose writes `256m` for what Kubernetes calls `256Mi`. */
function memoryOf(text: string): string {
  const [, amount, unit] = /^(\d+)([mg])$/.exec(withDefaults(text)) ?? [];
  if (amount === undefined) throw new Error(`Cannot read mem_limit ${text}`);
  return amount + (unit === "m" ? "Mi" : "Gi");
}

/** A service of compose.yml, with the defaults of all its settings. */
export function serviceOf(files: Files, name: string): Service {
  const { services } = COMPOSE.parse(parse(fileOf(files, "compose.yml"), { merge: true }));
  const service = services[name];
  if (service === undefined) throw new Error(`Cannot find ${name} in compose.yml`);
  return {
    image: service.image,
    args: service.command.map(withDefaults),
    environment: Object.fromEntries(
      Object.entries(service.environment).map(([key, value]) => [key, withDefaults(value)]),
    ),
    memory: memoryOf(service.mem_limit),
  };
}

/** Prometheus' configuration of the stack. */
export function prometheusConfig(files: Files) {
  return PROMETHEUS.parse(parse(fileOf(files, "prometheus/prometheus.yml")));
}

/** The job that scrapes exporters. */
export function exporterJob(files: Files) {
  const job = prometheusConfig(files).scrape_configs.find(({ job_name }) =>
    job_name === "tradesim"
  );
  if (job === undefined) throw new Error("Cannot find the job tradesim in prometheus.yml");
  const { scrape_interval = "15s", scrape_timeout = "10s", sample_limit, body_size_limit } = job;
  return {
    name: job.job_name,
    interval: scrape_interval,
    timeout: scrape_timeout,
    sampleLimit: sample_limit,
    bodySizeLimit: body_size_limit,
  };
}

/** Paths of files below a folder, in order. */
export function pathsBelow(files: Files, folder: string): string[] {
  return Object.keys(files).filter((path) => path.startsWith(folder)).toSorted();
}

/** The groups of all rule files. */
export function ruleGroups(files: Files) {
  return pathsBelow(files, "prometheus/rules/")
    .flatMap((path) => RULES.parse(parse(fileOf(files, path))).groups);
}
