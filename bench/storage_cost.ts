/** Computes the cost of simulations in Prometheus from the measured cost of one. @module */

/** What was measured of a Prometheus that scrapes simulations at one interval. */
export interface Measured {
  /** Seconds between two scrapes. */
  readonly interval: number;
  /** Series of one simulation, those that Prometheus adds included. */
  readonly series: number;
  /** Bytes on disk of a sample in a block, index included. */
  readonly blockBytes: number;
  /** Bytes on disk of a sample in the write-ahead log. */
  readonly walBytes: number;
  /** Bytes in use of a series that has been scraped for almost three hours. */
  readonly memoryBytes: number;
}

export interface Cost {
  readonly series: number;
  readonly samplesPerSecond: number;
  /** Bytes that blocks grow by in a day. */
  readonly blocksPerDay: number;
  /** Bytes of the write-ahead log, which never covers more than about three hours. */
  readonly wal: number;
  /** Bytes of memory: Go's collector lets what is in use double before it collects. */
  readonly memory: number;
}

const DAY_SECONDS = 86_400;
const WAL_SECONDS = 3 * 3600;
const GO_COLLECTOR = 2;

export function costOf(simulations: number, measured: Measured): Cost {
  const series = simulations * measured.series;
  const samplesPerSecond = series / measured.interval;
  return {
    series,
    samplesPerSecond,
    blocksPerDay: samplesPerSecond * DAY_SECONDS * measured.blockBytes,
    wal: samplesPerSecond * WAL_SECONDS * measured.walBytes,
    memory: series * measured.memoryBytes * GO_COLLECTOR,
  };
}

/** Two digits and a unit: kilo is 1000. */
function scaled(value: number, unit: string): string {
  const prefixes = ["", "k", "M", "G", "T", "P"];
  let place = 0;
  for (; value >= 999.5 && place < prefixes.length - 1; value /= 1000) place++;
  return `${Number(value.toPrecision(value >= 100 ? 3 : 2))} ${prefixes[place]}${unit}`.trim();
}

const SIMULATIONS = [10, 1000, 100_000];

/** A row of a table for each interval and number of simulations, as cells. */
export function costRows(measured: readonly Measured[]): string[][] {
  return measured.flatMap((one) =>
    SIMULATIONS.map((simulations) => {
      const cost = costOf(simulations, one);
      return [
        String(simulations),
        `${one.interval} s`,
        scaled(cost.series, ""),
        scaled(cost.samplesPerSecond, ""),
        scaled(cost.blocksPerDay, "B"),
        scaled(cost.wal, "B"),
        scaled(cost.memory, "B"),
      ];
    })
  );
}

/** The cells of a row of the measured figures. */
export function measuredCells(measured: Measured): string[] {
  return [
    `${measured.interval} s`,
    String(measured.series),
    measured.blockBytes.toFixed(2),
    measured.walBytes.toFixed(2),
    String(measured.memoryBytes),
  ];
}

/** Reads such a row back. */
export function readMeasured(cells: readonly string[]): Measured {
  const [interval = NaN, series = NaN, blockBytes = NaN, walBytes = NaN, memoryBytes = NaN] = cells
    .map((cell) => parseFloat(cell));
  return { interval, series, blockBytes, walBytes, memoryBytes };
}
