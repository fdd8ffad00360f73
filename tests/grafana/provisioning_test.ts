/** Tests that Grafana's provisioning, the stack and the boards name the same things. @module */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { LANGUAGES } from "../../tools/dashboards/texts.ts";
import { boardsIn, boardTexts } from "./boards.ts";

const ROOT = new URL("../../", import.meta.url);

function read(path: string) {
  return parse(Deno.readTextFileSync(new URL(path, ROOT)), { merge: true });
}

const { datasources } = read("grafana/provisioning/datasources/prometheus.yml");
const { providers: [provider] } = read("grafana/provisioning/dashboards/tradesim.yml");
const { services } = read("compose.yml");
const mounts: readonly string[] = services.grafana.volumes;

Deno.test("data sources are services of the stack that nothing in Grafana can change", () => {
  for (const { uid, type, access, url, editable, jsonData } of datasources) {
    assert.deepEqual([type, access, editable], ["prometheus", "proxy", false], uid);
    const { hostname, port } = new URL(url);
    assert.ok(services[hostname] !== undefined, `${hostname} is a service`);
    assert.equal(port, "9090");
    assert.equal(jsonData.httpMethod, "POST");
  }
  const uids = datasources.map(({ uid }: { readonly uid: string }) => uid);
  assert.equal(new Set(uids).size, uids.length);
});

Deno.test("boards choose a data source at first that is provisioned: the default, or that of recorded games", () => {
  const fallback = datasources.find(({ isDefault = false }) => isDefault);
  const replay = datasources.find(({ url }: { readonly url: string }) => url.includes("-replay:"));
  for (const { file, templating } of boardsIn("fr")) {
    const variable = templating.list.find(({ name }) => name === "datasource");
    const { name, uid } = file === "games" ? replay : fallback;
    assert.deepEqual(variable?.current, { text: name, value: uid }, file);
  }
});

Deno.test("the data source's timeInterval is how often the exporter is scraped", () => {
  const { scrape_configs: jobs } = read("prometheus/prometheus.yml");
  const game = jobs.find(({ job_name: name }: { readonly job_name: string }) =>
    name === "tradesim"
  );
  assert.equal(datasources[0].jsonData.timeInterval, game.scrape_interval);
  const self = jobs.find(({ job_name: name }: { readonly job_name: string }) =>
    name === "prometheus"
  );
  const every = self.scrape_interval ?? read("prometheus/prometheus.yml").global.scrape_interval;
  for (const { file, panels } of boardsIn("en")) {
    for (const { expr, interval } of panels.flatMap(({ targets = [] }) => targets)) {
      const isSelf = expr.includes('job="prometheus"');
      assert.equal(interval, isSelf ? every : undefined, `${file}: ${expr}`);
    }
  }
});

Deno.test("Grafana finds the boards of the language that TRADESIM_LANG names, and changes none", () => {
  assert.equal(provider.allowUiUpdates, false);
  const [folder, target] = ["./grafana/dashboards", "/etc/grafana/dashboards"];
  assert.ok(mounts.includes(`${folder}:${target}:ro`));
  assert.ok(mounts.includes("./grafana/provisioning:/etc/grafana/provisioning:ro"));
  assert.equal(provider.options.path, `${target}/$TRADESIM_LANG`);

  const { TRADESIM_LANG: language, GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: home } =
    services.grafana.environment;
  assert.equal(language, "${TRADESIM_LANG:-fr}");
  assert.equal(home, `${target}/${language}/overview.json`);
  const folders = Array.from(
    Deno.readDirSync(new URL("grafana/dashboards/", ROOT)),
    ({ name }) => name,
  );
  assert.deepEqual(folders.toSorted(), LANGUAGES.toSorted());
  for (const language of LANGUAGES) assert.ok(boardTexts(language).has("overview"));
});

Deno.test("one Grafana can have the boards of all languages, each with a menu of its own", () => {
  const all = LANGUAGES.map((language) => boardsIn(language));
  const uids = all.flat().map(({ uid }) => uid);
  assert.equal(new Set(uids).size, uids.length);
  for (const [index, language] of LANGUAGES.entries()) {
    const own = [`tradesim-${language}`];
    // Recorded games are from another time, so they stand apart, and the menu leads back to now.
    const recorded = [`tradesim-${language}-recorded`];
    for (const { file, tags, links } of all[index]!) {
      const expected = file === "games" ? [recorded, [own]] : [own, [own, recorded]];
      assert.deepEqual([tags, links.map(({ tags }) => tags)], expected, file);
    }
  }
});

Deno.test("every board has a name, a uid and a title of its own, and links lead to boards", () => {
  for (const language of LANGUAGES) {
    const boards = boardsIn(language);
    for (const key of ["uid", "title"] as const) {
      assert.equal(new Set(boards.map((board) => board[key])).size, boards.length, key);
    }
    const uids = new Set(boards.map(({ uid }) => uid));
    const links = Array.from(boardTexts(language).values(), (text) => [
      ...text.matchAll(/"url":"\/d\/([^?"]+)/g),
    ]).flat();
    assert.ok(links.length > 0);
    for (const [link, uid] of links) assert.ok(uids.has(uid!), link);
  }
});
