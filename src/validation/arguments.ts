/** Checks of single arguments: each error names the argument, its value and what is allowed. No dependencies. */

import { DroverError } from '../errors.js'
import { describe } from '../values/describe.js'

/** A wait of more than a year is a mistake. */
export const longestWaitMs = 365 * 86_400_000

/** The largest amount of a unit for one call. */
export const largestAmount = 1e12

export function argumentError(name: string, allowed: string, got: unknown): DroverError {
  return new DroverError('ARGUMENT_INVALID', `${name} must be ${allowed}, got ${describe(got)}`)
}

export function checkName(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw argumentError(name, 'a text', value)
  return value
}

/** Numbers are accepted as ids: `annotator: 1` means `'1'`. */
export function checkId(name: string, value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return checkName(name, value)
}

/** Numbers are accepted as keys, as in `load`. */
export function checkKeys(keys: unknown): string[] {
  const fits = (key: unknown): boolean => typeof key === 'string' || (typeof key === 'number' && Number.isFinite(key))
  if (!Array.isArray(keys) || !keys.every(fits)) throw argumentError('keys', 'a list of texts', keys)
  return keys.map(String)
}

export function checkFlag(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw argumentError(name, 'true or false', value)
  return value
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw argumentError(name, 'a function', value)
}

export function checkOneOf<const Value extends string>(name: string, allowed: readonly Value[], value: unknown): Value {
  if (!allowed.includes(value as Value)) throw argumentError(name, allowed.join(', '), value)
  return value as Value
}

export function wholeNumber(name: string, value: unknown, least: number, most: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number
  throw argumentError(name, `a whole number${rangeText(least, most)}`, value)
}

function rangeText(least: number, most: number): string {
  if (most < Number.MAX_SAFE_INTEGER) return `, ${least} to ${most}`
  return least > Number.MIN_SAFE_INTEGER ? ` of ${least} or more` : ''
}

/** A time in ms, from `least` to {@link longestWaitMs}. */
export function duration(name: string, value: number, least = 0): number {
  if (typeof value === 'number' && value >= least && value <= longestWaitMs) return value
  throw argumentError(name, `a number of milliseconds, ${least} to ${longestWaitMs} (a year)`, value)
}

export function finite(name: string, value: number): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw argumentError(name, 'a number', value)
}

export function checkObject<T extends object>(name: string, value: T): T {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw argumentError(name, 'an object', value)
}

export function checkSignal(name: string, value: AbortSignal | undefined): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value
  throw argumentError(name, 'an AbortSignal', value)
}
