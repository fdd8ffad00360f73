/** A minimal client: one connection, one request at a time, the time from the first byte to the answer. @module */

export interface Answer {
  readonly status: number;
  /** From before the first byte is sent until the last byte of the answer is there. */
  readonly ms: number;
}

export interface RawClient {
  post(path: string, body: Uint8Array): Promise<Answer>;
  close(): void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Length of the answer that begins with `text`, or undefined while its head is not complete. */
function answerLength(text: string): number | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, headEnd))?.[1];
  if (length === undefined) throw new Error(`Cannot read the answer: no length in "${text}"`);
  return headEnd + 4 + Number(length);
}

/** Opens a connection to a port on 127.0.0.1. */
export async function connect(port: number): Promise<RawClient> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  const buffer = new Uint8Array(65536);

  async function readAnswer(): Promise<string> {
    let length = 0;
    while (true) {
      const count = await connection.read(buffer.subarray(length));
      if (count === null) throw new Error("The server closed the connection");
      length += count;
      // Headers are ASCII and only bytes are counted, so Latin-1 would do as well.
      const expected = answerLength(decoder.decode(buffer.subarray(0, length)));
      if (expected !== undefined && length >= expected) {
        return decoder.decode(buffer.subarray(0, length));
      }
    }
  }

  return {
    async post(path, body) {
      const head = encoder.encode(
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      const request = new Uint8Array(head.length + body.length);
      request.set(head);
      request.set(body, head.length);
      const started = performance.now();
      for (let sent = 0; sent < request.length;) {
        sent += await connection.write(request.subarray(sent));
      }
      const answer = await readAnswer();
      return { status: Number(answer.slice(9, 12)), ms: performance.now() - started };
    },
    close() {
      connection.close();
    },
  };
}
