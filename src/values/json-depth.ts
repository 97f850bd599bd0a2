/** The limit of nesting in JSON. Loaded in every thread: no imports. */

/**
 * The deepest nesting of results and items. SQLite reads at most 1,000 levels of JSON, and writing JSON runs out of stack
 * somewhere beyond that, so a deeper value would fail every read of it.
 */
export const deepestJson = 500

const quote = 34
const backslash = 92

/** Whether a JSON text is nested deeper than that. */
export function isTooDeep(json: string): boolean {
  // Each level takes two characters at least.
  if (json.length <= 2 * deepestJson) return false
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === quote) at = endOfText(json, at)
    else if (code === 91 || code === 123) {
      if (++depth > deepestJson) return true
    } else if (code === 93 || code === 125) depth--
  }
  return false
}

function endOfText(json: string, from: number): number {
  for (let at = json.indexOf('"', from + 1); at !== -1; at = json.indexOf('"', at + 1)) {
    let slashes = 0
    while (json.charCodeAt(at - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return at
  }
  return json.length
}
