import type { QuotaOptions } from '../../options/quota.js'
import type { ReadonlyDeep } from '../../readonly-deep.js'
import type { QuotaSample, QuotaStatus } from '../../store/contract/quotas.js'
import type { QuotaNews } from '../worker/contract.js'

/** The status of a quota. */
export interface QuotaReport extends QuotaStatus {
  /**
   * Calls in flight. With `concurrency`: grants that are not settled, in all hosts. Without: running tasks and calls of
   * `ctx.withQuota`, in this host.
   */
  inFlight: number
  /** Requests of the calendar day, if one is limited; else of the longest window. */
  requestsToday: number
  /** The limit of {@link requestsToday}; null: requests are not limited. */
  quotaLimit: number | null
  /** Used share of {@link quotaLimit}, 0 to 100. */
  percentageUsed: number
  /** Number of requests possible now; Infinity: requests are not limited. */
  available: number
  canMakeRequest: boolean
  /** The limits as configured or {@link QuotaHandle.set}, in the form that `set` takes. `windows` has the slowed-down ones. */
  limits: QuotaOptions
  /**
   * The tasks left for the workers of this quota, and when they could be done at these limits (ms since the epoch; null: not by
   * itself).
   */
  backlog: { tasks: number; doneAt: number | null }
}

/** The quotas of a system, for users and workers. */
export interface Quotas extends QuotaNews {
  handle(name: string): QuotaHandle
  reports(): Promise<QuotaReport[]>
  /** A worker waits for a quota: from now on, changes by other processes are looked for at intervals. */
  lookAgain(): void
}

/** One quota. */
export interface QuotaHandle {
  /**
   * The current status, over all threads, processes and hosts on the store.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  status(): Promise<QuotaReport>
  /**
   * Replaces its limits while the system runs. Used amounts stay used; waiting workers are woken. Applies to all hosts on the
   * store, until a host with another configuration is started.
   *
   * @param limits all limits: they replace the earlier ones
   * @throws DroverError CONFIG_INVALID, CLOSED, STORE_FAILED
   * @example
   * await drover.quota('key-1').set({ requests: [{ limit: 30, per: 'minute' }, { limit: 3_000, per: 'day' }], burst: 5 })
   */
  set(limits: ReadonlyDeep<QuotaOptions>): Promise<void>
  /**
   * Stops grants for a time. Never shortens an earlier penalty; {@link unblock} lifts it.
   *
   * @param penalty.retryAfterMs in ms, 0 to a year
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  penalize(penalty: { retryAfterMs: number }): Promise<void>
  /**
   * Lifts a block by {@link penalize} or by a provider's refusal. After that, only its windows limit its grants. Waiting workers
   * are woken.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  unblock(): Promise<void>
  /**
   * Stops grants until {@link revive}, because the key must not be used.
   *
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  retire(reason: string): Promise<void>
  /**
   * Ends a retirement: the key works again.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  revive(): Promise<void>
  /**
   * For plots: a sample every ten seconds in which something changed, oldest first, for a day.
   *
   * @param query.since in ms since the epoch. @defaultValue all samples
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
