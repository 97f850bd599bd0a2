import { Client } from './client.js'
import type { ConnectOptions } from './options.js'

/**
 * Connects to a system at once, and again whenever the connection is lost, until `close`.
 *
 * @param url the address of its status app, such as `http://127.0.0.1:8000` or, mounted in another app,
 * `https://example.org/drover`
 * @example
 * const client = connect('http://127.0.0.1:8000', { token })
 * client.select(({ overview }) => overview?.done, (done) => console.log(done))
 * await client.until(({ overview }) => overview !== undefined && overview.done === overview.total)
 * await client.close()
 */
export function connect(url: string, options: ConnectOptions = {}): Client {
  return new Client(url, options)
}
