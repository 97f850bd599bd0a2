/** Suggests the most similar name. */
import { distance } from 'fastest-levenshtein'

/** Of a longer name only the beginning is compared. */
const longestCompared = 100

/** The most similar of the known names, if any is similar. Case, `_` and `-` do not count. */
export function closest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[_-]/g, '')
  const meant = plain(name).slice(0, longestCompared)
  if (meant === '') return undefined
  let best: { name: string; score: number } | undefined
  for (const candidate of known) {
    const other = plain(candidate)
    const near = distance(meant, other)
    const starts = meant.length >= 3 && other.length >= 3 && (other.startsWith(meant) || meant.startsWith(other))
    // A third of the letters may be wrong. A name with the same beginning is accepted too, after all closer ones.
    if (near > Math.ceil(Math.max(meant.length, other.length) / 3) && !starts) continue
    if (!best || near < best.score) best = { name: candidate, score: near }
  }
  return best?.name
}
