/**
 * Live state of a system, in a browser or in Node.js: over a WebSocket, or by polling where none gets through.
 *
 * @module
 */
import { Client, type ConnectOptions } from './http/client/client.js'

export { ClientError } from './http/client/api.js'
export type { Client, ClientStatus, ConnectOptions, Told } from './http/client/client.js'
export type { LogRecord, StatusEvent } from './http/contract/log.js'
export type { Quota } from './http/contract/quota.js'
export type { LiveState, Topic } from './http/contract/socket.js'
export type { TreeNode } from './http/contract/tree.js'
export type { Beat, Overview, Worker } from './http/contract/worker.js'

/**
 * Follows a system. Connects at once, and again whenever the connection is lost, until `close`.
 *
 * @param url where its status app is, such as `http://127.0.0.1:8000` or, mounted in another app, `https://example.org/drover`
 * @example
 * const client = connect('http://127.0.0.1:8000', { token: process.env.DROVER_TOKEN })
 * client.select(({ overview }) => overview?.done, (done) => console.log(done))
 * await client.until(({ overview }) => overview !== undefined && overview.done === overview.total)
 * await client.close()
 */
export function connect(url: string, options: ConnectOptions = {}): Client {
  return new Client(url, options)
}
