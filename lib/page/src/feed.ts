/** Keeps a stream of server-sent events open, and opens it again when it breaks or has rested. @module */

import type { Hello, Inventory, State, Summary, TurnsMessage } from "../../live/api.ts";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

export interface Listener {
  /** The stream is open; what came between two streams has to be asked for. */
  hello(message: Hello): void;
  turns(message: TurnsMessage): void;
  state(message: State): void;
  detail(message: Inventory): void;
  sessions(message: readonly Summary[]): void;
  /** The stream broke, and is opened again after a moment. */
  lost(): void;
}

export interface Feed {
  /** Hears another game; undefined for the newest one, whichever that is. */
  follow(session: string | undefined): void;
  /** Gives the stream back: a browser lends six connections at most to all tabs of one exporter. */
  rest(): void;
  /** Opens the stream at once if it rests, or waits for the moment. */
  wake(): void;
}

export function openFeed(listener: Listener): Feed {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = FIRST_WAIT_MS;
  let session: string | undefined;
  let isResting = false;

  function close(): void {
    clearTimeout(timer);
    timer = undefined;
    source?.close();
    source = undefined;
  }

  function open(): void {
    close();
    if (isResting) return;
    const query = session === undefined ? "" : `?${new URLSearchParams({ session })}`;
    const opened = new EventSource(`./api/events${query}`);
    source = opened;
    const on = <T>(name: string, take: (message: T) => void) =>
      opened.addEventListener(name, (event) => {
        if (source === opened) take(JSON.parse((event as MessageEvent<string>).data));
      });
    on<Hello>("hello", (message) => {
      wait = FIRST_WAIT_MS;
      listener.hello(message);
    });
    on<TurnsMessage>("turns", listener.turns);
    on<State>("state", listener.state);
    on<Inventory>("detail", listener.detail);
    on<readonly Summary[]>("sessions", listener.sessions);
    // The browser's own way of opening it again gives up on an answer that is no stream.
    opened.addEventListener("error", () => {
      opened.close();
      if (source !== opened) return;
      source = undefined;
      listener.lost();
      // Readers that lost the same exporter do not come back all at once.
      timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    });
  }

  return {
    follow(wanted) {
      session = wanted;
      wait = FIRST_WAIT_MS;
      open();
    },
    rest() {
      isResting = true;
      close();
    },
    wake() {
      isResting = false;
      if (source === undefined) open();
    },
  };
}
