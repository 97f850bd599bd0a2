import { resolve } from 'node:path'
import * as v from 'valibot'
import { type SnapshotKind, snapshotKinds } from '../failure.js'
import type { Finding } from '../validation/issues.js'
import { either, group, milliseconds, oneOf, option, path, type Schema, whole } from '../validation/pieces.js'
import { merged } from './checks.js'
import { filled } from './fill-defaults.js'

/**
 * Files that are written of a thread when it is found stuck, before it is killed, and when its memory runs out. A failure names its
 * own in `evidence.files`. What cannot be written is logged, and changes nothing else.
 */
export interface EvidenceOptions {
  /** The folder, relative to the working directory. It is made if it is not there. */
  dir: string
  /**
   * For how long the CPU profile of a stuck thread runs, in whole milliseconds: 10 to 60_000 and less than {@link withinMs}, or 0 for none.
   * Read the `.cpuprofile` with DevTools or speedscope. @defaultValue 1_000
   */
  cpuProfileMs?: number
  /**
   * Whether heap snapshots are written: for all of `'start-timeout'`, `'heartbeat-lost'`, `'progress-stalled'`, `'out-of-memory'`, or for
   * those listed.
   *
   * **A heap snapshot holds all that the program had in memory: texts of tasks, API keys, passwords. Nothing is struck out of it.** Its
   * file can be read by its owner only (mode 0600); treat it as you treat the secrets.
   *
   * It takes seconds for each 10 MB of small objects, as much memory again, and the thread can do nothing else meanwhile, not even end. That of a
   * thread whose memory runs out is first written to the working directory (or Node's `--diagnostic-dir`); no beat comes meanwhile, so
   * `heartbeat.timeoutMs` must be longer. Of several threads that are stuck at once one gets a snapshot. @defaultValue false
   */
  heapSnapshot?: boolean | SnapshotKind[]
  /**
   * Profile and snapshot of a stuck thread hold up its kill for no longer, in whole milliseconds, at least 1. A snapshot that is
   * not done by then is lost if the thread ends before; until it has ended, it gets as long again before it counts as `unkillable`.
   * @defaultValue 30_000
   */
  withinMs?: number
  /** The files of so many failures are kept, the latest; older ones are removed. At least 1. @defaultValue 10 */
  keep?: number
}

const flagOrKinds = v.custom<boolean>((value) => typeof value === 'boolean', 'true, false or a list of kinds of failure')

export const evidence = group({
  dir: path('the path of a folder'),
  cpuProfileMs: option(whole(10, 60_000, { value: 0 }), 1_000),
  heapSnapshot: option(either(Array.isArray, v.array(oneOf(...snapshotKinds)), flagOrKinds), false),
  withinMs: option(milliseconds(1), 30_000),
  keep: option(whole(1), 10),
} satisfies Schema<EvidenceOptions>)

/** {@link EvidenceOptions} with its defaults filled in. */
export interface CompiledEvidence {
  dir: string
  cpuProfileMs: number
  heapSnapshot: readonly SnapshotKind[]
  withinMs: number
  keep: number
}

export function compileEvidence({ dir, heapSnapshot, ...rest }: v.InferOutput<typeof evidence>): CompiledEvidence {
  const kinds = heapSnapshot === true ? snapshotKinds : heapSnapshot || []
  return { ...filled<Omit<CompiledEvidence, 'dir' | 'heapSnapshot'>>(evidence.defaults, rest), dir: resolve(dir), heapSnapshot: kinds }
}

export function checkEvidence(given: Record<string, unknown>, findings: Finding[]): void {
  const cpuProfileMs = merged([given], 'cpuProfileMs', evidence.defaults.cpuProfileMs)
  const withinMs = merged([given], 'withinMs', evidence.defaults.withinMs)
  if (cpuProfileMs < withinMs) return
  if (given.withinMs !== undefined) {
    findings.push({ path: ['evidence', 'withinMs'], expected: `more than ${cpuProfileMs}, the cpuProfileMs`, input: withinMs })
  } else if (given.cpuProfileMs !== undefined) {
    findings.push({ path: ['evidence', 'cpuProfileMs'], expected: `less than ${withinMs}, the withinMs`, input: cpuProfileMs })
  }
}
