/** What whoever serves the status of a system may choose. */
import type { Context } from 'hono'

/** `read`: looks only. `control`: may also start, stop, change and delete. */
export type Role = 'read' | 'control'

/** What decides who may do what: null, or an error, refuses with 401. */
export type Authorize = (c: Context) => Role | null | Promise<Role | null>

/** Who may ask a status server, and what it serves. */
export interface StatusOptions {
  /**
   * The token that may do everything: sent as `Authorization: Bearer`, or typed into the dashboard. 16 to 1000 characters, ASCII without spaces, at least 8
   * of them different. Without any token,
   * and without {@link authorize}, only requests that come from this machine and name it in their Host header are answered, with all rights.
   */
  token?: string
  /** A token that may only look; not the same as {@link token}. 16 to 1000 characters, ASCII without spaces, at least 8 of them different. */
  readToken?: string
  /**
   * In an application that knows its own users: decides for each request, in place of tokens. null or an error: refused with 401. Calls with
   * a cookie of that application that change something need the header `x-drover-csrf` with any value.
   */
  authorize?: Authorize
  /**
   * Host names (in lower case, without port) under which it may be asked, beside `localhost`, `127.0.0.1` and `[::1]`, and, with a token, any IP
   * address: protects against DNS rebinding. `'*'`: any.
   * @defaultValue none; with {@link authorize}: any
   */
  hosts?: string[] | '*'
  /** Origins, such as `https://console.example.org`, of other pages that may ask with a token (CORS), and open the WebSocket. @defaultValue none */
  origins?: string[]
  /** Wrap successful answers of `/api/control` and `/api/monitoring` as `{ success, data, timestamp }` for every client. @defaultValue false */
  envelope?: boolean
  /** Serve the dashboard at `/`. @defaultValue true */
  dashboard?: boolean
  /** Bytes that a request's body may have. @defaultValue 1_048_576 */
  maxBodyBytes?: number
  /** Trust `X-Forwarded-For` for the address of who asks (audit, failed logins): only behind a proxy that sets it. @defaultValue false */
  behindProxy?: boolean
  /** How long a session of the dashboard lasts without a request, in ms. @defaultValue 43_200_000 (12 hours) */
  sessionMs?: number
  /** A worker whose thread has not beaten for so many minutes is `stale`, and stuck in `/api/monitoring/health`. A whole number, 1 to 60. @defaultValue 2 */
  crashDetectionMinutes?: number
}

/** What {@link serveStatus} takes: {@link StatusOptions}, and where to listen. */
export interface ServeOptions extends StatusOptions {
  /** @defaultValue 8000; 0: any free one */
  port?: number
  /** What to listen on. Anything but a loopback address needs a token or {@link StatusOptions.authorize}. @defaultValue '127.0.0.1' */
  hostname?: string
}

/** A status server that listens. Made by {@link serveStatus}. */
export interface StatusServer {
  /** Where it is, e.g. `http://127.0.0.1:8000`. */
  url: string
  port: number
  /** Ends streams and sockets (1001), lets requests under way end for at most `graceMs`, then breaks them off. Memoised. @defaultValue graceMs 2_000 */
  close(options?: { graceMs?: number }): Promise<void>
  /** Closes it: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
