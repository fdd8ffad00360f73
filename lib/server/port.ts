/** An open port, and what it is opened for. @module */

import type { WebConfig } from "./web_config.ts";

/** An open port. */
export interface Listening {
  /** The real port. */
  readonly port: number;
  /**
   * Takes other certificates, or none. Connections that are open go on with those of before; a new one
   * finds the port closed for a moment. One call at a time. When the port cannot be opened again, it is
   * `lost`.
   *
   * @throws {ListenError} When these cannot be used; then nothing has changed.
   */
  renew(tls: WebConfig["tls"]): Promise<void>;
  /** Waits for reports that are being sent, then closes the port once all requests are answered. */
  shutdown(): Promise<void>;
  /** Rejects when the port is closed by anything else. */
  readonly lost: Promise<never>;
}

export interface PortOptions {
  readonly hostname: string;
  readonly port: number;
  readonly tls: WebConfig["tls"];
  readonly answer: (
    request: Request,
    info: { readonly remoteAddr: Deno.Addr },
    isReserved: boolean,
  ) => Promise<Response>;
  readonly onError: (error: unknown) => Response;
  readonly onListen: (port: number) => void;
}
