/** Who takes from which quota, kept as workers change. */
import type { QuotaReport } from '../../actors/system/quota-report.js'
import type { WorkerGlance } from '../../actors/system/status.js'
import { withAllAbove } from '../../store/quotas/hierarchy.js'
import type { Quota } from '../contract/quota.js'
import type { Seen } from './attention.js'
import { InOrder, type Placed, type Some } from './in-order.js'
import { presentQuota } from './quota.js'

type Taker = Seen & Pick<WorkerGlance, 'quotas' | 'until'>

/** The workers that name the same quotas: thousands name the same few. */
interface Group {
  /** Its quotas. */
  choices: readonly string[]
  takers: InOrder<Taker>
  parked: InOrder<Taker>
  /** Of the takers; null: they have changed. */
  ids: string[] | null
}

export class QuotaTakers {
  readonly #groups = new Map<string, Group>()
  /** The groups of each quota, as of what was shown last. */
  #groupsOf = new Map<string, Group[]>()
  /** What was shown last, while it is still so. */
  #shown: { reports: readonly QuotaReport[]; quotas: Quota[] } | null = null
  /** The list of each quota that several groups take from, and the lists that it was joined from. */
  readonly #joined = new Map<string, { lists: string[][]; ids: string[] }>()

  /** @param before the worker as it was counted; null: it was not */
  change(one: Placed<Taker>, before: Taker | null, after: Taker | null): void {
    const [from, to] = [before && this.#group(before), after && this.#group(after)]
    if (from !== to) {
      if (from) this.#take(from, one, false)
      if (to) this.#take(to, one, true)
    }
    const [was, is] = [before?.state === 'parked', after?.state === 'parked']
    if (from && was && (from !== to || !is)) from.parked.change(one, false)
    if (to && is && (from !== to || !was)) to.parked.change(one, true)
    if (from !== to || was !== is || (is && before?.until !== after?.until)) this.#shown = null
  }

  /** Each quota with its takers; the same objects while neither has changed. */
  present(reports: readonly QuotaReport[]): Quota[] {
    if (this.#shown?.reports === reports) return this.#shown.quotas
    this.#groupsOf = this.#find(reports)
    const quotas = reports.map((report) => {
      const groups = this.#groupsOf.get(report.name) ?? []
      return presentQuota(report, { workers: this.#idsOf(report.name, groups), parkedUntil: parkedUntil(groups) })
    })
    this.#shown = { reports, quotas }
    return quotas
  }

  /** The parked workers that take from a quota, as of the last reports. */
  parkedOn(quota: string): Some<Taker> {
    const parked = (this.#groupsOf.get(quota) ?? []).map((group) => group.parked)
    const size = parked.reduce((sum, workers) => sum + workers.size, 0)
    return { size, first: (most) => byPlace(parked.flatMap((workers) => workers.first(most))).slice(0, most) }
  }

  #group({ quotas }: Taker): Group {
    const key = keyOf(quotas)
    const known = this.#groups.get(key)
    if (known) return known
    const group = { choices: quotas, takers: new InOrder<Taker>(), parked: new InOrder<Taker>(), ids: null }
    this.#groups.set(key, group)
    return group
  }

  #take(group: Group, one: Placed<Taker>, isIn: boolean): void {
    group.takers.change(one, isIn)
    group.ids = null
    if (group.takers.size === 0) this.#groups.delete(keyOf(group.choices))
  }

  /** The groups of each quota: those that name it, or one that is within it. */
  #find(reports: readonly QuotaReport[]): Map<string, Group[]> {
    const within = new Map(reports.map((report) => [report.name, report.within]))
    const found = new Map<string, Group[]>(reports.map(({ name }) => [name, []]))
    for (const group of this.#groups.values()) {
      const names = group.choices.flatMap((name) => withAllAbove(name, (each) => within.get(each) ?? []))
      for (const name of new Set(names)) found.get(name)?.push(group)
    }
    return found
  }

  /** The ids of all takers: the same list while they are the same. */
  #idsOf(quota: string, groups: readonly Group[]): string[] {
    const lists = groups.map((group) => {
      group.ids ??= idsOf(group.takers)
      return group.ids
    })
    if (lists.length < 2) return lists[0] ?? none
    const joined = this.#joined.get(quota)
    if (joined?.lists.length === lists.length && joined.lists.every((list, index) => list === lists[index])) return joined.ids
    const ids = byPlace(groups.flatMap(({ takers }) => [...takers])).map(({ worker }) => worker.id)
    this.#joined.set(quota, { lists, ids })
    return ids
  }
}

const none: string[] = []

const keyOf = (choices: readonly string[]): string => choices.join('\n')

const idsOf = (takers: InOrder<Taker>): string[] => Array.from(takers, ({ worker }) => worker.id)

const byPlace = <Worker>(workers: Placed<Worker>[]): Placed<Worker>[] => workers.sort((a, b) => a.place - b.place)

function parkedUntil(groups: readonly Group[]): number | null {
  let soonest: number | null = null
  for (const { parked } of groups)
    for (const { worker } of parked) if (worker.until !== null) soonest = Math.min(soonest ?? worker.until, worker.until)
  return soonest
}
