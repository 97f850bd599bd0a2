import type { Finding } from '../validation/issues.js'
import { either, flag, group, milliseconds, option, type Schema, whole } from '../validation/pieces.js'
import { type Backoff, type BackoffOptions, backoffEntries, checkBackoff } from './backoff.js'
import { type BreakerOptions, breaker, type CompiledBreaker } from './breaker.js'
import { asRecord, merged, type Path } from './checks.js'

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

export const taskBackoff = group(backoffEntries({ initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2 }))

export const tasks = group({
  maxAttempts: option(whole(1), 3),
  poisonAfter: option(whole(1), 2),
  backoff: option(taskBackoff),
  timeoutMs: option(milliseconds(0), 0),
  breaker: option(either((value) => typeof value === 'boolean', flag, breaker)),
} satisfies Schema<TaskOptions>)

/** {@link TaskOptions} with its defaults filled in. */
export interface TaskPolicy {
  maxAttempts: number
  poisonAfter: number
  backoff: Backoff
  timeoutMs: number
  /** null: there is none. */
  breaker: CompiledBreaker | null
}

export function checkTasks(path: Path, layers: unknown[], findings: Finding[]): void {
  checkBackoff(
    [...path, 'backoff'],
    layers.map((layer) => asRecord(layer).backoff),
    taskBackoff.defaults,
    findings,
  )
  const breakers = layers.map((layer) => asRecord(asRecord(layer).breaker))
  const forMs = merged(breakers, 'forMs', breaker.defaults.forMs)
  const maxMs = merged(breakers, 'maxMs', Math.max(forMs, breaker.defaults.maxMs))
  if (maxMs < forMs && breakers.at(-1)?.maxMs !== undefined) {
    findings.push({ path: [...path, 'breaker', 'maxMs'], expected: `at least ${forMs}, the forMs`, input: maxMs })
  }
}
