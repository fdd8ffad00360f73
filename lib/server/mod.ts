/** The HTTP server: access, answers, and a worker for slow work. @module */

export { createAccess } from "./access.ts";
export { createApi } from "./api.ts";
export { createBasicAuth, readToken } from "./auth.ts";
export { createConnections } from "./connections.ts";
export { createHandler, type Handler, OWN_PATHS } from "./handler.ts";
export { createOffLoop, type OffLoop } from "./off_loop.ts";
export { readWebConfig, type WebConfig, WebConfigError } from "./web_config.ts";
export { checkFree, listen, ListenError, type Listening, withBothLoopbacks } from "./listen.ts";
export { filesOf } from "./landing.ts";
