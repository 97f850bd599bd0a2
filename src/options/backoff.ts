import type { Finding } from '../validation/issues.js'
import { between, milliseconds, option, type Schema } from '../validation/schema-pieces.js'
import { asRecord, merged, type Path } from './checks.js'

/** Growing waits: the n-th, from 0, is `min(maxMs, initialMs * factor^n)`, minus a random share. */
export interface BackoffOptions {
  /** First wait, in whole milliseconds. 0 to {@link maxMs}. */
  initialMs?: number
  /** Ratio of each wait to the one before. At least 1. */
  factor?: number
  /** The longest wait, jitter included. At least {@link initialMs}. */
  maxMs?: number
  /** Random share of a wait, 0 to 1: a wait w becomes a random one from w * (1 - jitter) to w. */
  jitter?: number
}

/** Restarts and attempts have different defaults. */
export const backoffEntries = (defaults: Backoff) =>
  ({
    initialMs: option(milliseconds(0), defaults.initialMs),
    factor: option(between(1, Number.MAX_VALUE), defaults.factor),
    maxMs: option(milliseconds(0), defaults.maxMs),
    jitter: option(between(0, 1), defaults.jitter),
  }) satisfies Schema<BackoffOptions>

/** {@link BackoffOptions} with its defaults filled in. */
export interface Backoff {
  initialMs: number
  factor: number
  maxMs: number
  jitter: number
}

export function checkBackoff(path: Path, layers: unknown[], otherwise: { initialMs: number; maxMs: number }, findings: Finding[]): void {
  const own = asRecord(layers.at(-1))
  const initialMs = merged(layers, 'initialMs', otherwise.initialMs)
  const maxMs = merged(layers, 'maxMs', otherwise.maxMs)
  if (maxMs >= initialMs) return
  if (own.maxMs !== undefined) findings.push({ path: [...path, 'maxMs'], expected: `at least ${initialMs}, the initialMs`, input: maxMs })
  else if (own.initialMs !== undefined) {
    findings.push({ path: [...path, 'initialMs'], expected: `at most ${maxMs}, the maxMs`, input: initialMs })
  }
}
