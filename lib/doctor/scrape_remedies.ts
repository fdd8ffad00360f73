/** What to change when Prometheus cannot scrape the exporter, by the error that it shows. @module */

/** A failed scrape. */
export interface FailedScrape {
  readonly error: string;
  /** Where Prometheus asks. */
  readonly scrapeUrl: string;
  /** Where the exporter's metrics are. */
  readonly metricsUrl: string;
}

type Remedy = (scrape: FailedScrape) => string;

function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? url;
}

const ELSEWHERE = "use an address of the exporter that Prometheus can reach; in a container, " +
  "localhost is the container itself";

/**
 * The first that fits stands. The errors are those of Prometheus 2.42 and 3.16, and of vmagent
 * where it words them in another way.
 */
const REMEDIES: readonly (readonly [error: RegExp, Remedy])[] = [
  [
    /status 401|: 401;/,
    () =>
      "set basic_auth in its scrape job to a user of --web.config.file (docs/security.md has one)",
  ],
  [
    /status 404|: 404;/,
    ({ metricsUrl }) => `set metrics_path: ${new URL(metricsUrl).pathname} in its scrape job`,
  ],
  [
    /status 421|: 421;/,
    ({ scrapeUrl }) => `start the exporter with --allowed-host ${hostOf(scrapeUrl)}`,
  ],
  [/HTTP response to HTTPS client/, () => "set scheme: http in its scrape job"],
  [
    /x509|certificate/,
    () => "set tls_config in its scrape job: ca_file, and a server_name that the certificate has",
  ],
  [
    /deadline exceeded|timed? ?out/i,
    () =>
      "check that no firewall is between them; if it is the answer that is slow, set a longer scrape_timeout",
  ],
  [
    /sample limit|body size|max_?scrape_?size|sample_limit/i,
    () => "raise sample_limit and body_size_limit in its scrape job, or lower --max-series",
  ],
];

/** @returns What to do, in the imperative. */
export function remedyFor(scrape: FailedScrape): string {
  const found = REMEDIES.find(([error]) => error.test(scrape.error));
  if (found !== undefined) return found[1](scrape);
  // Who speaks HTTP to TLS hears nothing that tells why.
  const isPlain = scrape.scrapeUrl.startsWith("http:") && scrape.metricsUrl.startsWith("https:");
  const isThere = !/refused|no such host|no route|unreachable/.test(scrape.error);
  return isPlain && isThere
    ? "set scheme: https and tls_config in its scrape job (docs/security.md has one)"
    : ELSEWHERE;
}
