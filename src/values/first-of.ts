/** Number of names in a line of text. */
const shown = 3

/** The first names of a list, and how many more there are. */
export function firstOf(names: readonly string[]): string {
  return names.length > shown ? `${names.slice(0, shown).join(', ')} and ${names.length - shown} more` : names.join(', ')
}
