/** Reads what Grafana is provisioned with from the files inside the program. @module */

import { parse } from "yaml";
import * as z from "zod";
import { BOARD_LANGUAGES } from "../print/mod.ts";
import type { Provisioned } from "./grafana.ts";

const DATA_SOURCES = z.object({ datasources: z.array(z.object({ uid: z.string() })).min(1) });
const BOARD = z.object({ uid: z.string() });

/**
 * Finds the data source and the boards among files, by path from the top of the repository.
 *
 * @throws {Error} When they are not there, which is a bug.
 */
export function provisionedBy(files: Readonly<Record<string, string>>): Provisioned {
  const texts = (pattern: RegExp) =>
    Object.entries(files).filter(([path]) => pattern.test(path)).map(([, text]) => text);
  const [dataSource] = texts(/^grafana\/provisioning\/datasources\/.*\.ya?ml$/)
    .flatMap((text) => DATA_SOURCES.parse(parse(text)).datasources);
  if (dataSource === undefined) throw new Error("Cannot find the data source of the boards");
  const boards = BOARD_LANGUAGES.map((language) =>
    texts(new RegExp(`^grafana/dashboards/${language}/.*\\.json$`))
      .map((text) => BOARD.parse(JSON.parse(text)).uid)
  );
  return { dataSource: dataSource.uid, boards };
}
