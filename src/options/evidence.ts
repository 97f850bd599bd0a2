import { resolve } from 'node:path'
import * as v from 'valibot'
import { type SnapshotKind, snapshotKinds } from '../failure.js'
import type { Finding } from '../validation/issues.js'
import { either, group, milliseconds, oneOf, option, path, type Schema, whole } from '../validation/schema-pieces.js'
import { merged } from './checks.js'
import { filled } from './fill-defaults.js'

/**
 * Files written about a thread that is stuck (before it is killed) or runs out of memory. The failure names them in
 * `evidence.files`. A file that cannot be written is logged and has no other effect.
 */
export interface EvidenceOptions {
  /** The folder, relative to the working directory. It is created if missing. */
  dir: string
  /**
   * Length of the CPU profile of a stuck thread, in whole milliseconds: 10 to 60_000 and less than {@link withinMs}, or 0 for
   * none. Read the `.cpuprofile` with DevTools or speedscope. @defaultValue 1_000
   */
  cpuProfileMs?: number
  /**
   * The kinds of failure with a heap snapshot. `true`: all of `'start-timeout'`, `'heartbeat-lost'`, `'progress-stalled'`,
   * `'out-of-memory'`.
   *
   * **A heap snapshot holds everything the program had in memory: texts of tasks, API keys, passwords. Nothing is redacted.**
   * Only the owner can read the file (mode 0600); treat it like the secrets in it.
   *
   * A snapshot takes seconds for each 10 MB of small objects, and doubles the memory in use. Meanwhile the thread can do nothing
   * else, not even end. A thread that runs out of memory first writes its snapshot to the working directory (or Node's
   * `--diagnostic-dir`); it cannot beat meanwhile, so `heartbeat.timeoutMs` must be longer. Under Node.js 26
   * V8 would abort the whole process then, so only a worker with `isolation: 'process'` writes one. If several threads are stuck at once,
   * only one gets a snapshot.
   * @defaultValue false
   */
  heapSnapshot?: boolean | SnapshotKind[]
  /**
   * The longest time by which profile and snapshot may delay the kill of a stuck thread, in whole milliseconds, at least 1. A
   * snapshot that is not finished by then is lost when the thread ends; the thread gets this time again before it counts as
   * `unkillable`.
   * @defaultValue 30_000
   */
  withinMs?: number
  /** The number of latest failures whose files are kept. At least 1. @defaultValue 10 */
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
