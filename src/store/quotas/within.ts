/** Which quotas stand above which. */

/**
 * A quota and all that it is within, each once, the nearest first. Ends where quotas are within each other, too.
 *
 * @param withinOf what a quota is within by its own word
 */
export function withAllAbove(name: string, withinOf: (name: string) => readonly string[]): string[] {
  const all = [name]
  for (const each of all) all.push(...withinOf(each).filter((above, index, own) => own.indexOf(above) === index && !all.includes(above)))
  return all
}
