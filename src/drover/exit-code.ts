/** The exit code of a process that ran a pipeline. */
import { constants } from 'node:os'
import type { RunReport } from './run-report.js'

/**
 * Of a run: 0: all is done; 3: all workers are done, but some tasks are dead; 4: all is done, but items were loaded that no worker
 * uses; 1: something is not done.
 */
export function exitCodeOf({ ok, incomplete, interrupted, unused }: RunReport): 0 | 1 | 3 | 4 {
  if (ok) return unused.some(({ items }) => items > 0) ? 4 : 0
  return incomplete.length > 0 || interrupted ? 1 : 3
}

/** Of a process that a signal has ended. */
export function exitCodeFor(signal: NodeJS.Signals): number {
  return 128 + (constants.signals[signal] ?? 0)
}
