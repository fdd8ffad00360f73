/** Everything that the boards ask, and how it is asked. @module */

import type { PrometheusApi, QueriedSeries } from "../harness/prometheus.ts";
import {
  type Asking,
  type Board,
  boardsIn,
  type Choice,
  interpolate,
  type Panel,
  type Target,
} from "./boards.ts";

/** What the boards show when they are opened, in seconds. */
export const RANGE_SECONDS = 300;
/** One thing that a board asks. */
export interface Question {
  /** Board, panel and query: `overview: Total budget: A`. */
  readonly name: string;
  readonly board: Board;
  readonly expr: string;
  readonly minStep?: string;
  /** Most points of a graph, where that is fewer than there are seconds. */
  readonly maxPoints?: number;
  readonly isInstant: boolean;
}

function questionOf(
  board: Board,
  title: string,
  { refId, expr, interval, instant = false }: Target,
  maxPoints?: number,
): Question {
  return {
    name: `${board.file}: ${title}: ${refId}`,
    board,
    expr,
    isInstant: instant,
    ...interval === undefined ? {} : { minStep: interval },
    ...maxPoints === undefined ? {} : { maxPoints },
  };
}

/** What a panel asks. */
export function questionsOf(
  board: Board,
  { title = "", maxDataPoints, targets = [] }: Panel,
): Question[] {
  return targets.map((target) => questionOf(board, title, target, maxDataPoints));
}

/** Everything that panels and annotations ask, under English titles. */
export function questions(): Question[] {
  return boardsIn("en").flatMap((board) => [
    ...board.panels.flatMap((panel) => questionsOf(board, panel)),
    ...board.annotations.list.map(({ name, target }) => questionOf(board, `event ${name}`, target)),
  ]);
}

/** How a board is looked at. */
export interface View {
  /** The data source's `timeInterval`, in seconds. Default: 1, as grafana/provisioning has it. */
  readonly timeInterval?: number;
  readonly choices: Readonly<Record<string, Choice>>;
  /** What may be empty in it, and why. Each must be empty. */
  readonly mayBeEmpty: readonly { readonly reason: string; readonly questions: RegExp }[];
}

export const QUIET = {
  reason: "no report had a key that was left out, and then there is no series",
  questions: /^exporter: Keys left out: A$/,
};
export const DETAIL = {
  reason: "the exporter runs without --detail",
  questions:
    /^(firms|ranking): [^:]*: [A-C]$|^products: .* of each product: A$|^products: .* stock by product: A$/,
};
export const PUBLISHING = {
  reason: "TradeSim does not tell what publishing costs it",
  questions:
    /^overhead: (Cost of|Share of) publishing: |^overhead: (Publishing per turn: A|A turn and its publishing: B)$/,
};
export const MARKET = {
  reason: "TradeSim does not tell deliveries, suppliers' prices, or which products can be bought",
  questions:
    /^economy: Units per turn: B$|^ranking: (The best price|Spread between suppliers|Each active product): A$/,
};
export const EVENTS = {
  reason: "the made-up game of TradeSim has only events without a name, which no mark shows",
  questions: /: event /,
};

/** Whether an answer holds a number. */
function hasNumber(answer: readonly QueriedSeries[]): boolean {
  return answer.some(({ value, values = [] }) =>
    [...value === undefined ? [] : [value], ...values].some(([, text]) =>
      Number.isFinite(Number(text))
    )
  );
}

export function askingOf(
  { templating }: Board,
  choices: Readonly<Record<string, Choice>>,
  timeInterval = 1,
  step = timeInterval,
): Asking {
  return {
    choices,
    variables: templating.list,
    timeInterval,
    range: RANGE_SECONDS,
    step,
  };
}

/** What Grafana sends to the data source's API for one question: a path and parameters. */
export function requestOf(
  { board, expr, minStep, maxPoints = RANGE_SECONDS, isInstant }: Question,
  { choices, timeInterval = 1 }: Pick<View, "choices" | "timeInterval">,
  end: number,
): readonly [path: string, parameters: Readonly<Record<string, string>>] {
  const step = Math.max(timeInterval, RANGE_SECONDS / maxPoints);
  const query = interpolate(expr, askingOf(board, choices, timeInterval, step), minStep);
  if (isInstant) return ["query", { query, time: String(end) }];
  return ["query_range", {
    query,
    start: String(end - RANGE_SECONDS),
    end: String(end),
    step: String(step),
  }];
}

/** Asks one thing as Grafana does. */
export async function ask(
  { api }: Pick<PrometheusApi, "api">,
  question: Question,
  view: Pick<View, "choices" | "timeInterval">,
  end: number,
): Promise<readonly QueriedSeries[]> {
  const [path, parameters] = requestOf(question, view, end);
  try {
    const { result } = await api(path, parameters) as { readonly result: readonly QueriedSeries[] };
    return result;
  } catch (error) {
    throw new Error(`${question.name} fails: ${parameters["query"]}`, { cause: error });
  }
}

/** Asks all as Grafana does; returns the names of questions without an answer. */
export async function emptyAnswers(
  engine: PrometheusApi,
  view: View,
  end = Math.floor(Date.now() / 1000),
): Promise<string[]> {
  const empty: string[] = [];
  for (const question of questions()) {
    if (!hasNumber(await ask(engine, question, view, end))) empty.push(question.name);
  }
  return empty;
}

/** The names of questions that may have no answer in a view. */
export function documentedEmpties({ mayBeEmpty }: View): string[] {
  return questions().map(({ name }) => name).filter((name) =>
    mayBeEmpty.some(({ questions }) => questions.test(name))
  );
}
