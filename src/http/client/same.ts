/** Compares and joins plain JSON, so that unchanged parts keep their identity. */

export type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null

/** Whether two JSON values are equal. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false
  // Thousands of small objects are compared: lists of their keys would cost more than all the rest.
  let more = 0
  for (const key in a) {
    if (!Object.hasOwn(b, key) || !same(a[key], b[key])) return false
    more++
  }
  for (const _ in b) more--
  return more === 0
}

/** `after`, with every part that is equal in `before` taken from there. */
export function keep<T>(before: unknown, after: T): T {
  if (before === after || !isObject(before) || !isObject(after) || Array.isArray(before) !== Array.isArray(after)) return after
  const old = before as Json
  const take = (key: string, value: unknown): unknown => keep(Object.hasOwn(old, key) ? old[key] : undefined, value)
  if (Array.isArray(after)) {
    const joined = after.map((value, at) => take(String(at), value))
    return (joined.length === (old as unknown as unknown[]).length && joined.every((value, at) => value === old[at]) ? before : joined) as T
  }
  const keys = Object.keys(after)
  // `fromEntries` also defines keys such as __proto__, which an assignment would not.
  const joined: Json = Object.fromEntries(keys.map((key) => [key, take(key, (after as Json)[key])]))
  const oldKeys = Object.keys(old)
  const unchanged = keys.length === oldKeys.length && keys.every((key, at) => key === oldKeys[at] && joined[key] === old[key])
  return (unchanged ? before : joined) as T
}
