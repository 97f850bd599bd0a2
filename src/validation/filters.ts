/**
 * Checks of objects as arguments: filters, queries, options. Unknown names are refused, because ignoring one would widen the
 * selection.
 */

import { DroverError } from '../errors.js'
import { closest } from '../values/closest.js'
import { isPlain } from '../values/plain-object.js'
import { argumentError } from './arguments.js'

export const laneNames = ['dataset', 'annotator', 'domain', 'worker'] as const

/**
 * Refuses values that are not an object, unknown names, and parts that are undefined: an undefined part would not narrow the
 * selection as intended.
 *
 * @throws DroverError ARGUMENT_INVALID
 */
export function checkFilter(what: string, given: unknown, names: readonly string[]): void {
  checkNames(what, given, names)
  const open = Object.entries(given as object).find(([, value]) => value === undefined)
  if (open) throw new DroverError('ARGUMENT_INVALID', `${open[0]} of ${what} is undefined: leave it out to select all`)
}

/** As {@link checkFilter}, but undefined means not given. */
export function checkOptions<Options extends object>(what: string, given: Options, names: readonly (keyof Options & string)[]): Options {
  checkNames(what, given, names)
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Options
}

/**
 * Refuses all values but plain objects: a promise, a map or a date has no names to read, and an empty filter selects all.
 *
 * @throws DroverError ARGUMENT_INVALID
 */
export function checkPlain(what: string, given: unknown): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw argumentError(what, 'an object', given)
  if (!isPlain(given)) throw argumentError(what, 'a plain object', given)
}

function checkNames(what: string, given: unknown, names: readonly string[]): void {
  checkPlain(what, given)
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown === undefined) return
  const meant = closest(unknown, names)
  const hint = meant === undefined ? `it has ${names.join(', ')}` : `did you mean ${meant}?`
  throw new DroverError('ARGUMENT_INVALID', `${what} has no ${JSON.stringify(unknown.slice(0, 100))}; ${hint}`)
}
