/** The hierarchy of quotas. */

/**
 * A quota and all quotas that it is within, each once, the nearest first. Also ends for cyclic quotas.
 *
 * @param withinOf a quota's own `within`
 */
export function withAllAbove(name: string, withinOf: (name: string) => readonly string[]): string[] {
  const all = [name]
  for (const each of all) all.push(...withinOf(each).filter((above, index, own) => own.indexOf(above) === index && !all.includes(above)))
  return all
}
