/** Groups of errors that tasks died of, by their code. Pure. */
import type { ErrorGroup } from '../../contract/worker.js'

export interface CodeGroup {
  code: string
  /** Tasks of all its groups. */
  count: number
  /** The most frequent first. */
  groups: ErrorGroup[]
}

/** The most frequent code first. */
export function byCode(groups: readonly ErrorGroup[]): CodeGroup[] {
  const codes = new Map<string, CodeGroup>()
  for (const group of groups) {
    const known = codes.get(group.code)
    if (known) {
      known.count += group.count
      known.groups.push(group)
    } else codes.set(group.code, { code: group.code, count: group.count, groups: [group] })
  }
  for (const { groups } of codes.values()) groups.sort((a, b) => b.count - a.count)
  return [...codes.values()].sort((a, b) => b.count - a.count)
}

/** An error in a line: `E_LUCK: no luck`. */
export const nameOf = ({ code, message }: Pick<ErrorGroup, 'code' | 'message'>): string =>
  message === code || message === '' ? code : `${code}: ${message}`
