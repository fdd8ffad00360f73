/** Speaks the exporter's API to the page with what a test puts in, for what no real game brings about. @module */

import { PAGE_ASSETS, PAGE_POLICY, pageHtml } from "../../lib/page/mod.ts";
import type { Columns, Inventory, PastEvent, Summary, TurnSeconds } from "../../lib/live/api.ts";
import { withBrowser } from "./browser.ts";

export type Open = Parameters<Parameters<typeof withBrowser>[0]>[0];

interface Past {
  columns: Columns;
  events: readonly PastEvent[];
}

export interface FakeExporter {
  readonly url: string;
  /** What the API tells from now on. */
  summary: Summary;
  detail: Inventory;
  turnSeconds: TurnSeconds | null;
  history: Past;
  /** A game that is known too, and not the newest. */
  second: { readonly summary: Summary; readonly history: Past } | undefined;
  /** Whether it answers nothing but errors. */
  isAway: boolean;
  /** Sends a message to every open stream. */
  send(event: string, data: unknown): void;
  /** How many streams are open. */
  readers(): number;
  /** Ends every open stream. */
  cutOff(): void;
  stop(): Promise<void>;
}

/** Turns `from` to `to` of a made-up game whose numbers follow from the turn. */
export function turnsOf(from: number, to: number): Record<string, number[]> {
  const tour = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const of = (value: (turn: number) => number) =>
    tour.map((turn) => Number(value(turn).toPrecision(12)));
  return {
    tour,
    timestamp: of((turn) => 1_795_000_000 + turn * 0.25),
    budget_total: of((turn) => Math.round(150_000 + 20_000 * Math.sin(turn / 90))),
    budget_min: of((turn) => 30_000 + 8000 * Math.sin(turn / 50)),
    budget_max: of((turn) => 70_000 + 9000 * Math.sin(turn / 70)),
    transactions_reussies_total: of((turn) => turn * 4 + Math.floor(20 * Math.sin(turn / 11))),
    transactions_echouees_total: of((turn) => Math.floor(turn / 3)),
    transactions_montant_total: of((turn) => turn * 450),
    produits_actifs: of((turn) => 12 + Math.round(3 * Math.sin(turn / 40))),
    produits_prix_moyen: of((turn) => 100 + turn / 50),
    duree_seconds: of((turn) => 1e-4 * (1 + (turn % 7) / 3)),
    evenements_total: of((turn) => turn),
  };
}

export function summaryOf(session: string, turn: number): Summary {
  return {
    session,
    format: "natif",
    state: "running",
    turn,
    turns_per_second: 4,
    first_report: 1_795_000_000,
    last_report: 1_795_000_000 + turn * 0.25,
    last_arrival: Date.now() / 1000,
    from: 1,
    points: turn,
    violations: [],
    values: {
      budget_total: 150_000,
      entreprises_total: 3,
      entreprises_solvables: 3,
      produits_total: 20,
      produits_actifs: 12,
      transactions_total: turn * 4,
      transactions_reussies_total: turn * 3,
    },
  };
}

export const DETAIL: Inventory = {
  produits: [{ nom: "Café", prix: 12.5 }, { nom: "=SUM(A1)", prix: 3 }],
  entreprises: [
    { nom: "<script>document.title='owned'</script>", budget: 100, stocks: [1, 2] },
    { nom: "<img src=x onerror=document.title='owned'>", budget: 200, stocks: [5, 0] },
  ],
  fournisseurs: [{ nom: "</td><b>Bold</b>", stocks: [7, 8] }],
};

function isFrench({ headers }: Request): boolean {
  return headers.get("accept-language")?.startsWith("fr") ?? false;
}

/** A world with names as players know them, in tables that are longer than their room. */
export const WORLD: Inventory = {
  produits: Array.from({ length: 40 }, (_, at) => ({
    nom: `${["Bobines de ficelle", "Étain en lingots", "Machine à tisser"][at % 3]} ${at}`,
    prix: 1234.56 + at,
  })),
  entreprises: ["Bluestem Fabrication", "Saltgrass Foundry", "Fynbos Engineering"].map((nom) => ({
    nom,
    budget: 219_516.17,
    stocks: Array.from({ length: 40 }, (_, at) => at * 31),
  })),
  fournisseurs: ["Comptoir des Filaos", "Gudang Samudra Biru"].map((nom) => ({
    nom,
    stocks: Array.from({ length: 40 }, (_, at) => at * 97),
  })),
};

export function startFake(): FakeExporter {
  const readers = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const encoder = new TextEncoder();
  const frame = (event: string, data: unknown) =>
    encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const fake = {
    summary: summaryOf("a", 100),
    detail: DETAIL,
    turnSeconds: null as TurnSeconds | null,
    isAway: false,
    history: { columns: turnsOf(1, 100), events: [] } as Past,
    second: undefined as FakeExporter["second"],
  };
  const state = (summary = fake.summary) => ({
    summary,
    turn_seconds: fake.turnSeconds,
    exporter: {
      process_resident_memory_bytes: 8e7,
      tradesim_exporter_reports_taken_total: 100,
      tradesim_exporter_live_readers_cut_off_total: 0,
    },
    system: { cpu_usage_percent: 12.5, load_average_15m: 1.25 },
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (fake.isAway) return new Response("Away", { status: 503 });
    const asset = PAGE_ASSETS.get(pathname);
    if (asset !== undefined) {
      return new Response(asset.bytes, { headers: { "content-type": asset.type } });
    }
    const asked = searchParams.get("session") ?? fake.summary.session;
    const { second } = fake;
    const game = asked === fake.summary.session ? fake : second;
    if (game?.summary.session !== asked) return new Response("Not found", { status: 404 });
    switch (pathname) {
      case "/":
        return new Response(pageHtml(isFrench(request) ? "fr" : "en"), {
          headers: { "content-type": "text/html", "content-security-policy": PAGE_POLICY },
        });
      case "/api/sessions":
        return Response.json({
          exporter: {
            version: "0",
            started: 0,
            now: Date.now() / 1000,
            telemetryPath: "/metrics",
            command: "./tradesim-exporter",
          },
          sessions: [fake.summary, ...second === undefined ? [] : [second.summary]],
        });
      case "/api/state":
        return Response.json({ ...state(game.summary), detail: fake.detail });
      case "/api/history": {
        const from = Number(searchParams.get("from"));
        const { columns, events } = game.history;
        const first = (columns.tour ?? []).findIndex((tour) => tour! >= from);
        return Response.json({
          session: asked,
          columns: Object.fromEntries(
            Object.entries(columns).map((
              [name, column],
            ) => [name, first < 0 ? [] : column.slice(first)]),
          ),
          events: events.filter(({ tour }) => tour === null || tour >= from),
        });
      }
      case "/api/events": {
        let own: ReadableStreamDefaultController<Uint8Array>;
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            own = controller;
            readers.add(controller);
            controller.enqueue(
              frame("hello", { version: "0", started: 0, session: asked, past: 0 }),
            );
            controller.enqueue(frame("state", state(game.summary)));
          },
          cancel: () => void readers.delete(own),
        });
        return new Response(body, { headers: { "content-type": "text/event-stream" } });
      }
      default:
        return new Response("Not found", { status: 404 });
    }
  });
  return Object.assign(fake, {
    url: `http://127.0.0.1:${server.addr.port}`,
    send(event: string, data: unknown) {
      const bytes = frame(event, data);
      for (const reader of readers) reader.enqueue(bytes);
    },
    readers: () => readers.size,
    cutOff() {
      for (const reader of readers) reader.close();
      readers.clear();
    },
    async stop() {
      this.cutOff();
      await server.shutdown();
    },
  });
}

/** Lends a browser and a fake exporter. */
export async function withFake(
  use: (open: Open, fake: FakeExporter) => Promise<void>,
): Promise<void> {
  const fake = startFake();
  try {
    await withBrowser((open) => use(open, fake));
  } finally {
    await fake.stop();
  }
}
