import type { QuotaOptions } from '../../options/quota.js'
import type { QuotaSample, QuotaStatus } from '../../store/contract/quotas.js'
import type { QuotaNews } from '../worker/parts.js'

/** Where a quota stands. */
export interface QuotaReport extends QuotaStatus {
  /**
   * Calls under way. With `concurrency`: what was granted and is not settled, in all hosts. Without: tasks that are being worked on, and calls of
   * `ctx.withQuota`, in this host.
   */
  inFlight: number
  /** Requests of the calendar day, if one is limited; else of the longest window. */
  requestsToday: number
  /** Of how many; null: requests are not limited. */
  quotaLimit: number | null
  /** Of {@link quotaLimit}, 0 to 100. */
  percentageUsed: number
  /** How many requests could be made at once now; Infinity: as many as one likes, requests are not limited. */
  available: number
  canMakeRequest: boolean
  /** Its limits as they are configured, or were {@link QuotaHandle.set}: what `set` would take. `windows` tells what they are slowed down to. */
  limits: QuotaOptions
  /** What is left to do for the workers of this quota, and when it could be done at these limits (ms since the epoch; null: not by itself). */
  backlog: { tasks: number; doneAt: number | null }
}

/** The quotas of a system, as a user and its workers see them. */
export interface Quotas extends QuotaNews {
  handle(name: string): QuotaHandle
  reports(): Promise<QuotaReport[]>
  /** A worker waits for a quota: what other processes do is looked at now and then, while it does. */
  lookAgain(): void
}

/** One quota. */
export interface QuotaHandle {
  /**
   * Where it stands now, in all threads, processes and hosts on the store.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  status(): Promise<QuotaReport>
  /**
   * Changes its limits while everything runs. What was used stays used; workers that wait for it are woken. Holds for all hosts on the
   * store, until one is started whose configuration says otherwise.
   *
   * @param limits all of them: they take the place of those it had
   * @throws DroverError CONFIG_INVALID, CLOSED, STORE_FAILED
   * @example
   * await drover.quota('key-1').set({ requests: [{ limit: 30, per: 'minute' }, { limit: 3_000, per: 'day' }], burst: 5 })
   */
  set(limits: QuotaOptions): Promise<void>
  /**
   * No grants for so long. Never shortens an earlier penalty; {@link unblock} lifts it.
   *
   * @param penalty.retryAfterMs 0 to a year
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  penalize(penalty: { retryAfterMs: number }): Promise<void>
  /**
   * Lifts what {@link penalize}, or a provider's refusal, blocked: its windows alone say what it grants. Workers that wait for it are woken.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  unblock(): Promise<void>
  /**
   * No grants until {@link revive}: the key is not to be used.
   *
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  retire(reason: string): Promise<void>
  /**
   * The key is good again.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  revive(): Promise<void>
  /**
   * For plots: a sample every ten seconds in which something changed, oldest first, for a day.
   *
   * @param query.since ms since the epoch. @defaultValue all there are
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  history(query?: { since?: number }): Promise<QuotaSample[]>
}

export function summary({ windows, waitMs, retired }: QuotaStatus): Omit<QuotaReport, keyof QuotaStatus | 'limits' | 'backlog'> {
  const requests = windows.filter(({ unit }) => unit === 'requests')
  const day = requests.find(({ per }) => per.startsWith('day')) ?? requests.at(-1)
  const rooms = requests.map(({ limit, burst, used }) => Math.max(0, (burst ?? limit) - used))
  return {
    requestsToday: Math.round(day?.used ?? 0),
    quotaLimit: day?.limit ?? null,
    percentageUsed: day ? Math.min(100, Math.round((day.used / day.limit) * 1_000) / 10) : 0,
    available: waitMs > 0 || retired ? 0 : Math.floor(Math.min(...rooms)),
    canMakeRequest: waitMs === 0 && retired === null,
  }
}
