/**
 * The status server of a system: HTTP API, WebSocket and dashboard. Needs `hono`, `@hono/node-server` and `ws`.
 *
 * @module
 */
export { createStatusApp } from './http/app.js'
export type { Role, ServeOptions, StatusOptions, StatusServer } from './http/options.js'
export { serveStatus } from './http/serve.js'
export type { StatusApi } from './http/v1/routes.js'
