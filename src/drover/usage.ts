/** Amounts used of quotas, for users. */

import type { Amounts } from '../store/contract/quotas.js'
import type { TaskUsageRow, UsageRow } from '../store/contract/reads.js'
import type { LaneFilter } from '../store/contract/registry.js'
import { addTo } from '../store/quotas/amounts.js'
import type { Reader } from '../store/read-pool/reader.js'
import { pages } from './pages.js'

const pageSize = 1_000

/** The amounts used by one worker, annotator or domain. */
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
    addTo(sum, row.usage)
    sums.set(row[by], sum)
  }
  return [...sums].map(([of, usage]) => ({ of, usage }))
}

export function readTaskUsage(reader: Reader, filter: LaneFilter): AsyncGenerator<TaskUsageRow, void, void> {
  return pages((after) => reader.read('taskUsage', { filter, after, limit: pageSize }))
}
