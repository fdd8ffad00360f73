/** Remote write: the samples of every turn, kept on disk until a receiver has them. @module */

export type { Labels, Protocol } from "./message.ts";
export { RemoteWriteError } from "./queue.ts";
export { createRemoteWrite, type RemoteWrite, type RemoteWriteOptions } from "./remote_write.ts";
export type { TurnFeed } from "./turn_feed.ts";
