/**
 * The state as connections are shown it. What moves by itself moves in steps here: rates once a second, expected ends only when they are
 * off by something that matters. A system in which nothing happens stays the same.
 */

import type { QuotaReport } from '../../actors/system/quota-report.js'
import type { SystemStatus, TreeStatus } from '../../actors/system/status.js'
import type { Drover } from '../../drover/drover.js'
import type { Quota } from '../contract/quota.js'
import { presentOverview } from '../present/overview.js'
import { presentQuotas } from '../present/quota-cache.js'
import { presentTree } from '../present/tree.js'
import { presentWorker, type Rates } from '../present/worker.js'
import type { WholeState } from './diff.js'

/** Rates are told so often. */
export const ratesEveryMs = 1_000
/** An expected end moves when it is off by so much, of what is left and at least. */
const endMoves = { share: 0.02, ms: 2_000 }

const noRates = { ratePerMinute: 0, failuresPerMinute: 0, errorRate: null }

export class Source {
  readonly #drover: Drover
  #ratesAt = Number.NEGATIVE_INFINITY
  /** By worker. */
  #rates = new Map<string, Rates>()
  #systemRate = 0
  #moving = false

  constructor(drover: Drover) {
    this.#drover = drover
  }

  /** @param now ms since the epoch */
  look(before: WholeState | null, reports: readonly QuotaReport[], now: number): WholeState {
    const status = this.#drover.status()
    const quotas = presentQuotas(reports, status.workers)
    const tree = this.#drover.tree()
    if (Math.abs(now - this.#ratesAt) >= ratesEveryMs) {
      this.#ratesAt = now
      this.#rates = new Map(
        status.workers.map(({ id, ratePerMinute, failuresPerMinute, errorRate }) => [
          id,
          {
            ratePerMinute: toTenth(ratePerMinute),
            failuresPerMinute: toTenth(failuresPerMinute),
            errorRate: errorRate && Math.round(errorRate * 1_000) / 1_000,
          },
        ]),
      )
      this.#systemRate = toTenth(status.ratePerMinute)
    }
    this.#moving = this.#isMoving(status, tree)
    const overview = presentOverview(status, tree, quotas, now)
    return {
      overview: { ...overview, ratePerMinute: this.#systemRate, doneAt: steady(before?.overview.doneAt, overview.doneAt, now) },
      workers: Object.fromEntries(
        status.workers.map((worker) => [worker.id, presentWorker(worker, this.#rates.get(worker.id) ?? noRates)]),
      ),
      tree: presentTree(tree),
      quotas: Object.fromEntries(quotas.map((quota) => [quota.name, steadyQuota(before?.quotas[quota.name], quota, now)])),
    }
  }

  /** Whether something can change of which no event tells, as of the last look: rates and restart counts decay, threads turn to something else. */
  get moving(): boolean {
    return this.#moving
  }

  #isMoving({ workers, ratePerMinute }: SystemStatus, tree: readonly TreeStatus[]): boolean {
    return (
      ratePerMinute > 0 ||
      this.#systemRate > 0 ||
      workers.some(({ beatAgeMs, failuresPerMinute }) => beatAgeMs !== null || failuresPerMinute > 0) ||
      [...this.#rates.values()].some(({ failuresPerMinute }) => failuresPerMinute > 0) ||
      countsRestarts(tree)
    )
  }
}

const toTenth = (rate: number): number => Math.round(rate * 10) / 10

function countsRestarts(nodes: readonly TreeStatus[]): boolean {
  return nodes.some((node) => 'supervisor' in node && (node.restarts.count > 0 || countsRestarts(node.children)))
}

function steadyQuota(before: Quota | undefined, quota: Quota, now: number): Quota {
  return { ...quota, backlog: { ...quota.backlog, doneAt: steady(before?.backlog.doneAt, quota.backlog.doneAt, now) } }
}

function steady(before: number | null | undefined, at: number | null, now: number): number | null {
  if (before === null || before === undefined || at === null) return at
  return Math.abs(at - before) > Math.max(endMoves.ms, (at - now) * endMoves.share) ? at : before
}
