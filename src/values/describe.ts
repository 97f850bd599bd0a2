/** A value in a few words for errors, because it may hold secrets and have any size. Loaded in every thread: no imports. */

const longestShown = 100

/** Never throws. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(cut(value))
  if (typeof value === 'bigint') return cut(`${value}n`)
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value === 'object' && value !== null) return describeObject(value)
  return Object.is(value, -0) ? '-0' : String(value)
}

function describeObject(value: object): string {
  try {
    if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
    if (value instanceof URL) return JSON.stringify(cut(value.href))
    const maker = (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null)?.constructor?.name
    return typeof maker === 'string' && maker !== '' && maker !== 'Object' ? `an object (${cut(maker)})` : 'an object'
  } catch {
    return 'an object'
  }
}

export function cut(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text
}
