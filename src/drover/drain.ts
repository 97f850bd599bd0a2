import { wholeNumber } from '../validation/arguments.js'
import { checkOptions } from '../validation/filters.js'

/** The longest wait of a timer, as in the configuration. */
const longestDrainMs = 2_147_483_647

export interface Drain {
  drainMs?: number | undefined
}

/** The `drainMs` of a call, if given. */
export function drainOf(method: string, options: Drain): { drainMs?: number } {
  const { drainMs } = checkOptions(`the options of ${method}`, options, ['drainMs'])
  return drainMs === undefined ? {} : { drainMs: wholeNumber('drainMs', drainMs, 0, longestDrainMs) }
}
