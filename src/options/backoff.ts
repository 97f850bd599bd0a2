import type { Finding } from '../validation/issues.js'
import { between, milliseconds, option, type Schema } from '../validation/pieces.js'
import { asRecord, merged, type Path } from './checks.js'

/** Waits that grow: the n-th is `min(maxMs, initialMs * factor^n)`, less its random share. */
export interface BackoffOptions {
  /** First wait, in whole milliseconds. 0 to {@link maxMs}. */
  initialMs?: number
  /** Each wait is so many times the one before. At least 1. */
  factor?: number
  /** No wait is longer, jitter included. At least {@link initialMs}. */
  maxMs?: number
  /** Share of a wait that is random, 0 to 1: a wait w becomes one between w * (1 - jitter) and w. */
  jitter?: number
}

/** Waits have other defaults before a restart than between attempts. */
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
