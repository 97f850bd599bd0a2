/** The number of annotations, from the counts of lanes. */
import * as v from 'valibot'
import type { WorkerGlance } from '../../actors/system/status.js'
import { count } from '../contract/common.js'

const part = v.object({ total: count, malformed: count })
export const seedStatistics = v.object({
  total_annotations: count,
  malformed_count: count,
  malformed_percentage: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
  by_annotator: v.record(v.string(), part),
  by_domain: v.record(v.string(), part),
})
export type SeedStatistics = v.InferOutput<typeof seedStatistics>

/** `total` has the dead tasks too. */
export function statisticsOf(workers: Iterable<Pick<WorkerGlance, 'annotator' | 'domain' | 'progress'>>): SeedStatistics {
  const all = { total: 0, malformed: 0 }
  const byAnnotator = new Map<string, typeof all>()
  const byDomain = new Map<string, typeof all>()
  const of = (parts: Map<string, typeof all>, name: string): typeof all => {
    const found = parts.get(name) ?? { total: 0, malformed: 0 }
    parts.set(name, found)
    return found
  }
  for (const { annotator, domain, progress } of workers) {
    const { done, dead } = progress ?? { done: 0, dead: 0 }
    for (const sum of [all, of(byAnnotator, annotator), of(byDomain, domain)]) {
      sum.total += done + dead
      sum.malformed += dead
    }
  }
  return {
    total_annotations: all.total,
    malformed_count: all.malformed,
    malformed_percentage: all.total === 0 ? 0 : Math.round((all.malformed / all.total) * 1_000) / 10,
    by_annotator: Object.fromEntries(byAnnotator),
    by_domain: Object.fromEntries(byDomain),
  }
}
