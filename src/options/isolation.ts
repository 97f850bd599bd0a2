import { serialize } from 'node:v8'
import type { Finding } from '../validation/issues.js'
import { between, group, milliseconds, option, type Schema, whole } from '../validation/schema-pieces.js'
import { asRecord, type Path } from './checks.js'

/** Limits of a thread's memory in megabytes, as `worker_threads` takes them. Memory outside V8's heap (Buffers) does not count. */
export interface ResourceLimits {
  maxOldGenerationSizeMb?: number
  maxYoungGenerationSizeMb?: number
  codeRangeSizeMb?: number
  stackSizeMb?: number
}

export const resourceLimits = group({
  maxOldGenerationSizeMb: option(between(1, 1_000_000)),
  maxYoungGenerationSizeMb: option(between(1, 1_000_000)),
  codeRangeSizeMb: option(between(0, 1_000_000)),
  stackSizeMb: option(between(1, 1_000)),
} satisfies Schema<ResourceLimits>)

/**
 * When a thread is replaced by a fresh one, for code that leaks. The limit that is reached first applies. The thread finishes its
 * tasks in hand first; the worker keeps its slot, and no restart is counted.
 */
export interface RecycleOptions {
  /** After this many tasks. At least 1. */
  maxTasks?: number
  /** When the thread is this old, in whole milliseconds. At least 1_000. */
  maxAgeMs?: number
  /** When this many megabytes of heap are still in use after a garbage collection. At least 1. */
  maxHeapMb?: number
}

export const recycle = group({
  maxTasks: option(whole(1)),
  maxAgeMs: option(milliseconds(1_000)),
  maxHeapMb: option(between(1, 1_000_000)),
} satisfies Schema<RecycleOptions>)

export function survives(input: unknown, passage: (input: unknown) => unknown): boolean {
  try {
    passage(input)
    return true
  } catch {
    return false
  }
}

/** Refuses options that a thread can have and a process cannot. */
export function checkProcess(path: Path, { input, resourceLimits }: Record<string, unknown>, findings: Finding[]): void {
  const { codeRangeSizeMb } = asRecord(resourceLimits)
  if (codeRangeSizeMb !== undefined) {
    const expected = 'no value, because a process (isolation) has no such limit'
    findings.push({ path: [...path, 'resourceLimits', 'codeRangeSizeMb'], expected, input: codeRangeSizeMb, known: [] })
  }
  if (!survives(input, structuredClone) || survives(input, serialize)) return
  findings.push({
    path: [...path, 'input'],
    expected: 'data that can be sent to a process (isolation), without shared memory',
    input,
    hidden: true,
  })
}
