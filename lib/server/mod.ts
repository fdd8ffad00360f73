/** The HTTP side: who is heard, what is answered, and the thread for slow work. @module */

export { type Access, createAccess, isLoopback } from "./access.ts";
export { createBasicAuth, readToken } from "./auth.ts";
export { createHandler, type Handler, type HandlerOptions, INGEST_PATH } from "./handler.ts";
export { createOffLoop, type OffLoop } from "./off_loop.ts";
export { readWebConfig, type WebConfig, WebConfigError } from "./web_config.ts";
export { listen, ListenError } from "./listen.ts";
