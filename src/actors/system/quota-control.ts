/** The quotas of a running system: status, control, and the workers to wake after a change. */

import { QuotaError } from '../../errors.js'
import { type QuotaOptions, systemBudget } from '../../options/quota.js'
import { compileWith } from '../../options/validate.js'
import type { ReadonlyDeep } from '../../readonly-deep.js'
import type { Amounts, QuotaStatus } from '../../store/contract/quotas.js'
import { withAllAbove } from '../../store/quotas/hierarchy.js'
import { inTurns } from '../../time/turns.js'
import { checkName, checkObject, duration, wholeNumber } from '../../validation/arguments.js'
import { checkOptions } from '../../validation/filters.js'
import { describe } from '../../values/describe.js'
import type { OpenSystem } from './contract.js'
import { type QuotaHandle, type QuotaReport, type Quotas, summary } from './quota-report.js'

/** A quota that would grant within this time is worth a thread. */
const worthwhileMs = 60_000
/** Time between looks at quotas while a worker waits: a call may use less than granted, or another process may raise a limit. */
const lookEveryMs = 2_000

export class QuotaControl implements Quotas {
  /** Emitted ends by quota and window, so that each is emitted once. */
  readonly #told = new Map<string, number | null>()
  #system: OpenSystem | null = null
  #looking: NodeJS.Timeout | null = null

  /** Called once the system is open. */
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

  /** A worker found all its keys retired. Logged once, until one is revived. */
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
      throw new QuotaError('QUOTA_INVALID', `there is no quota ${describe(name)}; quotas has ${known}`)
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
        const { since = 0 } = checkOptions('the query', query, ['since'])
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
    const backlogs = this.#backlogs(names)
    const { quotas } = await this.#own.parts.store.client.call('quotas', { names, backlogs })
    const calls = this.#calls()
    return quotas.map((status) => ({
      ...status,
      ...summary(status),
      // With `concurrency` the store counts over all hosts; otherwise each host knows only its own workers' calls.
      inFlight: status.concurrency === null ? (calls.get(status.name) ?? 0) : status.inFlight,
      limits: this.#limits(status.name),
      backlog: this.#doneAt(status, backlogs[status.name]?.tasks ?? 0),
    }))
  }

  #limits(name: string): QuotaOptions {
    const { quotas = {}, budget } = this.#own.options
    return name === systemBudget ? { ...(budget && { budget }) } : (quotas[name] ?? {})
  }

  /** Calls in flight of this host's workers, by quota. */
  #calls(): Map<string, number> {
    const calls = new Map<string, number>()
    for (const own of this.#own.managed.values()) {
      // Without a thread it has none.
      if (own.thread === null) continue
      for (const choice of own.config.quota?.choices ?? [])
        for (const scope of this.#scopes(choice)) calls.set(scope, (calls.get(scope) ?? 0) + own.callsOn(choice))
    }
    return calls
  }

  #doneAt({ backlogAt }: QuotaStatus, tasks: number): QuotaReport['backlog'] {
    return { tasks, doneAt: tasks === 0 ? null : backlogAt }
  }

  /** By quota: the tasks left for its workers; a rotating worker is counted in parts. */
  #backlogs(names: readonly string[]): Record<string, { tasks: number; amounts: Amounts }> {
    const { managed, parts } = this.#own
    const backlogs = new Map(names.map((name) => [name, { tasks: 0, amounts: { requests: 1 } as Amounts }]))
    // Thousands of workers name the same few quotas.
    const known = new Map<string, { name: string; share: number }[]>()
    for (const { config } of managed.values()) {
      const counts = parts.lanes.get(config.id)
      if (!config.quota || !counts) continue
      const { choices, amounts } = config.quota
      const key = choices.join('\n')
      const shares = known.get(key) ?? this.#shares(choices)
      known.set(key, shares)
      for (const { name, share } of shares) {
        const backlog = backlogs.get(name)
        if (!backlog) continue
        backlog.tasks += Math.max(0, counts.total - counts.done - counts.dead) * share
        backlog.amounts = { requests: 1, ...amounts }
      }
    }
    for (const backlog of backlogs.values()) backlog.tasks = Math.ceil(backlog.tasks)
    return Object.fromEntries(backlogs)
  }

  /** The share of a worker's tasks that each quota has, if it takes from one of these each time. */
  #shares(choices: readonly string[]): { name: string; share: number }[] {
    const times = new Map<string, number>()
    for (const choice of choices) for (const scope of this.#scopes(choice)) times.set(scope, (times.get(scope) ?? 0) + 1)
    return [...times].map(([name, count]) => ({ name, share: count / choices.length }))
  }

  /** A quota and all that it is within. */
  #scopes(name: string): string[] {
    const { quotas } = this.#own.parts.config
    return withAllAbove(name, (each) => quotas.find((quota) => quota.name === each)?.within ?? [])
  }

  async #set(name: string, limits: ReadonlyDeep<QuotaOptions>): Promise<void> {
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

  /** Wakes one worker of each quota that would grant again; the others follow while there is room. */
  async lookAgain(): Promise<void> {
    const { managed, parts } = this.#own
    const tried = new Set<string>()
    for (const own of managed.values()) {
      const { waitsFor } = own
      if (!waitsFor) continue
      const need = JSON.stringify(waitsFor)
      if (tried.has(need)) continue
      tried.add(need)
      // Retired, or the store is closing: no change.
      const answer = await parts.store.client.call('probeQuota', waitsFor).catch(() => null)
      if (answer && (!answer.wait || answer.wait.inMs < worthwhileMs)) own.quotaChanged()
    }
  }

  /** Looks at intervals while a worker waits. */
  keepLooking(): void {
    this.#looking ??= setTimeout(async () => {
      this.#looking = null
      const { managed, parts } = this.#own
      if (parts.isClosing()) return
      await this.lookAgain()
      if ([...managed.values()].some(({ waitsFor }) => waitsFor)) this.keepLooking()
    }, lookEveryMs)
    this.#looking.unref()
  }

  #wake(): void {
    const waiting = [...this.#own.managed.values()].filter(({ waitsFor }) => waitsFor)
    void inTurns(waiting, (managed) => managed.quotaChanged())
  }

  get #own(): OpenSystem {
    return this.#system as OpenSystem
  }
}
