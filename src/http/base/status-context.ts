import type { MiddlewareHandler } from 'hono'
import type { Drover } from '../../drover/drover.js'
import type { CompiledStatusOptions, Env } from './request-env.js'

export interface StatusContext {
  drover: Drover
  options: CompiledStatusOptions
  /** Aborts when the server is closing: streams end then. */
  closing: AbortSignal
  /** Lets only callers with the role `control` pass (403 FORBIDDEN), and tells of what they did, once it was answered, as `http:control:done`. */
  control: (action: string) => MiddlewareHandler<Env>
}
