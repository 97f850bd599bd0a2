/** Control by hand: what each call asks of the selected workers, and when the call resolves. */
import { askAll } from '../actors/supervisor/ask-all.js'
import { stopInOrder } from '../actors/supervisor/stop-in-order.js'
import type { OpenSystem } from '../actors/system/contract.js'
import type { Waker } from '../actors/system/wake-workers.js'
import { declareWorkers, heldBy } from '../actors/worker/registration.js'
import type { ManagedWorker } from '../actors/worker/worker.js'
import { DroverError } from '../errors.js'
import { workerOf } from '../instance-ids.js'
import { inTurnsAsync, shareOfTurn } from '../time/turns.js'
import { checkFlag, checkName, wholeNumber } from '../validation/arguments.js'
import { checkOptions } from '../validation/filters.js'
import { type Drain, drainOf } from './drain.js'
import type { Lifetime } from './lifetime.js'
import type { OpenCalls } from './open-calls.js'
import { type ControlOutcome, outcomeOf, type ResetOutcome } from './reports.js'
import type { Selection } from './selection.js'
import type { Selector } from './selector.js'
import { refuseBeyondSlots, startAll } from './start.js'

export interface ControlMeans {
  system: OpenSystem
  lifetime: Lifetime
  selection: Selection
  waker: Waker
  uses: OpenCalls
}

export class Control {
  readonly #system: OpenSystem
  readonly #lifetime: Lifetime
  readonly #selection: Selection
  readonly #waker: Waker
  readonly #uses: OpenCalls
  #started = false

  constructor({ system, lifetime, selection, waker, uses }: ControlMeans) {
    this.#system = system
    this.#lifetime = lifetime
    this.#selection = selection
    this.#waker = waker
    this.#uses = uses
  }

  /** Whether any worker was started by hand. */
  get hasStarted(): boolean {
    return this.#started
  }

  async start(selector: Selector | undefined): Promise<ControlOutcome[]> {
    const { interrupted } = this.#lifetime
    if (interrupted) return this.#selection.evenAtTheEnd(selector).map((managed) => outcomeOf(managed, false, interrupted.message))
    const workers = this.#selection.of(selector)
    refuseBeyondSlots(this.#system, workers)
    this.#started = true
    this.#system.parts.pools.start()
    return this.#uses.during(startAll(this.#system, workers))
  }

  async stop(selector: Selector | undefined, options: Drain): Promise<ControlOutcome[]> {
    const stopped = this.#selection.of(selector).map((managed) => ({ managed, timesStarted: managed.timesStarted }))
    await stopInOrder(
      this.#system,
      stopped.map(({ managed }) => managed),
      { type: 'STOP', ...drainOf('stop', options) },
    )
    // A worker that is started by hand meanwhile is no longer waited for.
    await this.#lifetime.until(() => stopped.every(({ managed, timesStarted }) => !managed.live || managed.timesStarted > timesStarted))
    await Promise.all(stopped.map(({ managed }) => managed.freed))
    // Only theirs: calls for single workers in a row would each read all.
    await this.#waker.refresh(stopped.filter(({ managed }) => !managed.isGone).map(({ managed }) => managed.config.id))
    return stopped.map(({ managed, timesStarted }) =>
      outcomeOf(managed, true, managed.timesStarted > timesStarted ? 'started again meanwhile' : 'stopped'),
    )
  }

  async pause(selector: Selector | undefined): Promise<ControlOutcome[]> {
    const outcomes = await askAll(this.#selection.of(selector), (managed) => {
      const { settled, isBeingStopped } = managed
      if (settled || isBeingStopped) return outcomeOf(managed, false, settled ? 'not running' : 'is being stopped')
      managed.tell({ type: 'PAUSE' })
      return outcomeOf(managed, true, managed.live ? 'paused' : 'paused as soon as it runs')
    })
    // The changes are stored, or the failure to store them is logged.
    await this.#system.parts.recorder.flush().catch(() => {})
    return outcomes
  }

  async resume(selector: Selector | undefined): Promise<ControlOutcome[]> {
    return askAll(this.#selection.of(selector), (managed) => {
      const was = managed.pauseWanted
      managed.tell({ type: 'RESUME' })
      return outcomeOf(managed, was, was ? 'resumed' : 'was not paused')
    })
  }

  async reset(selector: Selector | undefined, options: { data?: boolean }): Promise<ResetOutcome[]> {
    const { data: given = false } = checkOptions('the second argument of reset', options, ['data'])
    const data = checkFlag('data', given)
    // A selector that is undefined by mistake must not delete everything.
    if (data && selector === undefined)
      throw new DroverError('ARGUMENT_INVALID', 'reset with data deletes results: name the workers, or pass {} for all of them')
    const selected = this.#selection.of(selector)
    const idle = new Set(selected.filter((managed) => managed.idle))
    const holds = new Map(selected.map((managed) => [managed, managed.holdStarts()]))
    try {
      for (const managed of idle) managed.cancelStarts()
      // Those that are called from now on are not cancelled.
      await askAll([...idle], (managed) => managed.tell({ type: 'STOP' }))
      return await inTurnsAsync([...holds], async ([managed, hold]) => {
        managed.catchUp()
        // A lane is deleted for all its instances at once.
        const others = data ? this.#sharing(managed) : []
        const isDown = (): boolean => hold.isDown() && others.every((other) => holds.get(other)?.isDown() ?? other.settled)
        const ending = [managed, ...others].filter((each) => idle.has(each))
        if (ending.length > 0) await this.#lifetime.until(() => ending.every((each) => holds.get(each)?.isDown()))
        try {
          return await this.#resetOne(managed, isDown(), data)
        } finally {
          hold.end()
        }
      })
    } finally {
      for (const hold of holds.values()) hold.end()
    }
  }

  /** The other instances of its lane. */
  #sharing(managed: ManagedWorker): ManagedWorker[] {
    return (this.#system.declared.get(workerOf(managed.id)) ?? []).filter((other) => other !== managed)
  }

  async #resetOne(managed: ManagedWorker, isDown: boolean, data: boolean): Promise<ResetOutcome> {
    const { parts } = this.#system
    if (!isDown) return { ...outcomeOf(managed, false, 'not down: stop it first'), deleted: { results: 0, dead: 0 } }
    const reply = await parts.calls.call('reset', { worker: managed.config.id, host: parts.host.id, data })
    // The store answers hundreds at once.
    await shareOfTurn()
    if (reply.counts && !managed.isGone) parts.lanes.update([reply.counts])
    managed.tell({ type: 'RESET' })
    return { ...outcomeOf(managed, true, 'reset'), deleted: { results: reply.results, dead: reply.dead } }
  }

  async blacklist(selector: Selector, why: string, options: Drain): Promise<ControlOutcome[]> {
    if (typeof why !== 'string' || why === '')
      throw new DroverError('ARGUMENT_INVALID', 'blacklist takes the reason, a text, as its second argument')
    const drain = drainOf('blacklist', options)
    const { writeRetry, recorder } = this.#system.parts
    const told = await inTurnsAsync(this.#selection.of(selector), async (managed) => {
      managed.catchUp()
      const holder = managed.live ? null : await writeRetry.through('blacklist', () => managed.acquire())
      if (!holder) managed.stop({ type: 'BLACKLIST', why, ...drain })
      return { managed, holder }
    })
    await this.#lifetime.until(() => told.every(({ managed, holder }) => holder || managed.state === 'blacklisted' || managed.isGone))
    // Later systems know of the blacklisting only from the store.
    const failed = await recorder.flush().then(
      () => null,
      (error: Error) => `blacklisted, but not stored yet (${error.message}): drover tries again until it is`,
    )
    return told.map(({ managed, holder }) => {
      if (holder) return outcomeOf(managed, false, heldBy(holder))
      if (managed.isGone) return outcomeOf(managed, false, 'was removed')
      return outcomeOf(managed, failed === null, failed ?? 'blacklisted')
    })
  }

  setConcurrency(limit: number, group: string | undefined): void {
    this.#lifetime.assertOpen()
    wholeNumber('concurrency', limit, 1, Number.MAX_SAFE_INTEGER)
    const { config, slots } = this.#system.parts
    if (group !== undefined && !Object.hasOwn(config.groups, checkName('group', group))) {
      const known = Object.keys(config.groups).join(', ') || 'none'
      throw new DroverError('ARGUMENT_INVALID', `there is no group ${JSON.stringify(group)}; groups has ${known}`)
    }
    const over = slots.setLimit(limit, group ?? null).flatMap((worker) => this.#system.managed.get(worker) ?? [])
    void askAll(over, (managed) => managed.tell({ type: 'RESTART', reason: 'the concurrency limit was lowered' }))
  }

  async setTarget(selector: Selector, target: number | null): Promise<void> {
    if (target !== null) wholeNumber('target', target, 0, Number.MAX_SAFE_INTEGER)
    const workers = this.#selection.of(selector).flatMap(({ config }) => (config.dataset === null ? [] : [config]))
    for (const worker of workers) worker.target = target
    const { calls, lanes } = this.#system.parts
    await declareWorkers(calls, workers, lanes)
    await this.#waker.workers(workers.map(({ id }) => id))
  }
}
