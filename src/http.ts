/**
 * The status server of a system: HTTP API, WebSocket and dashboard. Needs `hono`, `@hono/node-server` and `ws`.
 *
 * @module
 */

export type { StatusApi } from './http/api/routes.js'
export { createStatusApp } from './http/app.js'
export type { Authorize, Role, ServeOptions, StatusOptions, StatusServer, User } from './http/base/options.js'
export { serveStatus } from './http/serve.js'
