/** How deep JSON may be. Loaded in every thread: no imports. */

/**
 * Results and items may be nested so deep. SQLite reads no JSON beyond 1,000 levels, and whoever turns a value into JSON runs out of stack
 * somewhere beyond that: what is deeper would fail every read that meets it.
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
