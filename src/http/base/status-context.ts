import type { MiddlewareHandler } from 'hono'
import type { Drover } from '../../drover/drover.js'
import type { CompiledStatusOptions, Env } from './request-env.js'

export interface StatusContext {
  drover: Drover
  options: CompiledStatusOptions
  /** Aborts when the server is closing, which ends streams. */
  closing: AbortSignal
  /** Admits only callers with the role `control` (else 403 FORBIDDEN), and emits `http:control:done` after the answer. */
  control: (action: string) => MiddlewareHandler<Env>
}
