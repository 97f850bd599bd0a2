/** The quotas of a running system, as its users see and steer them, and who has to be woken when one changes. */

import { QuotaError } from '../../errors.js'
import { systemBudget } from '../../options/compile.js'
import type { QuotaOptions } from '../../options/drover.js'
import { compileWith } from '../../options/validate.js'
import type { Amounts, QuotaSample, QuotaStatus } from '../../store/contract/engine.js'
import { withAllAbove } from '../../store/quotas/within.js'
import { inTurns } from '../../time/turns.js'
import { checkName, checkObject, duration, wholeNumber } from '../../validation/arguments.js'
import type { OpenSystem } from './open.js'

/** A quota that would grant within so long is worth a thread. */
const worthwhileMs = 60_000
/** Somebody may use less than was granted, or raise a limit from another process: that is looked for so often, while a worker waits. */
const lookEveryMs = 2_000

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

/** One quota. */
export interface QuotaHandle {
  /** Where it stands now, in all threads, processes and hosts on the store. */
  status(): Promise<QuotaReport>
  /**
   * Changes its limits while everything runs. What was used stays used; workers that wait for it are woken. Holds for all hosts on the
   * store, until one is started whose configuration says otherwise.
   *
   * @param limits all of them: they take the place of those it had
   * @throws DroverError CONFIG_INVALID
   * @example
   * await drover.quota('key-1').set({ requests: [{ limit: 30, per: 'minute' }, { limit: 3_000, per: 'day' }], burst: 5 })
   */
  set(limits: QuotaOptions): Promise<void>
  /**
   * No grants for so long. Never shortens an earlier penalty; {@link unblock} lifts it.
   *
   * @param penalty.retryAfterMs 0 to a year
   * @throws DroverError ARGUMENT_INVALID
   */
  penalize(penalty: { retryAfterMs: number }): Promise<void>
  /** Lifts what {@link penalize}, or a provider's refusal, blocked: its windows alone say what it grants. Workers that wait for it are woken. */
  unblock(): Promise<void>
  /** No grants until {@link revive}: the key is not to be used. */
  retire(reason: string): Promise<void>
  /** The key is good again. */
  revive(): Promise<void>
  /**
   * For plots: a sample every ten seconds in which something changed, oldest first, for a day.
   *
   * @param query.since ms since the epoch. @defaultValue all there are
   */
  history(query?: { since?: number }): Promise<QuotaSample[]>
}

export class QuotaDesk {
  /** Told once each: quota, window and end. */
  readonly #told = new Map<string, number | null>()
  #system: OpenSystem | null = null
  #looking: NodeJS.Timeout | null = null

  /** Once the system is there. */
  open(system: OpenSystem): void {
    this.#system = system
  }

  /** A worker found a quota spent. */
  spent(quota: string, window: string, until: number | null): void {
    const { parts } = this.#own
    this.keepLooking()
    const name = `${quota} ${window}`
    const before = this.#told.get(name)
    const same = before === until || (typeof before === 'number' && until !== null && Math.abs(before - until) < 1_000)
    if (this.#told.has(name) && same) return
    this.#told.set(name, until)
    parts.publish('quota:window:spent', { quota, window, until, at: parts.now() })
    const when = until === null ? 'until its budget is raised' : `until ${new Date(until).toISOString()}`
    parts.logs.part('system')[until === null ? 'warn' : 'info'](`${window} of quota ${quota} is spent ${when}`)
  }

  /** A worker found all its keys retired. Told once, until one is revived. */
  retired(choices: readonly string[]): void {
    const { parts } = this.#own
    this.keepLooking()
    const name = choices.join(', ')
    if (this.#told.has(name)) return
    this.#told.set(name, null)
    parts.logs.part('system').warn(`every key of ${name} is retired: its workers pause until one is revived`)
  }

  get names(): string[] {
    return this.#own.parts.config.quotas.map(({ name }) => name)
  }

  /** @throws QUOTA_INVALID if there is no such quota */
  handle(name: string): QuotaHandle {
    if (!this.names.includes(name)) {
      const known = this.names.join(', ') || 'none'
      throw new QuotaError('QUOTA_INVALID', `there is no quota ${JSON.stringify(name)}; quotas has ${known}`)
    }
    const { parts, reader } = this.#own
    const { calls } = parts
    return {
      status: async () => (await this.#report([name]))[0] as QuotaReport,
      set: (limits) => this.#set(name, limits),
      penalize: async (penalty) => {
        const { retryAfterMs } = checkObject('penalty', penalty)
        await calls.call('blockQuota', { name, forMs: duration('retryAfterMs', retryAfterMs) })
      },
      unblock: async () => {
        await calls.call('blockQuota', { name, forMs: null })
        this.#changed(name)
      },
      retire: async (reason) => {
        const { changed } = await calls.call('retireQuota', { name, reason: checkName('reason', reason) })
        if (changed) parts.publish('quota:key:retired', { quota: name, reason, at: parts.now() })
      },
      revive: async () => {
        if ((await calls.call('retireQuota', { name, reason: null })).changed) this.#changed(name)
      },
      history: async (query = {}) => {
        const { since = 0 } = checkObject('query', query)
        wholeNumber('since', since, 0, Number.MAX_SAFE_INTEGER)
        return (await reader.read('quotaHistory', { name, since })).samples
      },
    }
  }

  /** All of them. */
  reports(): Promise<QuotaReport[]> {
    return this.#report(this.names)
  }

  async #report(names: string[]): Promise<QuotaReport[]> {
    const backlogs = Object.fromEntries(names.map((name) => [name, this.#backlog(name)]))
    const { quotas } = await this.#own.parts.store.client.call('quotas', { names, backlogs })
    return quotas.map((status) => ({
      ...status,
      ...summary(status),
      inFlight: this.#inFlight(status),
      limits: this.#limits(status.name),
      backlog: this.#doneAt(status, backlogs[status.name]?.tasks ?? 0),
    }))
  }

  #limits(name: string): QuotaOptions {
    const { quotas = {}, budget } = this.#own.options
    return name === systemBudget ? { ...(budget && { budget }) } : (quotas[name] ?? {})
  }

  /** The store counts where there is a limit to it, over all hosts; elsewhere each host knows of its own workers' calls. */
  #inFlight({ name, concurrency, inFlight }: QuotaStatus): number {
    if (concurrency !== null) return inFlight
    let calls = 0
    for (const own of this.#own.hands.values()) {
      for (const choice of own.config.quota?.choices ?? []) if (this.#scopes(choice).includes(name)) calls += own.callsOn(choice)
    }
    return calls
  }

  #doneAt({ backlogAt }: QuotaStatus, tasks: number): QuotaReport['backlog'] {
    return { tasks, doneAt: tasks === 0 ? null : backlogAt }
  }

  /** What is left to do for its workers; those that rotate are counted in parts. */
  #backlog(name: string): { tasks: number; amounts: Amounts } {
    const { hands, parts } = this.#own
    let tasks = 0
    let amounts: Amounts = { requests: 1 }
    for (const { config } of hands.values()) {
      const choices = config.quota?.choices ?? []
      const own = choices.filter((choice) => this.#scopes(choice).includes(name)).length
      const counts = parts.lanes.get(config.id)
      if (own === 0 || !counts) continue
      tasks += Math.max(0, counts.total - counts.done - counts.dead) * (own / choices.length)
      amounts = { requests: 1, ...config.quota?.amounts }
    }
    return { tasks: Math.ceil(tasks), amounts }
  }

  /** A quota and all that it is within. */
  #scopes(name: string): string[] {
    const { quotas } = this.#own.parts.config
    return withAllAbove(name, (each) => quotas.find((quota) => quota.name === each)?.within ?? [])
  }

  async #set(name: string, limits: QuotaOptions): Promise<void> {
    const { parts } = this.#own
    const options = this.#own.options
    const changed =
      name === systemBudget ? { ...options, budget: limits.budget } : { ...options, quotas: { ...options.quotas, [name]: limits } }
    const compiled = compileWith(changed as typeof options, `quotas.${name}`, `the limits of quota ${name}`)
    await parts.calls.call('declareQuotas', { quotas: compiled.quotas.filter((quota) => quota.name === name) })
    Object.assign(options, changed)
    parts.config.quotas = compiled.quotas
    this.#changed(name)
  }

  #changed(name: string): void {
    const { parts } = this.#own
    this.#told.clear()
    parts.publish('quota:limits:changed', { quota: name, at: parts.now() })
    this.#wake()
  }

  /** Wakes one worker of each quota that would grant again; the others follow, if there is room for them too. */
  async lookAgain(): Promise<void> {
    const { hands, parts } = this.#own
    const tried = new Set<string>()
    for (const own of hands.values()) {
      const { waitsFor } = own
      const need = JSON.stringify(waitsFor)
      if (!waitsFor || tried.has(need)) continue
      tried.add(need)
      // Retired, or the store is closing: it stays as it is.
      const answer = await parts.store.client.call('probeQuota', waitsFor).catch(() => null)
      if (answer && (!answer.wait || answer.wait.inMs < worthwhileMs)) own.quotaChanged()
    }
  }

  /** Looks again and again, as long as somebody waits. */
  keepLooking(): void {
    this.#looking ??= setTimeout(async () => {
      this.#looking = null
      const { hands, parts } = this.#own
      if (parts.isClosing()) return
      await this.lookAgain()
      if ([...hands.values()].some(({ waitsFor }) => waitsFor)) this.keepLooking()
    }, lookEveryMs)
    this.#looking.unref()
  }

  #wake(): void {
    const waiting = [...this.#own.hands.values()].filter(({ waitsFor }) => waitsFor)
    void inTurns(waiting, (hands) => hands.waitsFor && hands.quotaChanged())
  }

  get #own(): OpenSystem {
    return this.#system as OpenSystem
  }
}

function summary({ windows, waitMs, retired }: QuotaStatus): Omit<QuotaReport, keyof QuotaStatus | 'limits' | 'backlog'> {
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
