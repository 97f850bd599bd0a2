/** Headers of any client in one form: a map by lower-case name. */
import { asRecord } from './fields.js'

/** Values by lower-case name. */
export type HeaderMap = ReadonlyMap<string, string>

const none: HeaderMap = new Map()

/** Headers of a `Headers`, of a record (of texts or lists of them), or of pairs; an empty map for anything else. */
export function readHeaders(source: unknown): HeaderMap {
  if (typeof source !== 'object' || source === null) return none
  const pairs: Iterable<unknown> = isIterable(source) ? source : Object.entries(asRecord(source) ?? {})
  const headers = new Map<string, string>()
  for (const pair of pairs) {
    if (!Array.isArray(pair)) continue
    const [name, value] = pair as unknown[]
    const text = Array.isArray(value) ? value[0] : value
    if (typeof name === 'string' && typeof text === 'string') headers.set(name.toLowerCase(), text)
  }
  return headers
}

/** Whether a header's name has this prefix. */
export function hasPrefix(headers: HeaderMap, prefix: string): boolean {
  for (const name of headers.keys()) if (name.startsWith(prefix)) return true
  return false
}

/** Time of the answer by the provider's clock, or `now`. Counting from it makes a wrong clock here harmless. */
export function sentAt(headers: HeaderMap, now: number): number {
  const date = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(date) ? now : date
}

function isIterable(value: object): value is Iterable<unknown> {
  return typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function'
}
