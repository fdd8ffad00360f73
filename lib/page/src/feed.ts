/** Keeps a stream of server-sent events open, and reopens it after an error or a pause. @module */

import type { Hello, Inventory, State, Summary, TurnsMessage } from "../../live/api.ts";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

export interface Listener {
  /** The stream is open. Data from before must be fetched. */
  hello(message: Hello): void;
  turns(message: TurnsMessage): void;
  state(message: State): void;
  detail(message: Inventory): void;
  sessions(message: readonly Summary[]): void;
  /** The stream failed, and is reopened after a moment. */
  lost(): void;
}

export interface Feed {
  /** Listens to another game; undefined for the newest. */
  follow(session: string | undefined): void;
  /** Closes the stream, because browsers allow six connections per host. */
  rest(): void;
  /** Opens the stream at once if it is paused or about to be reopened. */
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
    // The browser itself does not reopen a stream after an answer that is not one.
    opened.addEventListener("error", () => {
      opened.close();
      if (source !== opened) return;
      source = undefined;
      listener.lost();
      // Readers that lost the same exporter reconnect at different times.
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
