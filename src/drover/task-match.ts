/** Which tasks a call is about, checked. */
import type { DeadKind, TaskFilter } from '../store/contract/single-tasks.js'
import { argumentError, checkKeys, checkName, checkOneOf } from '../validation/arguments.js'
import { checkLanes, type LaneQuery } from './lane-query.js'

/** Which tasks; all given parts must match. */
export interface TaskMatch extends LaneQuery {
  /** Items with one of these keys. */
  keys?: (string | number)[]
  /** Keys that contain this text. */
  search?: string
  /** Keys that begin with this text. */
  prefix?: string
  /** Dead tasks of this kind. */
  kind?: DeadKind
  /** Dead tasks whose error is in the group with this `id`, see `drover.errors`. */
  error?: string
  /** Dead tasks whose error is in a group with this `code`. */
  code?: string
}

/** As the store takes it. */
export type Match = Omit<TaskFilter, 'state'>

/** The parts that tasks of every state have. */
export const laneParts = ['keys', 'search', 'prefix'] as const
const kinds: readonly DeadKind[] = ['failed', 'poison', 'dropped']

/**
 * @param more other names in it
 * @param parts the parts that it may have beside lanes
 * @throws DroverError ARGUMENT_INVALID
 */
export function checkMatch(
  what: string,
  given: TaskMatch,
  more: readonly string[] = [],
  parts: readonly string[] = [...laneParts, 'kind', 'error', 'code'],
): Match {
  const filter = checkLanes(what, given, [...parts, ...more])
  const { keys, search, prefix, kind, error, code } = given
  for (const [name, text] of Object.entries({ search, prefix })) {
    if (text !== undefined && typeof text !== 'string') throw argumentError(name, 'a text', text)
  }
  return {
    filter,
    ...(keys !== undefined && { keys: checkKeys(keys) }),
    ...(search && { search }),
    ...(prefix && { prefix }),
    ...(kind !== undefined && { kind: checkOneOf('kind', kinds, kind) }),
    ...(error !== undefined && { errors: [checkName('error', error)] }),
    ...(code !== undefined && { code: checkName('code', code) }),
  }
}

/**
 * As {@link checkMatch}, of a call that moves tasks: an empty text is refused, because it would match all of them.
 *
 * @throws DroverError ARGUMENT_INVALID
 */
export function checkMoved(given: TaskMatch, more: readonly string[] = [], parts?: readonly string[]): Match {
  const match = checkMatch('the filter', given, more, parts)
  for (const name of ['search', 'prefix'] as const) if (given[name] === '') throw argumentError(name, 'a text that is not empty', '')
  return match
}

/** Whether only dead tasks can match. */
export function asksForDead({ kind, errors, code }: Match): boolean {
  return kind !== undefined || errors !== undefined || code !== undefined
}

/** Whether its tasks must be looked for: lanes and keys alone name them. */
export function isSearch(match: Match): boolean {
  return match.search !== undefined || match.prefix !== undefined || asksForDead(match)
}
