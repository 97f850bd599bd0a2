/** What calls used, as users read it. */
import type { Amounts, LaneFilter, TaskUsageRow, UsageRow } from './store/engine.js'
import type { Reader } from './store/reader.js'

const pageSize = 1_000

/** What one worker, annotator or domain used. */
export interface Usage {
  /** The worker's id, the annotator or the domain. */
  of: string
  /** By unit. */
  usage: Amounts
}

export function usageBy(rows: readonly UsageRow[], by: 'worker' | 'annotator' | 'domain'): Usage[] {
  const sums = new Map<string, Amounts>()
  for (const row of rows) {
    const sum = sums.get(row[by]) ?? {}
    for (const [unit, amount] of Object.entries(row.usage)) sum[unit] = (sum[unit] ?? 0) + amount
    sums.set(row[by], sum)
  }
  return [...sums].map(([of, usage]) => ({ of, usage }))
}

export async function* readTaskUsage(reader: Reader, filter: LaneFilter): AsyncGenerator<TaskUsageRow, void, void> {
  let after: string | null = null
  do {
    const page: { rows: TaskUsageRow[]; next: string | null } = await reader.read('taskUsage', { filter, after, limit: pageSize })
    yield* page.rows
    after = page.next
  } while (after !== null)
}
