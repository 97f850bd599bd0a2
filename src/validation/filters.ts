/**
 * Checks of objects that methods are called with: filters, queries, options. A name that is not understood is refused, because what it was
 * to leave out would be met as well.
 */

import { DroverError } from '../errors.js'
import type { LaneFilter } from '../store/contract/engine.js'
import { closest } from '../values/closest.js'
import { argumentError, checkId, checkName } from './arguments.js'

const laneNames = ['dataset', 'annotator', 'domain', 'worker'] as const

/** As users write it: annotators may be numbers. */
export type LaneQuery = Omit<LaneFilter, 'annotator'> & { annotator?: string | number }

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

/** The part of a filter that names lanes; it may have `more` names. */
export function checkLanes(what: string, given: LaneQuery, more: readonly string[] = []): LaneFilter {
  checkFilter(what, given, [...laneNames, ...more])
  const lanes: LaneFilter = {}
  for (const name of laneNames) {
    const value = given[name]
    if (value === undefined) continue
    lanes[name] = name === 'annotator' ? checkId(name, value) : checkName(name, value)
  }
  return lanes
}

function checkNames(what: string, given: unknown, names: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw argumentError(what, 'an object', given)
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown === undefined) return
  const meant = closest(unknown, names)
  const hint = meant === undefined ? `it has ${names.join(', ')}` : `did you mean ${meant}?`
  throw new DroverError('ARGUMENT_INVALID', `${what} has no ${JSON.stringify(unknown.slice(0, 100))}; ${hint}`)
}
