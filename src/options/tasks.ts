import type { Finding } from '../validation/issues.js'
import { either, flag, group, milliseconds, option, type Schema, whole } from '../validation/schema-pieces.js'
import { type Backoff, type BackoffOptions, backoffEntries, checkBackoff } from './backoff.js'
import { type BreakerOptions, breaker, type CompiledBreaker } from './breaker.js'
import { asRecord, merged, type Path } from './checks.js'

/** What happens to a task whose attempt failed. */
export interface TaskOptions {
  /** A task is dead after this number of attempts that failed or ended with the worker's crash. At least 1. @defaultValue 3 */
  maxAttempts?: number
  /**
   * A task is quarantined as poison after its worker died this number of times with the task in hand. At least 1; no effect above
   * {@link maxAttempts}. Deaths of the whole host, which may have been killed from outside, are counted separately: ten
   * quarantine a task. @defaultValue 2
   */
  poisonAfter?: number
  /** Waits between attempts. @defaultValue `{ initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2 }` */
  backoff?: BackoffOptions
  /** An attempt that takes longer, in whole milliseconds, is aborted (`ctx.signal`) and failed. 0: no limit. @defaultValue 0 */
  timeoutMs?: number
  /**
   * Stops a lane whose attempts keep failing; false: the lane never stops. @defaultValue on, with the defaults of
   * {@link BreakerOptions}
   */
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
  /** null: no breaker. */
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
