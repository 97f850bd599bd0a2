/** The label within a result, as counts of labels know it. */

/** Longer labels are cut. */
export const longestLabel = 200

const begin = '{"label":"'

/**
 * The label of a result, given as JSON text: its `label` if it is an object, else the value itself; null: it has none. A label that
 * is not a text is its JSON text.
 */
export function labelOf(value: string): string | null {
  if (value.startsWith(begin)) {
    const end = value.indexOf('"', begin.length)
    // The usual case, without parsing: a short text as the first key.
    if (end > 0 && end - begin.length <= longestLabel && !value.slice(begin.length, end).includes('\\'))
      return value.slice(begin.length, end)
  }
  const parsed = parse(value)
  if (parsed === undefined) return null
  const label = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as { label?: unknown }).label : parsed
  if (label === undefined || label === null) return null
  return cut(typeof label === 'string' ? label : JSON.stringify(label))
}

/** @returns undefined if it is not JSON, or nested too deep */
function parse(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

/** By characters, as SQLite cuts. Half characters become what SQLite stores for them. */
function cut(text: string): string {
  const short = text.length <= longestLabel ? text : [...text].slice(0, longestLabel).join('')
  return /[\ud800-\udfff]/.test(short) ? Buffer.from(short).toString() : short
}
