import * as v from 'valibot'
import type { Finding } from '../validation/issues.js'
import { flag, group, milliseconds, whole } from '../validation/pieces.js'
import { type Backoff, type BackoffOptions, backoffEntries, checkBackoff } from './backoff.js'
import { type BreakerOptions, breaker, type CompiledBreaker } from './breaker.js'
import { asRecord, merged, type Path } from './checks.js'
import { defaults } from './defaults.js'

export function checkTasks(path: Path, layers: unknown[], findings: Finding[]): void {
  checkBackoff(
    [...path, 'backoff'],
    layers.map((layer) => asRecord(layer).backoff),
    defaults.tasks.backoff,
    findings,
  )
  const breakers = layers.map((layer) => asRecord(asRecord(layer).breaker))
  const forMs = merged(breakers, 'forMs', defaults.breaker.forMs)
  const maxMs = merged(breakers, 'maxMs', Math.max(forMs, defaults.breaker.maxMs))
  if (maxMs < forMs && breakers.at(-1)?.maxMs !== undefined) {
    findings.push({ path: [...path, 'breaker', 'maxMs'], expected: `at least ${forMs}, the forMs`, input: maxMs })
  }
}

export const tasks = group({
  maxAttempts: v.optional(whole(1)),
  poisonAfter: v.optional(whole(1)),
  backoff: v.optional(group(backoffEntries)),
  timeoutMs: v.optional(milliseconds(0)),
  breaker: v.optional(v.lazy((value) => (typeof value === 'boolean' ? flag : breaker))),
})

/** What happens to a task whose attempt failed. */
export interface TaskOptions {
  /** A task that failed (or crashed its worker) so often is dead. At least 1. @defaultValue 3 */
  maxAttempts?: number
  /**
   * A task in hand at so many worker deaths is quarantined as poison. At least 1; without effect above {@link maxAttempts}. Ends of the whole
   * host, which somebody may have killed from outside, are counted apart: ten. @defaultValue 2
   */
  poisonAfter?: number
  /** Waits between attempts. @defaultValue `{ initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2 }` */
  backoff?: BackoffOptions
  /** An attempt that takes longer, in whole milliseconds, is aborted (`ctx.signal`) and failed. 0: no limit. @defaultValue 0 */
  timeoutMs?: number
  /** Stops a lane whose attempts fail and fail; false: it never stops. @defaultValue on, with the defaults of {@link BreakerOptions} */
  breaker?: boolean | BreakerOptions
}

export interface TaskPolicy {
  maxAttempts: number
  poisonAfter: number
  backoff: Backoff
  timeoutMs: number
  /** null: there is none. */
  breaker: CompiledBreaker | null
}
