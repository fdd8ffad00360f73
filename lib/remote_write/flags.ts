/** The flags of remote write. @module */

import { onOff, optional, repeatable, single } from "../cli/flag.ts";
import { FILE, LABEL, oneOf, RECEIVER_URL, size } from "../cli/kinds.ts";

/**
 * Flags that say where samples are sent to, and how.
 *
 * @param what What is sent.
 */
function receiverFlags(what: string) {
  return {
    remoteWrite: optional({
      name: "remote-write",
      unit: "<URL>",
      kind: RECEIVER_URL,
      help:
        `Receiver of remote write to send ${what} to, such as http://127.0.0.1:9090/api/v1/write.`,
    }),
    remoteWriteProtocol: single<"auto" | "1.0" | "2.0">({
      name: "remote-write.protocol",
      unit: "<VERSION>",
      kind: oneOf(["auto", "1.0", "2.0"]),
      defaultValue: "auto",
      defaultText: "auto, which is 2.0, or 1.0 if the receiver does not take 2.0",
      help: "Version of remote write: auto, 1.0 or 2.0.",
    }),
    remoteWriteUserFile: optional({
      name: "remote-write.user-file",
      unit: "<FILE>",
      kind: FILE,
      help: "File with user:password for the receiver.",
    }),
    remoteWriteTokenFile: optional({
      name: "remote-write.token-file",
      unit: "<FILE>",
      kind: FILE,
      help: "File with a bearer token for the receiver.",
    }),
    remoteWriteCaFile: optional({
      name: "remote-write.ca-file",
      unit: "<FILE>",
      kind: FILE,
      defaultText: "the authorities of the system",
      help: "PEM file with the certificate of the receiver's authority, or its own.",
    }),
    remoteWriteCertFile: optional({
      name: "remote-write.cert-file",
      unit: "<FILE>",
      kind: FILE,
      help: "PEM file with the certificate to show to the receiver.",
    }),
    remoteWriteKeyFile: optional({
      name: "remote-write.key-file",
      unit: "<FILE>",
      kind: FILE,
      help: "PEM file with the key of that certificate.",
    }),
  };
}

/** Those of `serve`. */
export const REMOTE_WRITE_FLAGS = {
  ...receiverFlags("every reported turn"),
  remoteWriteLabel: repeatable<readonly [name: string, value: string]>({
    name: "remote-write.label",
    unit: "<NAME=VALUE>",
    kind: LABEL,
    defaultValue: [],
    defaultText: "job=tradesim and instance=HOST:PORT/turns, with the first address to listen on",
    help: "Label of all series that are sent, as Prometheus' external_labels. Repeatable.",
  }),
  remoteWriteQueue: optional({
    name: "remote-write.queue",
    unit: "<FILE>",
    kind: FILE,
    defaultText: "a file beside that of --state",
    help: "File in which turns wait until the receiver has taken them.",
  }),
  remoteWriteQueueSize: single({
    name: "remote-write.queue-size",
    unit: "<SIZE>",
    kind: size("16MiB", "1024GiB"),
    defaultValue: 512 * 2 ** 20,
    defaultText: "512MiB",
    help:
      "Size of that file, which is written whole at the start. When full, the oldest turns are dropped.",
  }),
  remoteWriteStaleMarkers: onOff({
    name: "remote-write.stale-markers",
    help:
      "End the series of a game when it is over, so that queries no longer find its last values.",
  }),
} as const;

/** Those of a command that reads recorded games. */
export const RECORDED_WRITE_FLAGS = receiverFlags("the samples");
