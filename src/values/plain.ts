/**
 * Plain data from any value of user code: revoked proxies, getters that throw, a `toJSON` that throws null. Nothing here throws.
 * Loaded in every thread: no imports.
 */

/** The replacement of an unreadable value. */
const unreadable = '[unreadable]'

/** A property, or undefined if it cannot be read. */
export function read(value: unknown, name: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown> | null | undefined)?.[name]
  } catch {
    return undefined
  }
}

/** Whether it is an error of this realm. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error
  } catch {
    return false
  }
}

/** A text unchanged; any other value as JSON, if possible. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    const json: unknown = JSON.stringify(value)
    if (typeof json === 'string') return json
  } catch {
    // A BigInt, a cycle, a `toJSON` that throws.
  }
  try {
    return String(value)
  } catch {
    return unreadable
  }
}

/** The message of any thrown value. */
export function messageOf(thrown: unknown): string {
  const message = read(thrown, 'message')
  return typeof message === 'string' ? message : textOf(thrown)
}

/** The text cut to `longest` characters, with a note of the missing ones. */
export function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)} [${text.length - longest} more characters]` : text
}

/**
 * An object's fields as JSON. Values without a JSON form become texts, repeated ones `[seen above]`, and unreadable fields
 * `[unreadable]`; the others are unchanged.
 *
 * @param errorData the data of an error; its own `toJSON` is not used, because it may reveal too much
 */
export function jsonOf(fields: object, errorData: (error: Error) => unknown): string {
  try {
    return whole(fields, errorData)
  } catch {
    // One field cannot be read: write each by itself.
  }
  const parts: string[] = []
  for (const name of namesOf(fields)) {
    let part: string
    try {
      part = whole({ [name]: fields[name as keyof typeof fields] }, errorData)
    } catch {
      part = JSON.stringify({ [name]: unreadable })
    }
    if (part !== '{}') parts.push(part.slice(1, -1))
  }
  return `{${parts.join()}}`
}

function whole(fields: object, errorData: (error: Error) => unknown): string {
  const seen = new WeakSet<object>()
  function plain(this: unknown, name: string, given: unknown): unknown {
    const own = read(this, name)
    const value = isError(own) ? own : given
    if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') return textOf(value).slice(0, 100)
    if (typeof value !== 'object' || value === null) return value
    if (seen.has(value)) return '[seen above]'
    seen.add(value)
    return isError(value) ? errorData(value) : value
  }
  return JSON.stringify(fields, plain) ?? '{}'
}

function namesOf(value: object): string[] {
  try {
    return Object.keys(value)
  } catch {
    return []
  }
}
