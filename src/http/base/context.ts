/** What the parts of the status server share. */
import type { MiddlewareHandler } from 'hono'
import type { Drover } from '../../drover/drover.js'
import type { Hub } from '../socket/hub.js'
import type { Role, StatusOptions } from './options.js'

/** The options with their defaults filled in. */
export type CompiledStatusOptions = Required<Omit<StatusOptions, 'token' | 'readToken' | 'authorize'>> &
  Pick<StatusOptions, 'token' | 'readToken' | 'authorize'>

/** What is known of a request once it was let in. */
export interface Caller {
  role: Role
  /** For the audit: `token`, `session ab12cd`, `local`, or `application`. Never a secret. */
  who: string
  /** The address it came from. */
  from: string
  /** Of a session: aborts when it ends. */
  ended?: AbortSignal
}

// A type, not an interface: hono's Env wants an index signature.
export type Env = {
  Variables: {
    caller: Caller
    /** Where the app is mounted: empty, or a path such as `/drover`. */
    mount: string
  }
}

export interface StatusContext {
  drover: Drover
  options: CompiledStatusOptions
  /** Lives as long as the app. */
  hub: Hub
  /** Aborts when the server is closing: streams end then. */
  closing: AbortSignal
  /** Lets only callers with the role `control` pass (403 FORBIDDEN), and tells of what they did, once it was answered, as `http:control:done`. */
  control: (action: string) => MiddlewareHandler<Env>
}
