/** Checks of what methods are called with: each says which argument, what it was, and what is allowed. */
import { DroverError } from './errors.js'
import type { LaneFilter } from './store/engine.js'

const laneNames = ['dataset', 'annotator', 'domain', 'worker'] as const

export function argumentError(name: string, allowed: string, got: unknown): DroverError {
  return new DroverError('ARGUMENT_INVALID', `${name} must be ${allowed}, got ${shown(got)}`)
}

/** The part of a filter that names lanes. */
export function checkLanes(filter: LaneFilter): LaneFilter {
  if (typeof filter !== 'object' || filter === null) throw argumentError('the filter', 'an object', filter)
  const lanes: LaneFilter = {}
  for (const name of laneNames) {
    const value = filter[name]
    if (value === undefined) continue
    if (typeof value !== 'string') throw argumentError(name, 'a text', value)
    lanes[name] = value
  }
  return lanes
}

export function checkName(name: string, value: string): string {
  if (typeof value !== 'string' || value === '') throw argumentError(name, 'a text', value)
  return value
}

export function checkKeys(keys: readonly string[] | undefined): void {
  if (keys === undefined) return
  if (!Array.isArray(keys) || keys.some((key) => typeof key !== 'string')) throw argumentError('keys', 'a list of texts', keys)
}

export function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw argumentError(name, `a whole number, ${least} to ${most}`, value)
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'object' ? JSON.stringify(value) : String(value)
}
