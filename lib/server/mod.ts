/** The HTTP server: access, answers, and a worker for slow work. @module */

export { createAccess } from "./access.ts";
export { createApi } from "./api.ts";
export { createBasicAuth, readToken } from "./auth.ts";
export { Connections } from "./connections.ts";
export { createHandler, type Handler, OWN_PATHS } from "./handler.ts";
export { createOffLoop, type OffLoop } from "./off_loop.ts";
export { readWebConfig, type WebConfig, WebConfigError } from "./web_config.ts";
export { checkFree, ListenError, withBothLoopbacks } from "./address.ts";
export { listen } from "./listen.ts";
export type { Listening } from "./port.ts";
export { filesOf } from "./landing.ts";
