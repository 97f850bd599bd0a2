/** The beginning of what may be long, for a line of text. */

/** The first names of a list, and how many more there are. @param most names that are shown */
export function firstOf(names: readonly string[], most = 3): string {
  return names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')
}

/** The first line of a text. */
export function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string
}
