/**
 * The façade: what a pipeline holds in its hands. Everything behind it is actors; nothing here decides.
 */

import { askAll } from '../actors/supervisor/ask-all.js'
import { stopInOrder } from '../actors/supervisor/stop-in-order.js'
import { type InspectionEvent, type InspectionObserver, inspectActors } from '../actors/system/inspection.js'
import { type ChangeOptions, Membership, type Patch } from '../actors/system/membership.js'
import { statusOf, systemStatus, treeStatus } from '../actors/system/observe.js'
import type { OpenSystem } from '../actors/system/opened.js'
import type { QuotaHandle, QuotaReport } from '../actors/system/quota-report.js'
import type { Settings, SystemStatus, TreeStatus, WorkerStatus } from '../actors/system/status.js'
import { Waker } from '../actors/system/wake-workers.js'
import { heldBy, laneOf } from '../actors/worker/registration.js'
import type { ManagedWorker } from '../actors/worker/worker.js'
import { DroverError, type ErrorGroup, toErrorRecord } from '../errors.js'
import type { DroverEvents, EventName, Listener } from '../events/event-map.js'
import type { Failure } from '../failure.js'
import { checkLogQuery, type LogRecord, type RecentLogs } from '../logs/logs.js'
import { levelRank } from '../logs/record.js'
import type { WorkerState } from '../machines/lifecycle/states.js'
import type { CompiledWorker } from '../options/compiled.js'
import type { LogLevel } from '../options/log.js'
import type { SupervisorOptions } from '../options/supervisor.js'
import type { WorkerOptions } from '../options/worker.js'
import type { CheckReport } from '../store/check.js'
import type { LabelReport, StoredEvent, TaskUsageRow } from '../store/contract/reads.js'
import type { DatasetCounts } from '../store/contract/single-tasks.js'
import { Interruption } from '../store/interruption.js'
import { readCheck } from '../store/read-pool/check-store.js'
import type { CpuProfile } from '../threads/evidence/stack-and-profile.js'
import { TimeLimit } from '../time/time-limit.js'
import { inTurnsAsync, mostInTurn } from '../time/turns.js'
import { checkFlag, checkKeys, checkName, checkOneOf, wholeNumber } from '../validation/arguments.js'
import { checkFilter, checkOptions } from '../validation/filters.js'
import { type ReadOptions, signalOf } from '../validation/read-options.js'
import { closest } from '../values/closest.js'
import { checkLanes, type LaneQuery } from './lane-query.js'
import { checkLoadOptions, type LoadOptions, type LoadReport, loadItems } from './load.js'
import { Outcome } from './outcome.js'
import {
  checkEventFilter,
  type EventPage,
  type EventQuery,
  type LabelQuery,
  readErrors,
  readEvents,
  readLabels,
  readLatest,
} from './reads.js'
import type { BlacklistEntry, ControlOutcome, ResetOutcome } from './reports.js'
import { checkRange, type DeadTask, exportResults, type Result, type ResultRange, readDead, readResults } from './results.js'
import { type RunEnd, type RunOptions, run } from './run.js'
import type { RunReport } from './run-report.js'
import { byId, type Selector, select } from './selector.js'
import { stopOnSignals } from './signals.js'
import { Tasks } from './tasks.js'
import { readTaskUsage, type Usage, usageBy } from './usage.js'
import { Uses } from './uses.js'

/** As in the configuration: what a timer can wait for. */
const longestDrainMs = 2_147_483_647

/** After a signal that came while nobody waited for the end: how long nobody has to be at a system until it is closed, ... */
const letGoMs = 250
/** ... and how long where the end had been waited for, so that the program may be about to read results. */
const aboutToReadMs = 2_000

/** Closing, the store has at least so long for what is left to write. */
const leastStoreMs = 5_000

/** States from which a start asks for a slot. */
const startable: readonly WorkerState[] = ['idle', 'stopped', 'completed', 'parked', 'backoff']

/** The time that a call gives workers to finish, if it gives one. */
function drainOf(method: string, options: { drainMs?: number | undefined }): { drainMs?: number } {
  const { drainMs } = checkOptions(`what ${method} is given`, options, ['drainMs'])
  return drainMs === undefined ? {} : { drainMs: wholeNumber('drainMs', drainMs, 0, longestDrainMs) }
}

/** A running system. Made by {@link createDrover}. */
export class Drover {
  readonly #system: OpenSystem
  readonly #workers: CompiledWorker[]
  #started = false
  #failed: DroverError | null = null
  #closing: Promise<void> | null = null
  /** A signal has asked for the end. */
  #interrupted: Interruption | null = null
  /** Whether the program has asked for the end; once a signal came, whether it has since then, or did at that moment: then it is to close. */
  #awaited = false
  readonly #uses = new Uses()
  /** Datasets that no worker has, and of which that was told. */
  readonly #unknownDatasets = new Set<string>()
  /** Called when it is closed. */
  readonly #releases = new Set<() => void>()
  /** What `done()` answers once nothing can be asked any more. */
  #lastReport: RunReport | null = null
  /** Aborts when the system is closed: an export into a pipe that nobody reads would never know. */
  readonly #over = new AbortController()
  #state: SystemStatus['state'] = 'open'
  readonly #waker: Waker
  readonly #membership: Membership
  readonly #outcomes: Outcome
  /** Those who wait in `done()`: the store stays open until they have their reports. */
  readonly #finishing = new Set<Promise<unknown>>()
  /** Single tasks: to look at, to make due, to give up, to give another priority. */
  readonly tasks: Tasks

  /** @internal Use {@link createDrover}. */
  constructor(system: OpenSystem) {
    this.#system = system
    this.#workers = system.parts.config.workers
    this.#waker = new Waker(system.parts, system.managed)
    this.#membership = new Membership(system)
    this.#outcomes = new Outcome(system)
    this.tasks = new Tasks({
      client: system.parts.calls,
      reader: system.reader,
      redact: system.parts.redact,
      changed: (workers) => this.#waker.changed(workers),
    })
    system.parts.store.on('changed', () => void this.#waker.everyone())
    system.parts.store.on('failed', ({ error }) => this.#fail(error))
  }

  /**
   * Starts workers: those named, or all that are enabled. Resolves when each has its place in the queue for slots. One that another host
   * holds waits for that one to go (or is refused, see `onHeld`); one that is blacklisted is not started. Both say so.
   *
   * @throws DroverError SLOTS_FULL with `onFull: 'reject'` if there are fewer free slots than workers to start; none is started then
   */
  async start(selector?: Selector): Promise<ControlOutcome[]> {
    if (this.#interrupted) {
      const { message } = this.#interrupted
      return this.#handsOf(selector).map((managed) => outcome(managed, false, message))
    }
    const workers = this.#select(selector)
    this.#refuseBeyondSlots(workers)
    this.#started = true
    // Those whose turn comes later count as being started all the same.
    const waiting = new Map(workers.slice(mostInTurn).map((managed) => [managed, managed.announceStart()]))
    const started = inTurnsAsync(workers, async (managed) => {
      const start = waiting.get(managed)
      if (!start) return this.#startOne(managed)
      managed.catchUp()
      try {
        return start.cancelled ? outcome(managed, false, notStarted(managed)) : await this.#startOne(managed, start)
      } finally {
        managed.dropStart(start)
      }
    })
    return this.#uses.during(started)
  }

  /**
   * Finishes what is in hand (at most `drainMs`), then ends the threads. Resolves when they are down. Under a supervisor one after
   * another, the last one first.
   *
   * @param options.drainMs for each of them. @defaultValue the worker's own `drainMs`
   */
  async stop(selector?: Selector, options: { drainMs?: number } = {}): Promise<ControlOutcome[]> {
    const stopped = this.#select(selector).map((managed) => ({ managed, timesStarted: managed.timesStarted }))
    await stopInOrder(
      this.#system,
      stopped.map(({ managed }) => managed),
      { type: 'STOP', ...drainOf('stop', options) },
    )
    // Whoever is started by hand meanwhile is waited for no more.
    await this.#until(() => stopped.every(({ managed, timesStarted }) => !managed.live || managed.timesStarted > timesStarted))
    await Promise.all(stopped.map(({ managed }) => managed.freed))
    await this.#waker.refresh()
    return stopped.map(({ managed, timesStarted }) =>
      outcome(managed, true, managed.timesStarted > timesStarted ? 'started again meanwhile' : 'stopped'),
    )
  }

  /**
   * No new tasks; those in hand go on, threads stay. Outlives the host: workers that are paused when it ends are paused again when the
   * next one starts them, until they are resumed or stopped by hand.
   */
  async pause(selector?: Selector): Promise<ControlOutcome[]> {
    const outcomes = await askAll(this.#select(selector), (managed) => {
      const { settled, isBeingStopped } = managed
      if (settled || isBeingStopped) return outcome(managed, false, settled ? 'not running' : 'is being stopped')
      managed.tell({ type: 'PAUSE' })
      return outcome(managed, true, managed.live ? 'paused' : 'paused as soon as it runs')
    })
    await this.#flushed()
    return outcomes
  }

  async resume(selector?: Selector): Promise<ControlOutcome[]> {
    return askAll(this.#select(selector), (managed) => {
      const was = managed.pauseWanted
      managed.tell({ type: 'RESUME' })
      return outcome(managed, was, was ? 'resumed' : 'was not paused')
    })
  }

  /** Stops, then starts. Resolves when the new start is on its way. Counts as no failure. */
  async restart(selector?: Selector): Promise<ControlOutcome[]> {
    await this.stop(selector)
    return this.start(selector)
  }

  /**
   * Forgets a worker's failures and lifts its blacklisting. With `data: true` also deletes all its lane's results and dead tasks, so
   * that it starts over; all are meant by `{}` then, and not by nothing. Only for workers that are down.
   *
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID
   */
  async reset(selector?: Selector, options: { data?: boolean } = {}): Promise<ResetOutcome[]> {
    const { parts } = this.#system
    const { data: given = false } = checkOptions('the second argument of reset', options, ['data'])
    const data = checkFlag('data', given)
    // A selector that turned out undefined must not delete everything.
    if (data && selector === undefined)
      throw new DroverError('ARGUMENT_INVALID', 'reset with data deletes results: name the workers, or say {} where all are meant')
    const selected = this.#select(selector)
    const idle = new Set(selected.filter((managed) => managed.idle))
    await askAll([...idle], (managed) => managed.stop({ type: 'STOP' }))
    return inTurnsAsync(selected, async (managed) => {
      const none = { results: 0, dead: 0 }
      const { id } = managed.config
      managed.catchUp()
      if (idle.has(managed)) await this.#until(() => managed.settled)
      if (!managed.settled) return { ...outcome(managed, false, 'not down: stop it first'), deleted: none }
      const reply = await parts.calls.call('reset', { worker: id, host: parts.host.id, data })
      if (reply.counts && !managed.isGone) parts.lanes.update([reply.counts])
      managed.tell({ type: 'RESET' })
      return { ...outcome(managed, true, 'reset'), deleted: { results: reply.results, dead: reply.dead } }
    })
  }

  /**
   * Gives workers up by hand: those that run finish what is in hand (at most `drainMs`) first. They stay down, also under later
   * systems on the store, until `reset`. Answers `ok` when the store has it; where the store cannot take it now, it is given up here all the
   * same, and stored as soon as that is possible.
   *
   * @param why kept as the reason
   */
  async blacklist(selector: Selector, why: string, options: { drainMs?: number } = {}): Promise<ControlOutcome[]> {
    if (typeof why !== 'string' || why === '')
      throw new DroverError('ARGUMENT_INVALID', 'blacklist takes the reason, a text, as its second argument')
    const drain = drainOf('blacklist', options)
    const told = await inTurnsAsync(this.#select(selector), async (managed) => {
      managed.catchUp()
      const holder = managed.live ? null : await this.#system.parts.patience.through('blacklist', () => managed.acquire())
      if (!holder) managed.stop({ type: 'BLACKLIST', why, ...drain })
      return { managed, holder }
    })
    await this.#until(() => told.every(({ managed, holder }) => holder || managed.state === 'blacklisted' || managed.isGone))
    // Later systems know of it from the store alone.
    const failed = await this.#system.parts.recorder.flush().then(
      () => null,
      (error: Error) => `blacklisted, but not in the store yet (${error.message}): it is tried again until it is`,
    )
    return told.map(({ managed, holder }) => {
      if (holder) return outcome(managed, false, heldBy(holder))
      if (managed.isGone) return outcome(managed, false, 'was removed')
      return outcome(managed, failed === null, failed ?? 'blacklisted')
    })
  }

  /** The workers that were given up, with why, since when, and until when if they have parole. */
  blacklisted(): BlacklistEntry[] {
    return this.status().workers.flatMap(({ id, state, reason, since, until, lastFailure }) =>
      state === 'blacklisted' ? [{ worker: id, reason, since, until, lastFailure }] : [],
    )
  }

  /**
   * How many workers may have a thread at once, in all or in one group. Raised, those that wait start at once; lowered, those of the
   * lowest priority, the latest first, finish what they have in hand and queue again.
   *
   * @param limit a whole number, at least 1
   * @param group one of the option `groups`
   */
  setConcurrency(limit: number, group?: string): void {
    this.#assertOpen()
    wholeNumber('concurrency', limit, 1, Number.MAX_SAFE_INTEGER)
    const { config, slots } = this.#system.parts
    if (group !== undefined && !Object.hasOwn(config.groups, group)) {
      const known = Object.keys(config.groups).join(', ') || 'none'
      throw new DroverError('ARGUMENT_INVALID', `there is no group ${JSON.stringify(group)}; groups has ${known}`)
    }
    const over = slots.setLimit(limit, group ?? null).flatMap((worker) => this.#system.managed.get(worker) ?? [])
    void askAll(over, (managed) => managed.tell({ type: 'RESTART', reason: 'the concurrency limit was lowered' }))
  }

  /**
   * How many results lanes are to have: raised, completed ones go on; lowered, they stop there.
   *
   * @param target 0 or more, or null for every item
   */
  async setTarget(selector: Selector, target: number | null): Promise<void> {
    if (target !== null) wholeNumber('target', target, 0, Number.MAX_SAFE_INTEGER)
    const workers = this.#select(selector).flatMap(({ config }) => (config.dataset === null ? [] : [config]))
    for (const worker of workers) worker.target = target
    const { calls, lanes } = this.#system.parts
    const reply = await calls.call('declare', { workers: workers.map((worker) => ({ worker: worker.id, lane: laneOf(worker) })) })
    lanes.update(reply.workers.flatMap((row) => row.lane ?? []))
    await this.#waker.workers(workers.map(({ id }) => id))
  }

  /**
   * Adds a worker, or a supervisor with workers, to the running system; `start` starts it. Its options are checked together with all
   * others.
   *
   * @param options.under the supervisor whose last child it becomes. @defaultValue none: it stands directly under the system
   * @returns the ids of the workers that were added
   * @throws DroverError CONFIG_INVALID; WORKER_UNKNOWN if there is no such supervisor; ARGUMENT_INVALID if it cannot be persisted
   * @example
   * await drover.add({ id: 'annotator-3/urgency', module: './annotate.worker.js', dataset: 'messages' }, { persist: true })
   * await drover.start('annotator-3/urgency')
   */
  async add(entry: WorkerOptions | SupervisorOptions, options: ChangeOptions & { under?: string } = {}): Promise<string[]> {
    this.#assertOpen()
    const change = checkOptions('the second argument of add', options, ['under', 'persist'])
    if (change.under !== undefined) checkName('under', change.under)
    if (change.persist !== undefined) checkFlag('persist', change.persist)
    const added = await this.#membership.add(entry, change)
    await this.#waker.workers(added)
    return added
  }

  /**
   * Stops a worker, or a supervisor and all below it, and takes it out of the system. Its results stay in the store.
   *
   * @param options.drainMs as for `stop`
   * @throws DroverError WORKER_UNKNOWN
   */
  async remove(id: string, options: ChangeOptions & { drainMs?: number } = {}): Promise<void> {
    this.#assertOpen()
    const { persist = false, drainMs } = checkOptions('the second argument of remove', options, ['persist', 'drainMs'])
    await this.#membership.remove(id, { persist: checkFlag('persist', persist), ...drainOf('remove', { drainMs }) })
  }

  /**
   * Changes options of a worker or a supervisor. A running worker finishes its tasks in hand and goes on in a new thread, if the thread
   * is concerned; that counts as no failure.
   *
   * @param patch the options that change, each as a whole. Not `id`, `annotator`, `domain`,
   * `dataset` and `children`
   * @throws DroverError CONFIG_INVALID, WORKER_UNKNOWN, ARGUMENT_INVALID
   * @example
   * await drover.update('annotator-1/urgency', { delayMs: 500, quota: 'key-2' })
   */
  async update(id: string, patch: Patch, options: ChangeOptions = {}): Promise<void> {
    this.#assertOpen()
    const { persist = false } = checkOptions('the third argument of update', options, ['persist'])
    await this.#membership.update(id, patch, { persist: checkFlag('persist', persist) })
    if (this.#system.managed.has(id)) await this.#waker.workers([id])
  }

  /**
   * Adds items to a dataset, streaming: memory stays bounded whatever the length of the source. Idempotent by key. Workers of the
   * dataset take up what comes in at once; where no worker has it, a warning says so. A signal ends it in order: the report says `interrupted`.
   *
   * @throws DroverError LOAD_BAD_RECORD, LOAD_CONFLICT; both name the record's position
   * @example
   * await drover.load('messages', readJsonl('messages.jsonl'), { key: (m) => m.id })
   */
  async load<Item>(dataset: string, source: Iterable<Item> | AsyncIterable<Item>, options: LoadOptions<Item> = {}): Promise<LoadReport> {
    if (!this.#interrupted) this.#assertOpen()
    if (typeof dataset !== 'string' || dataset === '') throw new DroverError('ARGUMENT_INVALID', 'load takes the name of a dataset first')
    const checked = checkLoadOptions(source, options)
    if (this.#interrupted) return { dataset, added: 0, known: 0, updated: 0, interrupted: true }
    return this.#uses.during(this.#load(dataset, source, checked))
  }

  async #load<Item>(dataset: string, source: Iterable<Item> | AsyncIterable<Item>, options: LoadOptions<Item>): Promise<LoadReport> {
    const { loading, loaded, parts, ending } = this.#system
    const store = parts.patience.client(parts.store.client, options.signal)
    const warning = this.#warnOfUnknown(dataset)
    loading.set(dataset, (loading.get(dataset) ?? 0) + 1)
    try {
      const report = await loadItems(store, dataset, source, options, ending.signal, () => this.#waker.dataset(dataset))
      loaded.add(dataset)
      const { added, known, updated } = report
      parts.publish('dataset:load:finished', { dataset, added, known, updated, at: parts.now() })
      return warning === null ? report : { ...report, warning }
    } finally {
      // Completed workers are woken before the load counts as over, so that `done` cannot slip in between.
      await this.#waker.everyone()
      const left = (loading.get(dataset) ?? 1) - 1
      if (left === 0) loading.delete(dataset)
      else loading.set(dataset, left)
      // Those that run have been told that an empty lane is no end: now it may be one.
      for (const worker of this.#workers) {
        const managed = this.#system.managed.get(worker.id)
        if (worker.dataset === dataset && managed?.state === 'running') managed.poke()
      }
      parts.changed()
    }
  }

  /** Workers of a dataset may be added later: so it is told, and is no error. */
  #warnOfUnknown(dataset: string): string | null {
    const { parts } = this.#system
    const known = [...new Set(this.#workers.flatMap((worker) => worker.dataset ?? []))]
    if (known.includes(dataset)) return null
    const meant = closest(dataset, known) ?? null
    const hint = meant === null ? '' : `; did you mean ${JSON.stringify(meant)}?`
    if (meant !== null) this.#system.loadedInstead.set(meant, dataset)
    const warning = `no worker has the dataset ${JSON.stringify(dataset)}${hint}`
    if (!this.#unknownDatasets.has(dataset)) {
      this.#unknownDatasets.add(dataset)
      parts.logs.part('system').warn(`load: ${warning}`)
      parts.publish('dataset:worker:missing', { dataset, meant, at: parts.now() })
    }
    return warning
  }

  /**
   * Resolves when no work is left that could still be done: every worker has nothing left to do or is down for good, and nothing is being
   * loaded. Waits for what goes on by itself (restarts, parole, quotas that come back, the first load of a dataset), and for workers that
   * somebody has paused; says in the log what it waits for while nothing moves. A worker whose budget is spent or whose keys are retired
   * keeps it waiting only while a status server is attached, by which somebody could lift that; so does one whose dataset was never loaded where one of
   * nearly the same name was, which no worker has. After a signal ({@link stopOnSignals}) it waits
   * until the tasks in hand are finished. What is not done then is in the report.
   *
   * @throws DroverError NOT_STARTED if nothing was started; STORE_FAILED if the store is gone
   */
  async done(): Promise<RunReport> {
    this.#awaited = true
    if (this.#lastReport) return this.#lastReport
    if (!this.#started && !this.#interrupted) throw new DroverError('NOT_STARTED', 'done() before start(): nothing would ever be done')
    const finishing = this.#finish()
    this.#finishing.add(finishing)
    try {
      return await finishing
    } finally {
      this.#finishing.delete(finishing)
    }
  }

  /**
   * Starts, shows progress bars on a terminal, waits until it is done, and closes: a whole program. Does not touch `process.exitCode`.
   *
   * @returns the report, with the code that a process should end with
   * @throws as `start` and `done` do; the system is closed then too
   * @example
   * await drover.load('messages', messages)
   * const { exitCode } = await drover.run({ onDone: () => drover.export('labels.jsonl') })
   * process.exitCode = exitCode
   */
  run(options: RunOptions = {}): Promise<RunEnd> {
    return run(this, options)
  }

  async #finish(): Promise<RunReport> {
    const isOver = (): boolean =>
      this.#closing || this.#interrupted ? this.#allSettled() : this.#system.loading.size === 0 && this.#outcomes.isOver()
    const ended = this.#outcomes.watch()
    try {
      do {
        await this.#until(isOver)
        await this.#waker.refresh()
        await this.#system.parts.quotas.lookAgain()
        // Somebody may have been woken meanwhile.
      } while (!isOver())
    } finally {
      ended()
    }
    return this.#report()
  }

  #report(): Promise<RunReport> {
    const { done, dead } = this.status()
    return this.#outcomes.report({ done, dead, signalled: this.#interrupted !== null, closing: this.#closing !== null })
  }

  /** Committed results that match, lane by lane, in order of loading. */
  results<Value = unknown>(filter: LaneQuery & ResultRange = {}): AsyncGenerator<Result<Value>, void, void> {
    const lanes = checkLanes('the filter', filter, ['skip', 'limit', 'signal'])
    return this.#uses.over(readResults<Value>(this.#system.reader, lanes, checkRange(filter)))
  }

  /** Datasets and how far their lanes are, by name. */
  async datasets(): Promise<DatasetCounts[]> {
    return (await this.#system.reader.read('datasets', {})).datasets
  }

  /**
   * How labels are distributed, and how far annotators agree on them, by dataset and domain.
   *
   * @throws DroverError ARGUMENT_INVALID
   * @example
   * const [urgency] = await drover.labels({ domain: 'urgency' })
   * console.log(urgency.agreement.alpha)
   */
  labels(query: LabelQuery = {}): Promise<LabelReport[]> {
    return this.#uses.during(readLabels(this.#system.reader, query))
  }

  /** Tasks that were given up. */
  deadTasks(filter: LaneQuery & ReadOptions = {}): AsyncGenerator<DeadTask, void, void> {
    const lanes = checkLanes('the filter', filter, ['signal'])
    return this.#uses.over(readDead(this.#system.reader, lanes, signalOf(filter)))
  }

  /**
   * What tasks died of: dead tasks grouped by error, the most frequent first. Errors are one if their code is, their message but for numbers, ids and
   * quoted texts, and the first line of your code in their stack. A hundred are told apart; the rest is counted as `OTHER`.
   *
   * @throws DroverError ARGUMENT_INVALID
   * @example
   * for (const { count, code, message, where } of await drover.errors()) console.log(count, code, message, where)
   */
  async errors(filter: LaneQuery & ReadOptions = {}): Promise<ErrorGroup[]> {
    const lanes = checkLanes('the filter', filter, ['signal'])
    return readErrors(this.#system.reader, lanes, signalOf(filter))
  }

  /**
   * Gives dead tasks another life; their counters start over. Answers how many.
   *
   * @throws DroverError ARGUMENT_INVALID
   */
  async redrive(filter: LaneQuery & { keys?: (string | number)[] } = {}): Promise<number> {
    const lanes = checkLanes('the filter', filter, ['keys'])
    const keys = filter.keys === undefined ? null : checkKeys(filter.keys)
    const reply = await this.#system.parts.calls.call('redrive', { filter: lanes, keys })
    await this.#waker.changed(reply.workers)
    return reply.redriven
  }

  /**
   * Writes results as JSON lines; the file is replaced whole or not at all, and keeps its permissions. A symbolic link stays, and what it leads to is
   * replaced. A pipe, a device, and `/dev/stdout` are written to as they are; a pipe that nobody reads is waited for.
   *
   * @returns how many lines
   * @throws DroverError EXPORT_FAILED, CLOSED, ARGUMENT_INVALID; nothing is left of what was written then. The reason of `signal`
   */
  async export(file: string, filter: LaneQuery & ReadOptions = {}): Promise<number> {
    const lanes = checkLanes('the filter', filter, ['signal'])
    const signal = signalOf(filter)
    const ends = signal ? AbortSignal.any([signal, this.#over.signal]) : this.#over.signal
    return this.#uses.during(exportResults(this.#system.reader, checkName('file', file), lanes, ends))
  }

  /** The whole system, from memory: costs no disk. */
  status(): SystemStatus {
    return systemStatus(this.#system, this.#state)
  }

  /** The supervision tree, from what stands directly under the system downwards, in the order of starting. */
  tree(): TreeStatus[] {
    return treeStatus(this.#system)
  }

  /**
   * Hands on XState's inspection events: of every actor there is, as if it had just begun, and then of every event and transition.
   * Worker inputs are not part of what a snapshot shows.
   *
   * @returns ends it
   * @see https://stately.ai/docs/inspection
   * @example
   * import { createWebSocketInspector } from '@statelyai/inspect'
   * const stop = drover.inspect(createWebSocketInspector().inspect)
   */
  inspect<Event = InspectionEvent>(observer: InspectionObserver<Event>): () => void {
    this.#assertOpen()
    return inspectActors(this.#system.root, observer, (error) =>
      this.#system.parts.report('an observer of inspect() threw and is told no more', error),
    )
  }

  /** One worker. */
  worker(id: string): { status(): WorkerStatus } {
    const managed = this.#one(id)
    return { status: () => statusOf(this.#system, managed) }
  }

  /**
   * What a live worker's CPU time goes into, over so many ms. The worker goes on meanwhile, a little slower.
   *
   * @param options.ms how long to look, 1 to 600_000. @defaultValue 1_000
   * @returns a CPU profile for DevTools, speedscope and the like: save it as JSON in a file that ends in `.cpuprofile`
   * @throws DroverError THREAD_GONE if the worker has no thread, or it ends meanwhile; TIMEOUT if the thread does not answer;
   * PROFILE_RUNNING while another one of this worker is taken, PROFILES_FULL while four of others are
   */
  async profile(id: string, options: { ms?: number } = {}): Promise<CpuProfile> {
    const { ms = 1_000 } = checkOptions('the second argument of profile', options, ['ms'])
    wholeNumber('ms', ms, 1, 600_000)
    const managed = this.#one(id)
    if (!managed.thread) throw new DroverError('THREAD_GONE', `${id} is ${managed.state} and has no thread`)
    return managed.thread.profile(ms)
  }

  /**
   * One quota: where it stands, and what can be done about it while everything runs.
   *
   * @throws DroverError QUOTA_INVALID if there is no such quota
   */
  quota(name: string): QuotaHandle {
    this.#assertOpen()
    return this.#system.parts.quotas.handle(name)
  }

  /** Where all quotas stand. */
  quotas(): Promise<QuotaReport[]> {
    this.#assertOpen()
    return this.#system.parts.quotas.reports()
  }

  /**
   * What was used, by unit: `requests`, and whatever `ctx.quota.settle` and `observe` told. By worker, added up for each annotator or
   * domain, or task by task (use `taskUsage` for that).
   */
  async usage<By extends 'worker' | 'annotator' | 'domain' = 'worker'>(filter: LaneQuery & { by?: By } = {}): Promise<Usage[]> {
    const lanes = checkLanes('the filter', filter, ['by'])
    const by = checkOneOf('by', ['worker', 'annotator', 'domain'], filter.by ?? 'worker')
    const { rows } = await this.#system.reader.read('usage', { filter: lanes })
    return usageBy(rows, by)
  }

  /** What each task used, lane by lane, in order of loading. */
  taskUsage(filter: LaneQuery = {}): AsyncGenerator<TaskUsageRow, void, void> {
    return this.#uses.over(readTaskUsage(this.#system.reader, checkLanes('the filter', filter)))
  }

  /** Failures, newest first; also those of earlier runs. */
  async failures(query: { worker?: string; limit?: number } = {}): Promise<{ worker: string; failure: Failure }[]> {
    checkFilter('the query', query, ['worker', 'limit'])
    const filter = checkEventFilter(query)
    await this.#flushed()
    const rows = await readLatest(this.#system.reader, { ...filter, types: ['worker:failure:recorded'] })
    return rows.map((row) => row.payload as { worker: string; failure: Failure })
  }

  /** The event log, newest first; also of earlier runs. */
  async history(query: { worker?: string; types?: EventName[]; limit?: number } = {}): Promise<StoredEvent[]> {
    checkFilter('the query', query, ['worker', 'types', 'limit'])
    const filter = checkEventFilter(query)
    await this.#flushed()
    return readLatest(this.#system.reader, filter)
  }

  /** The event log, oldest first, to be followed by its ids; also of earlier runs. */
  async events(query: EventQuery = {}): Promise<EventPage> {
    checkFilter('the query', query, ['worker', 'types', 'limit', 'after'])
    const filter = checkEventFilter(query)
    await this.#flushed()
    return readEvents(this.#system.reader, filter, query.after)
  }

  /**
   * Looks whether the whole store is sound: SQLite's own check of its file (every page, every index), and what must hold between drover's tables, among
   * it that every task is in one place, and that what is counted is there. What is wrong is in the report; nothing is mended.
   *
   * It runs beside everything else, on one of the two threads for reads, and reads the whole file several times: some seconds for a million results
   * (about 6 s for 317 MB on one core). Parts of it see different moments, each by itself whole. Meanwhile the store's log (`-wal`) cannot be brought
   * into the file and grows with what is written. For a store that is not open, see {@link checkStore}.
   *
   * @param options.signal ends it: it rejects at once, and the thread stops after the part that it is in
   * @throws DroverError READ_FAILED, CLOSED, ARGUMENT_INVALID; the reason of the signal
   * @example
   * const { ok, problems } = await drover.check()
   * if (!ok) console.error(problems) // [{ check: 'lane-counts', message, count: 1, examples: [{ lane: 1, counter: 'done', kept: 8000, counted: 4288 }] }]
   */
  async check(options: ReadOptions = {}): Promise<CheckReport> {
    const signal = signalOf(checkOptions('what check is given', options, ['signal']))
    return this.#uses.during(readCheck(this.#system.reader, signal))
  }

  /** The latest log records. */
  logs(query: RecentLogs): LogRecord[] {
    return this.#system.parts.logs.recent(checkLogQuery(query))
  }

  /**
   * Hands on each log record as it is made. A listener that throws harms nobody; that it does is logged once.
   *
   * @returns ends it
   */
  onLog(listener: (record: LogRecord) => void): () => void {
    return this.#system.parts.logs.follow(listener)
  }

  /** Which log records are made from now on, also by workers that run. */
  setLogLevel(level: LogLevel): void {
    this.#assertOpen()
    checkOneOf('the log level', Object.keys(levelRank) as LogLevel[], level)
    this.#system.parts.logs.level = level
    for (const managed of this.#system.managed.values()) managed.setLogLevel(level)
  }

  /** What can be changed while the system runs, as it is now. */
  settings(): Settings {
    const { slots, logs } = this.#system.parts
    const groups = Object.fromEntries(Object.entries(slots.groups).map(([group, { limit }]) => [group, limit]))
    return { concurrency: slots.limit, groups, logLevel: logs.level }
  }

  on<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    this.#system.events.on(name, listener)
    return this
  }

  once<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    this.#system.events.once(name, listener)
    return this
  }

  off<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    this.#system.events.off(name, listener)
    return this
  }

  /**
   * At the first of these signals all work ends in order: tasks in hand are finished (at most `drainMs`), `load` and `done` answer
   * `interrupted`, nothing starts any more. A program that waits in `done` goes on to read results, and closes. One that does not is closed
   * as soon as nobody has read for a moment. The process keeps the exit code 128 + the signal's number. The second signal ends it at once.
   *
   * @returns takes the handlers away again; closing does so by itself
   */
  stopOnSignals(signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM']): () => void {
    const remove = stopOnSignals(this, signals)
    this.#releases.add(remove)
    return remove
  }

  /** @internal A signal asks for the end. */
  interrupt(signal: NodeJS.Signals): void {
    if (this.#interrupted || this.#closing || this.#failed) return
    this.#interrupted = new Interruption(signal)
    const { message } = this.#interrupted
    this.#system.ending.abort(this.#interrupted)
    this.#waker.sleep()
    this.#system.parts.logs.part('system').warn(`${message}: tasks in hand are finished; once more ends the process at once`)
    this.#stopAll(message, {})
    this.#system.parts.changed()
    const quietMs = this.#awaited ? aboutToReadMs : letGoMs
    this.#awaited = this.#finishing.size > 0
    void this.#windDown(quietMs)
  }

  /** @internal The signal that has asked for the end. */
  get interruptedBy(): NodeJS.Signals | null {
    return this.#interrupted?.signal ?? null
  }

  /** After a signal, once all is drained: the process ends when the program comes to its end, whether that closes or not. */
  async #windDown(quietMs: number): Promise<void> {
    const close = (): void => void this.close()
    process.once('beforeExit', close)
    this.#releases.add(() => process.off('beforeExit', close))
    await this.#system.until(() => this.#allSettled() || this.#closing !== null)
    if (this.#closing) return
    this.#system.parts.store.unref()
    await this.#uses.quiet(quietMs)
    if (!this.#awaited) await this.close()
  }

  /**
   * Stops every worker (draining for at most `drainMs`), closes the store, and leaves no handle behind. A second call returns the same
   * promise. Where the store cannot be written, it is not waited for longer than draining and killing may take, or 5 s; the log says what it
   * has not taken.
   *
   * @throws DroverError ARGUMENT_INVALID; nothing is closed then
   */
  close(options: { drainMs?: number } = {}): Promise<void> {
    try {
      const drain = drainOf('close', options)
      this.#closing ??= this.#close(drain)
      return this.#closing
    } catch (error) {
      return Promise.reject(error)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * @internal Somebody is there who could raise a budget while the program waits in `done()`: a status server.
   *
   * @returns they are gone
   */
  attend(): () => void {
    return this.#outcomes.attend()
  }

  /** @internal Tells and stores what was done by hand through the status server. After the end there is nobody left to tell. */
  controlled(done: Omit<DroverEvents['http:control:done'], 'at'>): void {
    if (this.#state === 'closed') return
    const { parts } = this.#system
    const params = parts.redact(done.params)
    const { action, who, from, outcome, status } = done
    parts.publish('http:control:done', { ...done, params, at: parts.now() })
    parts.logs.part('http')[outcome === 'ok' ? 'info' : 'warn'](`${action} by ${who} from ${from}: ${outcome} (${status})`, params)
  }

  /** @internal Logs what went wrong in the status server. */
  reportHttp(what: string, error: unknown): void {
    this.#system.parts.logs.part('http').error(what, { error: toErrorRecord(error) })
  }

  async #close({ drainMs }: { drainMs?: number }): Promise<void> {
    const { root, shutDown, parts } = this.#system
    const began = performance.now()
    this.#become('closing')
    this.#system.ending.abort(new DroverError('CLOSED', 'the system is closing'))
    root.send({ type: 'CLOSE' })
    this.#waker.stop()
    const stopMs = this.#stopAll('the system is closing', { ...(drainMs !== undefined && { drainMs }) }) + parts.config.killMs
    // Also one that has failed is closed: that is no reason to stop halfway.
    await this.#system.until(() => this.#allSettled())
    // What is left of the time for workers is the store's: it may be locked.
    const storeMs = (): number => Math.max(leastStoreMs, Math.round(began + stopMs - performance.now()))
    const limit = new TimeLimit(storeMs(), 'those who wait in done() were not answered')
    await Promise.race([Promise.allSettled(this.#finishing), limit.over.catch(() => {})])
    limit.clear()
    if (this.#interrupted) this.#lastReport = await this.#report().catch(() => null)
    root.send({ type: 'CLOSED' })
    await shutDown(storeMs())
    this.#become('closed')
    this.#over.abort(new DroverError('CLOSED', 'the system is closed'))
    for (const release of this.#releases) release()
  }

  /**
   * Because the host ends: nothing brings a worker back.
   *
   * @returns how long they may take to drain
   */
  #stopAll(reason: string, drain: { drainMs?: number }): number {
    const all = [...this.#system.managed.values()]
    for (const managed of all) managed.standBack()
    // One on parole, too, need only be wanted no more.
    const running = all.filter(({ settled, state }) => !settled && state !== 'blacklisted')
    const stopping = new Set(running)
    void askAll(
      all.filter((managed) => !stopping.has(managed)),
      (managed) => managed.announceStop(),
    )
    // However many there are under one supervisor, together they take no longer than one may.
    const withinMs = drain.drainMs ?? running.reduce((most, { config }) => Math.max(most, config.drainMs), 0)
    void stopInOrder(this.#system, running, { type: 'STOP', reason, closing: true, ...drain }, { withinMs })
    return withinMs
  }

  #fail(error: unknown): void {
    const { parts, root } = this.#system
    const message = error instanceof Error ? error.message : String(error)
    this.#failed = DroverError.is(error) ? error : new DroverError('STORE_FAILED', message, { cause: error })
    this.#system.ending.abort(this.#failed)
    root.send({ type: 'FAIL' })
    this.#become('failed')
    parts.publish('store:thread:failed', { message, at: parts.now() })
    const all = [...this.#system.managed.values()]
    for (const managed of all) managed.standBack()
    const inHand = all.filter(({ live }) => live)
    const stop = (managed: ManagedWorker): void => managed.stop({ type: 'STOP', reason: 'the store is gone', drainMs: 0, closing: true })
    void askAll([...inHand, ...all.filter(({ live }) => !live)], stop)
  }

  #become(to: SystemStatus['state']): void {
    const from = this.#state
    this.#state = to
    this.#system.parts.publish('system:state:changed', { from, to, at: this.#system.parts.now() })
    this.#system.parts.changed()
  }

  #allSettled(): boolean {
    for (const managed of this.#system.managed.values()) if (!managed.settled) return false
    return true
  }

  #refuseBeyondSlots(workers: ManagedWorker[]): void {
    const { slots, config } = this.#system.parts
    if (config.onFull === 'queue') return
    const beingStarted = [...this.#system.managed.values()].filter((managed) => managed.beingStarted)
    const starting = workers.filter((managed) => managed.config.enabled && startable.includes(managed.state))
    const idle = [...this.#system.managed.values()].filter((managed) => managed.idle).map(({ config: { id } }) => id)
    const short = slots.shortage(
      [...new Set([...beingStarted, ...starting])].map((managed) => managed.slotRequest),
      new Set(idle),
    )
    if (!short || starting.every((managed) => managed.beingStarted)) return
    const { group, limit, free, workers: wanting } = short
    const names = wanting.length > 3 ? `${wanting.slice(0, 3).join(', ')} and ${wanting.length - 3} more` : wanting.join(', ')
    const which = group === null ? 'slots' : `slots of group ${group}`
    throw new DroverError(
      'SLOTS_FULL',
      `${free} of ${limit} ${which} are free, ${wanting.length} are needed for ${names} (onFull is 'reject')`,
      {
        details: { workers: wanting, free, limit, group },
      },
    )
  }

  async #startOne(managed: ManagedWorker, start?: ReturnType<ManagedWorker['announceStart']>): Promise<ControlOutcome> {
    managed.catchUp()
    if (managed.isLeaving) return outcome(managed, false, 'is being removed')
    if (!managed.config.enabled) return outcome(managed, false, 'disabled')
    if (managed.state === 'blacklisted') await managed.hold(() => managed.lookAtModule())
    if (managed.state === 'blacklisted') return this.#startBlacklisted(managed)
    if (managed.live || managed.state === 'queued') {
      managed.keepStarted()
      if (managed.state === 'queued' && managed.holder) return outcome(managed, true, `waits: ${heldBy(managed.holder)}`)
      return outcome(managed, true, managed.state === 'stopping' ? 'starts again when it has stopped' : 'already started')
    }
    const started = await managed.start(start)
    if (started === 'cancelled') return outcome(managed, false, notStarted(managed))
    if (this.#system.managed.get(managed.config.id)?.state === 'blacklisted') return this.#startBlacklisted(managed)
    if (started === 'started') return outcome(managed, true, 'started')
    const waits = this.#system.parts.config.onHeld === 'wait'
    return outcome(managed, waits, `${waits ? 'waits: ' : ''}${heldBy(started)}`)
  }

  /** One with parole gets its one start when that comes; the others stay down. */
  #startBlacklisted(managed: ManagedWorker): ControlOutcome {
    const { until, reason } = managed.memory
    if (until === null) {
      managed.tellBlacklisted()
      return outcome(managed, false, `blacklisted (${reason}): reset it first`)
    }
    managed.tell({ type: 'START' })
    return outcome(managed, true, `blacklisted (${reason}), on parole from ${new Date(until).toISOString()}`)
  }

  #select(selector: Selector | undefined): ManagedWorker[] {
    this.#assertOpen()
    return this.#handsOf(selector)
  }

  #handsOf(selector: Selector | undefined): ManagedWorker[] {
    return select(this.#workers, this.#system.tree, selector).map(({ id }) => this.#system.managed.get(id) as ManagedWorker)
  }

  #one(id: string): ManagedWorker {
    this.#assertOpen()
    return this.#system.managed.get(byId(this.#workers, id).id) as ManagedWorker
  }

  #assertOpen(): void {
    if (this.#failed) throw this.#failed
    if (this.#closing) throw new DroverError('CLOSED', `the system is ${this.#state}`)
  }

  /** What happened is in the store, or it was said that it cannot be. */
  async #flushed(): Promise<void> {
    await this.#system.parts.recorder.flush().catch(() => {})
  }

  /** As the system's own `until`, and rejects when the system fails or is closed before. */
  async #until(condition: () => boolean): Promise<void> {
    let failed = false
    let closed = false
    await this.#system.until(() => {
      failed = this.#failed !== null && !this.#closing
      closed = this.#state === 'closed'
      return failed || closed || condition()
    })
    if (failed) throw this.#failed
    if (closed && !condition()) throw new DroverError('CLOSED', 'the system was closed meanwhile')
  }
}

function notStarted({ isLeaving }: ManagedWorker): string {
  return isLeaving ? 'is being removed' : 'stopped before it was started'
}

function outcome(managed: ManagedWorker, ok: boolean, message: string): ControlOutcome {
  const { id, annotator, domain } = managed.config
  return { worker: id, annotator, domain, state: managed.state, ok, message }
}
