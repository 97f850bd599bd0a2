/**
 * The status of quotas for all readers: the store is asked at most once a second.
 */

import type { QuotaReport } from '../../actors/system/quota-report.js'
import type { WorkerGlance } from '../../actors/system/status.js'
import type { Drover } from '../../drover/drover.js'
import { withAllAbove } from '../../store/quotas/hierarchy.js'
import type { Quota } from '../contract/quota.js'
import { presentQuota } from './quota.js'

/** How long an answer is used, in ms. */
const goodForMs = 1_000

export class QuotaCache {
  readonly #drover: Drover
  readonly #goodForMs: number
  #reports: Promise<QuotaReport[]> | null = null
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(drover: Drover, maxAgeMs = goodForMs) {
    this.#drover = drover
    this.#goodForMs = maxAgeMs
  }

  /**
   * All quotas for display, at most a second old; their data about workers is current.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  async quotas(): Promise<Quota[]> {
    return (await this.withTakers()).quotas
  }

  /** The same with the workers of that moment. */
  async withTakers(): Promise<{ quotas: Quota[]; workers: WorkerGlance[] }> {
    const reports = await this.#ask()
    const workers = this.#drover.view.glances()
    return { quotas: presentQuotas(reports, workers), workers }
  }

  /** A quota was changed: the next call asks again. */
  forget(): void {
    this.#reports = null
  }

  #ask(): Promise<QuotaReport[]> {
    const now = performance.now()
    if (this.#reports && now - this.#askedAt < this.#goodForMs) return this.#reports
    this.#askedAt = now
    const reports = this.#drover.quotas()
    this.#reports = reports
    // A failure is not kept for later calls.
    reports.catch(() => {
      if (this.#reports === reports) this.#reports = null
    })
    return reports
  }
}

/** The fields of a worker that its quotas show. */
export type Taker = Pick<WorkerGlance, 'id' | 'quotas' | 'state' | 'until'>

/** Each with the workers that take from it: by name, or because their quota is within it. */
export function presentQuotas(reports: readonly QuotaReport[], workers: Iterable<Taker>): Quota[] {
  if (reports.length === 0) return []
  const within = new Map(reports.map((report) => [report.name, report.within]))
  const takers = new Map<string, Taker[]>(reports.map(({ name }) => [name, []]))
  // Thousands of workers name the same few quotas.
  const known = new Map<string, Taker[][]>()
  for (const worker of workers) {
    const choice = worker.quotas.join('\n')
    let lists = known.get(choice)
    if (!lists) {
      const names = worker.quotas.flatMap((name) => withAllAbove(name, (each) => within.get(each) ?? []))
      lists = [...new Set(names)].flatMap((name) => {
        const list = takers.get(name)
        return list ? [list] : []
      })
      known.set(choice, lists)
    }
    for (const list of lists) list.push(worker)
  }
  return reports.map((report) => presentQuota(report, takers.get(report.name) ?? []))
}
