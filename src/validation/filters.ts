/**
 * Checks of objects that methods are called with: filters, queries, options. A name that is not understood is refused, because what it was
 * to leave out would be met as well.
 */

import { DroverError } from '../errors.js'
import { closest } from '../values/closest.js'
import { argumentError } from './arguments.js'

export const laneNames = ['dataset', 'annotator', 'domain', 'worker'] as const

/**
 * Refuses all but an object that has no other names than these. What is undefined there narrows nothing, though somebody meant it to: it
 * is refused too.
 *
 * @throws DroverError ARGUMENT_INVALID
 */
export function checkFilter(what: string, given: unknown, names: readonly string[]): void {
  checkNames(what, given, names)
  const open = Object.entries(given as object).find(([, value]) => value === undefined)
  if (open) throw new DroverError('ARGUMENT_INVALID', `${open[0]} of ${what} is undefined: leave it out where all are meant`)
}

/** As {@link checkFilter}, and what is undefined counts as not given. */
export function checkOptions<Options extends object>(what: string, given: Options, names: readonly (keyof Options & string)[]): Options {
  checkNames(what, given, names)
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Options
}

function checkNames(what: string, given: unknown, names: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw argumentError(what, 'an object', given)
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown === undefined) return
  const meant = closest(unknown, names)
  const hint = meant === undefined ? `it has ${names.join(', ')}` : `did you mean ${meant}?`
  throw new DroverError('ARGUMENT_INVALID', `${what} has no ${JSON.stringify(unknown.slice(0, 100))}; ${hint}`)
}
