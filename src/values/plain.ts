/**
 * Plain data out of anything that user code may hand over: revoked proxies, getters that throw, `toJSON` that throws null. Nothing here
 * throws. Loaded in every thread: no imports.
 */

/** What stands for a value that gives nothing of itself. */
const unreadable = '[unreadable]'

/** A property, or undefined where it cannot be had. */
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

/** A text as it is, anything else as JSON where it has any. */
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

/** The message of what was thrown, be it an error or not. */
export function messageOf(thrown: unknown): string {
  const message = read(thrown, 'message')
  return typeof message === 'string' ? message : textOf(thrown)
}

/** A text of no more than so many characters, and a note of what is missing. */
export function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)} [${text.length - longest} more characters]` : text
}

/**
 * An object's fields as JSON. What JSON has no form for is told as text, what was met before as `[seen above]`, and a field that cannot be
 * read as `[unreadable]`; the others stay as they are.
 *
 * @param errorData what an error is written as; its own `toJSON` is not asked, since it may tell more than is good
 */
export function jsonOf(fields: object, errorData: (error: Error) => unknown): string {
  try {
    return whole(fields, errorData)
  } catch {
    // One of them cannot be read: each by itself.
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
