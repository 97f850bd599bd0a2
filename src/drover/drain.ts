import { wholeNumber } from '../validation/arguments.js'
import { checkOptions } from '../validation/filters.js'

/** As in the configuration: what a timer can wait for. */
const longestDrainMs = 2_147_483_647

export interface Drain {
  drainMs?: number | undefined
}

/** The time that a call gives workers to finish, if it gives one. */
export function drainOf(method: string, options: Drain): { drainMs?: number } {
  const { drainMs } = checkOptions(`what ${method} is given`, options, ['drainMs'])
  return drainMs === undefined ? {} : { drainMs: wholeNumber('drainMs', drainMs, 0, longestDrainMs) }
}
