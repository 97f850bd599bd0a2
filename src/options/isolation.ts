import { serialize } from 'node:v8'
import * as v from 'valibot'
import type { Finding } from '../validation/issues.js'
import { between, group } from '../validation/pieces.js'
import { asRecord, type Path } from './checks.js'

export function survives(input: unknown, passage: (input: unknown) => unknown): boolean {
  try {
    passage(input)
    return true
  } catch {
    return false
  }
}

/** What a thread can have and a process cannot. */
export function checkProcess(path: Path, { input, resourceLimits }: Record<string, unknown>, findings: Finding[]): void {
  const { codeRangeSizeMb } = asRecord(resourceLimits)
  if (codeRangeSizeMb !== undefined) {
    const expected = 'nothing: a process (isolation) has no such limit'
    findings.push({ path: [...path, 'resourceLimits', 'codeRangeSizeMb'], expected, input: codeRangeSizeMb, known: [] })
  }
  if (!survives(input, structuredClone) || survives(input, serialize)) return
  findings.push({
    path: [...path, 'input'],
    expected: 'what can be sent to a process (isolation): data that shares no memory',
    input,
    hidden: true,
  })
}

export const resourceLimits = group({
  maxOldGenerationSizeMb: v.optional(between(1, 1_000_000)),
  maxYoungGenerationSizeMb: v.optional(between(1, 1_000_000)),
  codeRangeSizeMb: v.optional(between(0, 1_000_000)),
  stackSizeMb: v.optional(between(1, 1_000)),
})

/** Limits of a thread's memory in megabytes, as `worker_threads` takes them. What V8 allocates outside of its heap (Buffers) is not among it. */
export interface ResourceLimits {
  maxOldGenerationSizeMb?: number
  maxYoungGenerationSizeMb?: number
  codeRangeSizeMb?: number
  stackSizeMb?: number
}

/**
 * When a thread is replaced by a fresh one, against code that leaks: it finishes its tasks in hand first, keeps its slot, and it
 * counts as no restart. Whatever comes first.
 */
export interface RecycleOptions {
  /** After so many tasks. At least 1. */
  maxTasks?: number
  /** After so long, in whole milliseconds. At least 1_000. */
  maxAgeMs?: number
  /** When so many megabytes of heap are still in use after V8 has cleared it up. At least 1. */
  maxHeapMb?: number
}
