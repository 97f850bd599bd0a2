import * as v from 'valibot'
import type { Finding } from '../validation/issues.js'
import { group, milliseconds } from '../validation/pieces.js'
import { asRecord, merged, type Path } from './checks.js'
import { defaults } from './defaults.js'

/** The layers are merged, later ones first; a mistake is laid to an option of the last one, whose place `path` is. */
export function checkHeartbeat(path: Path, layers: unknown[], findings: Finding[]): void {
  const own = asRecord(layers.at(-1))
  const everyMs = merged(layers, 'everyMs', defaults.heartbeat.everyMs)
  const timeoutMs = merged(layers, 'timeoutMs', defaults.heartbeat.timeoutMs)
  if (timeoutMs >= 2 * everyMs) return
  if (own.timeoutMs !== undefined) {
    findings.push({ path: [...path, 'timeoutMs'], expected: `at least ${2 * everyMs}, twice everyMs`, input: timeoutMs })
  } else if (own.everyMs !== undefined) {
    findings.push({ path: [...path, 'everyMs'], expected: `at most ${timeoutMs / 2}, half of timeoutMs`, input: everyMs })
  }
}

export const heartbeat = group({
  everyMs: v.optional(milliseconds(10)),
  timeoutMs: v.optional(milliseconds(20)),
  progressTimeoutMs: v.optional(milliseconds(10)),
  startTimeoutMs: v.optional(milliseconds(10)),
})

/** How long things may take, and how often they are looked at. All in whole milliseconds, at most 2_147_483_647 (24 days). */
export interface HeartbeatOptions {
  /** How often a thread beats. At least 10. A thread that hangs is noticed after {@link timeoutMs}, never sooner. @defaultValue 30_000 */
  everyMs?: number
  /**
   * Stuck after so long without a beat, not counting what the thread waited for a core (Linux), at the latest after twenty times that. At least
   * twice {@link everyMs}. @defaultValue 120_000
   */
  timeoutMs?: number
  /** Stuck after so long in `process` or `run` without progress, beats or not. At least 10. `ctx.extend(ms)` asks for more. @defaultValue 300_000 */
  progressTimeoutMs?: number
  /** From spawn to ready, import and `setup` included. At least 10. @defaultValue 30_000 */
  startTimeoutMs?: number
}

export interface Heartbeat {
  everyMs: number
  timeoutMs: number
  progressTimeoutMs: number
  startTimeoutMs: number
}
