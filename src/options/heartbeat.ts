import type { Finding } from '../validation/issues.js'
import { group, milliseconds, option, type Schema } from '../validation/schema-pieces.js'
import { asRecord, merged, type Path } from './checks.js'

/** Time limits of a worker's thread. All in whole milliseconds, at most 2_147_483_647 (24 days). */
export interface HeartbeatOptions {
  /** How often a thread beats. At least 10. A thread that hangs is noticed after {@link timeoutMs}, never sooner. @defaultValue 30_000 */
  everyMs?: number
  /**
   * Stuck after this time without a beat. On Linux, time in which the thread waited for a core does not count, up to twenty times
   * this limit. At least twice {@link everyMs}. @defaultValue 120_000
   */
  timeoutMs?: number
  /**
   * Stuck after this time in `process` or `run` without progress, even with beats. At least 10. `ctx.extend(ms)` asks for more.
   * @defaultValue 300_000
   */
  progressTimeoutMs?: number
  /** Stuck if not ready this long after the start of the thread, including import and `setup`. At least 10. @defaultValue 30_000 */
  startTimeoutMs?: number
}

export const heartbeat = group({
  everyMs: option(milliseconds(10), 30_000),
  timeoutMs: option(milliseconds(20), 120_000),
  progressTimeoutMs: option(milliseconds(10), 300_000),
  startTimeoutMs: option(milliseconds(10), 30_000),
} satisfies Schema<HeartbeatOptions>)

/** {@link HeartbeatOptions} with its defaults filled in. */
export interface Heartbeat {
  everyMs: number
  timeoutMs: number
  progressTimeoutMs: number
  startTimeoutMs: number
}

/**
 * Checks the merged layers; later layers override earlier ones. A mistake is reported for an option of the last layer, which is
 * at `path`.
 */
export function checkHeartbeat(path: Path, layers: unknown[], findings: Finding[]): void {
  const own = asRecord(layers.at(-1))
  const everyMs = merged(layers, 'everyMs', heartbeat.defaults.everyMs)
  const timeoutMs = merged(layers, 'timeoutMs', heartbeat.defaults.timeoutMs)
  if (timeoutMs >= 2 * everyMs) return
  if (own.timeoutMs !== undefined) {
    findings.push({ path: [...path, 'timeoutMs'], expected: `at least ${2 * everyMs}, twice everyMs`, input: timeoutMs })
  } else if (own.everyMs !== undefined) {
    findings.push({ path: [...path, 'everyMs'], expected: `at most ${timeoutMs / 2}, half of timeoutMs`, input: everyMs })
  }
}
