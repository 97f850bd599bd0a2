/** The options of the status server. */
import type { Context } from 'hono'

/** `read`: may only read. `control`: may also start, stop, change and delete. */
export type Role = 'read' | 'control'

/** A user of an application that knows its users. */
export interface User {
  role: Role
  /** Who it is, for the audit and the log: a text of 1 to 200 characters, without control characters and line breaks. */
  name: string
}

/** Decides the role of a request, and may name its user; null, an error or an invalid name refuses it with 401. */
export type Authorize = (c: Context) => Role | User | null | Promise<Role | User | null>

/** Access to a status server, and the parts it serves. */
export interface StatusOptions {
  /**
   * The token with all rights, sent as `Authorization: Bearer` or typed into the dashboard. 16 to 1000 characters, ASCII without
   * spaces, at least 8 of them different. Without any token or {@link authorize}, only requests that come from this machine and
   * name it in their Host header are answered, with all rights.
   */
  token?: string
  /**
   * A token for reading only; different from {@link token}. 16 to 1000 characters, ASCII without spaces, at least 8 of them
   * different.
   */
  readToken?: string
  /**
   * For an application with its own users: decides each request, instead of tokens. null or an error refuses with 401. Calls that
   * change something with the application's cookie need the header `x-drover-csrf` with any value. With a {@link User} in place of a
   * role, the audit (`http:control:done`), the log and the dashboard name it.
   *
   * @example
   * import type { Authorize } from 'drover/http'
   * const authorize: Authorize = (c) => {
   *   const user = c.get('user')
   *   return user ? { role: user.isAdmin ? 'control' : 'read', name: user.email } : null
   * }
   */
  authorize?: Authorize
  /**
   * Host names (in lower case, without port) under which it answers, beside `localhost`, `127.0.0.1` and `[::1]`, and, with a
   * token, any IP address. This protects against DNS rebinding. `'*'`: any name.
   * @defaultValue none; with {@link authorize}: any
   */
  hosts?: string[] | '*'
  /**
   * Origins, such as `https://console.example.org`, of other pages that may send requests with a token (CORS) and open the
   * WebSocket. @defaultValue none
   */
  origins?: string[]
  /** Wrap all successful answers of the old clients' paths as `{ success, data, timestamp }`. @defaultValue false */
  envelope?: boolean
  /** Serve the dashboard at `/`. @defaultValue true */
  dashboard?: boolean
  /** The largest body of a request, in bytes. @defaultValue 1_048_576 */
  maxBodyBytes?: number
  /**
   * Trust the last address of `X-Forwarded-For` (audit, failed logins), and `X-Forwarded-Proto`. Only behind a proxy that sets them.
   * @defaultValue false
   */
  behindProxy?: boolean
  /** How long a session of the dashboard lasts without a request, in ms; it ends after a week at the latest. @defaultValue 43_200_000 (12 hours) */
  sessionMs?: number
  /**
   * Minutes without a beat after which a worker is `stale`, and counts as stuck in `/api/monitoring/health`. A whole number, 1 to
   * 60. @defaultValue 2
   */
  crashDetectionMinutes?: number
  /**
   * Modules that workers may get over HTTP (`options.module` of `POST /workers` and `PATCH /workers/:id`), beside those of existing
   * workers: paths, `file:` URLs or `URL`s, as `module` of a worker. A request names one exactly as it is written here; any other is
   * refused with 400. @defaultValue none
   */
  modules?: (string | URL)[]
}

/** The options of {@link serveStatus}: {@link StatusOptions}, port and host name. */
export interface ServeOptions extends StatusOptions {
  /** @defaultValue 8000; 0: any free one */
  port?: number
  /**
   * The host name or address to listen on. An address other than loopback needs a token or {@link StatusOptions.authorize}.
   * @defaultValue '127.0.0.1'
   */
  hostname?: string
}

/** A status server that listens. Made by {@link serveStatus}. */
export interface StatusServer {
  /** Its address, e.g. `http://127.0.0.1:8000`. */
  url: string
  port: number
  /**
   * Ends streams and sockets (1001), gives running requests at most `graceMs` to finish, then aborts them. A second call returns the
   * same promise.
   *
   * @param options.graceMs in ms. @defaultValue 2_000
   */
  close(options?: { graceMs?: number }): Promise<void>
  /** Closes the server, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
