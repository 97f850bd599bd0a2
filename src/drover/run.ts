/** A whole run in one call: start, show progress, wait for the end, close. */

import { checkProgress, type ProgressOptions, type ProgressSource, showProgress } from '../progress/progress.js'
import { argumentError, checkFunction } from '../validation/arguments.js'
import { checkOptions } from '../validation/filters.js'
import { drainOf } from './drain.js'
import { exitCodeFor, exitCodeOf } from './exit-code.js'
import type { RunReport } from './run-report.js'
import type { Selector } from './selector.js'
import { checkSignalNames } from './signals.js'

/** The options of {@link Drover.run}. */
export interface RunOptions {
  /** The workers to start. @defaultValue all enabled ones */
  select?: Selector
  /** Whether and how to show progress. @defaultValue true if stderr is a terminal */
  progress?: boolean | ProgressOptions
  /**
   * Called with the report while the store is still open, to read and export results. If it throws, `run` closes and rejects with
   * its error.
   */
  onDone?: (report: RunReport) => unknown
  /** The signals that end all work in order; see `stopOnSignals`. false: none. @defaultValue ['SIGINT', 'SIGTERM'] */
  signals?: NodeJS.Signals[] | false
  /** As for `close`, in ms. @defaultValue each worker's own `drainMs` */
  drainMs?: number
}

/** The report of a run, with the code that its process should end with. */
export interface RunEnd extends RunReport {
  /**
   * 0: all is done; 3: all workers are done, but some tasks are dead; 4: all is done, but items were loaded into a dataset that no
   * worker uses ({@link RunReport.unused}); 1: something is not done; 130 or 143: a signal (SIGINT, SIGTERM) ended it.
   */
  exitCode: number
}

/** The part of a system that `run` needs. */
export interface Runnable extends ProgressSource {
  start(selector?: Selector): Promise<unknown>
  done(): Promise<RunReport>
  stopOnSignals(signals?: NodeJS.Signals[]): unknown
  readonly interruptedBy: NodeJS.Signals | null
  close(options: { drainMs?: number }): Promise<void>
}

export async function run(system: Runnable, options: RunOptions, warn: (message: string) => void): Promise<RunEnd> {
  const checked = checkOptions('the options of run', options, ['select', 'progress', 'onDone', 'signals', 'drainMs'])
  const { select, progress = process.stderr.isTTY === true, onDone, signals, drainMs } = checked
  if (onDone !== undefined) checkFunction('onDone', onDone)
  if (typeof progress === 'object') checkProgress(progress)
  else if (typeof progress !== 'boolean') throw argumentError('progress', 'true, false or an object', progress)
  if (signals !== undefined && signals !== false) checkSignalNames('signals', signals, 'false or ')
  const drain = drainOf('run', { drainMs })
  if (signals !== false) system.stopOnSignals(signals)
  const shown = progress === false ? null : showProgress(system, progress === true ? {} : progress)
  try {
    await system.start(select)
    const report = await system.done()
    shown?.stop()
    await onDone?.(report)
    const { interruptedBy } = system
    for (const { dataset, items } of report.unused) {
      if (items > 0) warn(`run: ${items} items were loaded into ${JSON.stringify(dataset)}, which no worker uses`)
    }
    return { ...report, exitCode: interruptedBy === null ? exitCodeOf(report) : exitCodeFor(interruptedBy) }
  } finally {
    shown?.stop()
    await system.close(drain)
  }
}
