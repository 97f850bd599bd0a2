import type { LaneFilter } from '../store/contract/registry.js'
import { checkId, checkName } from '../validation/arguments.js'
import { checkFilter, laneNames } from '../validation/filters.js'

/** A filter of lanes as users write it: annotators may be numbers. */
export type LaneQuery = Omit<LaneFilter, 'annotator'> & { annotator?: string | number }

/** Checks a filter and returns its part about lanes; `more` lists its other names. */
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
