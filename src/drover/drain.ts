import { longestTimerMs } from '../bounds.js'
import { wholeNumber } from '../validation/arguments.js'
import { checkOptions } from '../validation/filters.js'

export interface Drain {
  drainMs?: number | undefined
}

/** The `drainMs` of a call, if given. */
export function drainOf(method: string, options: Drain): { drainMs?: number } {
  const { drainMs } = checkOptions(`the options of ${method}`, options, ['drainMs'])
  return drainMs === undefined ? {} : { drainMs: wholeNumber('drainMs', drainMs, 0, longestTimerMs) }
}
