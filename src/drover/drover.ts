/**
 * The façade: what a pipeline holds in its hands. Everything behind it is actors; nothing here decides.
 */

import { type InspectionEvent, type InspectionObserver, inspectActors } from '../actors/system/inspection.js'
import { type ChangeOptions, Membership, type Patch } from '../actors/system/membership.js'
import type { OpenSystem } from '../actors/system/opened.js'
import type { QuotaHandle, QuotaReport } from '../actors/system/quota-report.js'
import {
  type Settings,
  type SystemStatus,
  statusOf,
  systemStatus,
  type TreeStatus,
  treeStatus,
  type WorkerStatus,
} from '../actors/system/status.js'
import { SystemView } from '../actors/system/view.js'
import { Waker } from '../actors/system/wake-workers.js'
import { DroverError, type ErrorGroup, toErrorRecord } from '../errors.js'
import type { DroverEvents, EventName, Listener } from '../events/event-map.js'
import type { Failure } from '../failure.js'
import { checkLogQuery, type LogRecord, type RecentLogs } from '../logs/logs.js'
import { levelRank } from '../logs/record.js'
import type { LogLevel } from '../options/log.js'
import type { SupervisorOptions } from '../options/supervisor.js'
import type { WorkerOptions } from '../options/worker.js'
import type { CheckReport } from '../store/check.js'
import type { LabelReport, StoredEvent, TaskUsageRow } from '../store/contract/reads.js'
import type { DatasetCounts } from '../store/contract/single-tasks.js'
import { readCheck } from '../store/read-pool/check-store.js'
import type { CpuProfile } from '../threads/evidence/stack-and-profile.js'
import { checkFlag, checkKeys, checkName, checkOneOf, wholeNumber } from '../validation/arguments.js'
import { checkFilter, checkOptions } from '../validation/filters.js'
import { type ReadOptions, signalOf } from '../validation/read-options.js'
import { Close } from './close.js'
import { Control } from './control.js'
import { Done } from './done.js'
import { drainOf } from './drain.js'
import { checkLanes, type LaneQuery } from './lane-query.js'
import { Lifetime } from './lifetime.js'
import { checkLoadOptions, type LoadOptions, type LoadReport } from './load.js'
import { Loads } from './loads.js'
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
import { Selection } from './selection.js'
import type { Selector } from './selector.js'
import { stopOnSignals } from './signals.js'
import { Tasks } from './tasks.js'
import { readTaskUsage, type Usage, usageBy } from './usage.js'
import { Uses } from './uses.js'

/** A running system. Made by {@link createDrover}. */
export class Drover {
  readonly #system: OpenSystem
  readonly #uses = new Uses()
  readonly #lifetime: Lifetime
  readonly #selection: Selection
  readonly #control: Control
  readonly #membership: Membership
  readonly #waker: Waker
  readonly #loads: Loads
  readonly #outcomes: Outcome
  readonly #done: Done
  readonly #close: Close
  /** Single tasks: to look at, to make due, to give up, to give another priority. */
  readonly tasks: Tasks
  /** @internal What the status server shows. */
  readonly view: SystemView

  /** @internal Use {@link createDrover}. */
  constructor(system: OpenSystem) {
    const uses = this.#uses
    const lifetime = new Lifetime(system)
    const selection = new Selection(system, lifetime)
    const waker = new Waker(system.parts, system.managed)
    const outcomes = new Outcome(system)
    const done = new Done({ system, lifetime, outcomes, waker })
    this.#system = system
    this.#lifetime = lifetime
    this.#selection = selection
    this.#control = new Control({ system, lifetime, selection, waker, uses })
    this.#membership = new Membership(system)
    this.#waker = waker
    this.#loads = new Loads(system, waker)
    this.#outcomes = outcomes
    this.view = new SystemView(system, () => lifetime.state)
    this.#done = done
    this.#close = new Close({ system, lifetime, done, waker, uses })
    this.tasks = new Tasks({
      client: system.parts.calls,
      reader: system.reader,
      redact: system.parts.redact,
      changed: (workers) => waker.changed(workers),
    })
    system.parts.store.on('changed', () => void waker.everyone())
    system.parts.store.on('failed', ({ error }) => this.#close.fail(error))
  }

  /**
   * Starts workers: those named, or all that are enabled. Resolves when each has its place in the queue for slots. One that another host
   * holds waits for that one to go (or is refused, see `onHeld`); one that is blacklisted is not started. Both say so.
   *
   * @throws DroverError SLOTS_FULL with `onFull: 'reject'` if there are fewer free slots than workers to start; none is started then.
   * WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * await drover.start()                      // all that are enabled
   * await drover.start({ domain: 'urgency' }) // or some
   * for (const { worker, ok, message } of await drover.start('annotator-1/urgency')) if (!ok) console.error(worker, message)
   */
  start(selector?: Selector): Promise<ControlOutcome[]> {
    return this.#control.start(selector)
  }

  /**
   * Finishes what is in hand (at most `drainMs`), then ends the threads. Resolves when they are down. Under a supervisor one after
   * another, the last one first.
   *
   * @param options.drainMs for each of them. @defaultValue the worker's own `drainMs`
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * await drover.stop({ annotator: 2 }, { drainMs: 1_000 })
   */
  stop(selector?: Selector, options: { drainMs?: number } = {}): Promise<ControlOutcome[]> {
    return this.#control.stop(selector, options)
  }

  /**
   * No new tasks; those in hand go on, threads stay. Outlives the host: workers that are paused when it ends are paused again when the
   * next one starts them, until they are resumed or stopped by hand.
   *
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * await drover.pause({ domain: 'urgency' })
   * await drover.resume({ domain: 'urgency' })
   */
  pause(selector?: Selector): Promise<ControlOutcome[]> {
    return this.#control.pause(selector)
  }

  /**
   * Paused workers take up tasks again, also those that their breaker paused. One that was to be paused as soon as it runs is not any more.
   *
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * await drover.resume() // whoever is paused
   */
  resume(selector?: Selector): Promise<ControlOutcome[]> {
    return this.#control.resume(selector)
  }

  /**
   * Stops, then starts. Resolves when the new start is on its way. Counts as no failure.
   *
   * @throws DroverError SLOTS_FULL as for {@link start}; WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * await drover.restart(['annotator-1/urgency', 'annotator-2/urgency'])
   */
  async restart(selector?: Selector): Promise<ControlOutcome[]> {
    await this.stop(selector)
    return this.start(selector)
  }

  /**
   * Forgets a worker's failures and lifts its blacklisting. With `data: true` also deletes all its lane's results and dead tasks, so
   * that it starts over; all are meant by `{}` then, and not by nothing. Only for workers that are down.
   *
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * const [outcome] = await drover.reset('annotator-1/urgency') // may be started again
   * await drover.reset({ domain: 'urgency' }, { data: true })   // and begins with the first item
   */
  reset(selector?: Selector, options: { data?: boolean } = {}): Promise<ResetOutcome[]> {
    return this.#control.reset(selector, options)
  }

  /**
   * Gives workers up by hand: those that run finish what is in hand (at most `drainMs`) first. They stay down, also under later
   * systems on the store, until `reset`. Answers `ok` when the store has it; where the store cannot take it now, it is given up here all the
   * same, and stored as soon as that is possible.
   *
   * @param why kept as the reason
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * await drover.blacklist('annotator-1/urgency', 'its key was withdrawn')
   */
  blacklist(selector: Selector, why: string, options: { drainMs?: number } = {}): Promise<ControlOutcome[]> {
    return this.#control.blacklist(selector, why, options)
  }

  /** The workers that were given up, with why, since when, and until when if they have parole. */
  blacklisted(): BlacklistEntry[] {
    const found = [...this.#system.managed.values()].filter(({ state }) => state === 'blacklisted')
    return found.map((managed) => {
      const { id, reason, since, until, lastFailure } = statusOf(this.#system, managed)
      return { worker: id, reason, since, until, lastFailure }
    })
  }

  /**
   * How many workers may have a thread at once, in all or in one group. Raised, those that wait start at once; lowered, those of the
   * lowest priority, the latest first, finish what they have in hand and queue again.
   *
   * @param limit a whole number, at least 1
   * @param group one of the option `groups`
   * @throws DroverError ARGUMENT_INVALID, also for a group that there is none of; CLOSED, STORE_FAILED
   */
  setConcurrency(limit: number, group?: string): void {
    this.#control.setConcurrency(limit, group)
  }

  /**
   * How many results lanes are to have: raised, completed ones go on; lowered, they stop there.
   *
   * @param target 0 or more, or null for every item
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   */
  setTarget(selector: Selector, target: number | null): Promise<void> {
    return this.#control.setTarget(selector, target)
  }

  /**
   * Adds a worker, or a supervisor with workers, to the running system; `start` starts it. Its options are checked together with all
   * others.
   *
   * @param options.under the supervisor whose last child it becomes. @defaultValue none: it stands directly under the system
   * @returns the ids of the workers that were added
   * @throws DroverError CONFIG_INVALID; WORKER_UNKNOWN if there is no such supervisor; ARGUMENT_INVALID if it cannot be persisted; CLOSED,
   * STORE_FAILED
   * @example
   * await drover.add({ id: 'annotator-3/urgency', module: './annotate.worker.js', dataset: 'messages' }, { persist: true })
   * await drover.start('annotator-3/urgency')
   */
  async add(entry: WorkerOptions | SupervisorOptions, options: ChangeOptions & { under?: string } = {}): Promise<string[]> {
    this.#lifetime.assertOpen()
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
   * @throws DroverError WORKER_UNKNOWN; CONFIG_INVALID if what is left does not hold; ARGUMENT_INVALID, CLOSED, STORE_FAILED
   * @example
   * await drover.remove('annotator-3/urgency', { drainMs: 1_000 })
   */
  async remove(id: string, options: ChangeOptions & { drainMs?: number } = {}): Promise<void> {
    this.#lifetime.assertOpen()
    const { persist = false, drainMs } = checkOptions('the second argument of remove', options, ['persist', 'drainMs'])
    await this.#membership.remove(id, { persist: checkFlag('persist', persist), ...drainOf('remove', { drainMs }) })
  }

  /**
   * Changes options of a worker or a supervisor. A running worker finishes its tasks in hand and goes on in a new thread, if the thread
   * is concerned; that counts as no failure.
   *
   * @param patch the options that change, each as a whole. Not `id`, `annotator`, `domain`,
   * `dataset` and `children`
   * @throws DroverError CONFIG_INVALID, WORKER_UNKNOWN; ARGUMENT_INVALID for an option that cannot be changed; CLOSED, STORE_FAILED
   * @example
   * await drover.update('annotator-1/urgency', { delayMs: 500, quota: 'key-2' })
   */
  async update(id: string, patch: Patch, options: ChangeOptions = {}): Promise<void> {
    this.#lifetime.assertOpen()
    const { persist = false } = checkOptions('the third argument of update', options, ['persist'])
    await this.#membership.update(id, patch, { persist: checkFlag('persist', persist) })
    if (this.#system.managed.has(id)) await this.#waker.workers([id])
  }

  /**
   * Adds items to a dataset, streaming: memory stays bounded whatever the length of the source. Idempotent by key. Workers of the
   * dataset take up what comes in at once; where no worker has it, a warning says so. A signal ends it in order: the report says `interrupted`.
   *
   * @throws DroverError LOAD_BAD_RECORD, LOAD_CONFLICT; both name the record's position. ARGUMENT_INVALID, CLOSED, STORE_FAILED; the reason
   * of `signal`
   * @example
   * const messages = [{ id: 'm-1', text: 'where is my order?' }]
   * const { added, known } = await drover.load('messages', messages, { key: (message) => message.id })
   */
  async load<Item>(dataset: string, source: Iterable<Item> | AsyncIterable<Item>, options: LoadOptions<Item> = {}): Promise<LoadReport> {
    if (!this.#lifetime.interrupted) this.#lifetime.assertOpen()
    if (typeof dataset !== 'string' || dataset === '') throw new DroverError('ARGUMENT_INVALID', 'load takes the name of a dataset first')
    const checked = checkLoadOptions(source, options)
    if (this.#lifetime.interrupted) return { dataset, added: 0, known: 0, updated: 0, interrupted: true }
    return this.#uses.during(this.#loads.load(dataset, source, checked))
  }

  /**
   * Resolves when no work is left that could still be done: every worker has nothing left to do or is down for good, and nothing is being
   * loaded. Waits for what goes on by itself (restarts, parole, quotas that come back, the first load of a dataset), and for workers that
   * somebody has paused; says in the log what it waits for while nothing moves. A worker whose budget is spent or whose keys are retired
   * keeps it waiting only while a status server is attached, by which somebody could lift that; so does one whose dataset was never loaded where one of
   * nearly the same name was, which no worker has. After a signal ({@link stopOnSignals}) it waits
   * until the tasks in hand are finished. What is not done then is in the report.
   *
   * @throws DroverError NOT_STARTED if nothing was started; CLOSED if the system was closed before; STORE_FAILED if the store is gone
   * @example
   * await drover.start()
   * const report = await drover.done()
   * for (const { worker, why } of report.incomplete) console.error(worker, why)
   */
  async done(): Promise<RunReport> {
    this.#done.asked()
    if (this.#done.last) return this.#done.last
    if (!this.#control.hasStarted && !this.#lifetime.interrupted)
      throw new DroverError('NOT_STARTED', 'done() before start(): nothing would ever be done')
    return this.#done.wait()
  }

  /**
   * Starts, shows progress bars on a terminal, waits until it is done, and closes: a whole program. Does not touch `process.exitCode`.
   *
   * @returns the report, with the code that a process should end with
   * @throws DroverError as {@link start} and {@link done}: SLOTS_FULL, WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED, STORE_FAILED; what
   * `onDone` throws. The system is closed then too
   * @example
   * await drover.load('messages', [{ id: 'm-1', text: 'where is my order?' }], { key: ({ id }) => id })
   * const { exitCode } = await drover.run({ onDone: () => drover.export('labels.jsonl') })
   * process.exitCode = exitCode
   */
  run(options: RunOptions = {}): Promise<RunEnd> {
    return run(this, options)
  }

  /**
   * Committed results that match, lane by lane, in order of loading.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED; the reason of `signal`
   * @example
   * for await (const { key, annotator, value } of drover.results<{ label: string }>({ domain: 'urgency', limit: 10 })) {
   *   console.log(key, annotator, value.label)
   * }
   */
  results<Value = unknown>(filter: LaneQuery & ResultRange = {}): AsyncGenerator<Result<Value>, void, void> {
    const lanes = checkLanes('the filter', filter, ['skip', 'limit', 'signal'])
    return this.#uses.over(readResults<Value>(this.#system.reader, lanes, checkRange(filter)))
  }

  /**
   * Datasets and how far their lanes are, by name.
   *
   * @throws DroverError READ_FAILED, CLOSED, STORE_FAILED
   */
  async datasets(): Promise<DatasetCounts[]> {
    return (await this.#system.reader.read('datasets', {})).datasets
  }

  /**
   * How labels are distributed, and how far annotators agree on them, by dataset and domain.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED; the reason of `signal`
   * @example
   * const [urgency] = await drover.labels({ domain: 'urgency' })
   * console.log(urgency?.labels, urgency?.agreement.alpha)
   */
  labels(query: LabelQuery = {}): Promise<LabelReport[]> {
    return this.#uses.during(readLabels(this.#system.reader, query))
  }

  /**
   * Tasks that were given up.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED; the reason of `signal`
   * @example
   * for await (const { key, kind, error } of drover.deadTasks({ dataset: 'messages' })) console.log(key, kind, error.message)
   */
  deadTasks(filter: LaneQuery & ReadOptions = {}): AsyncGenerator<DeadTask, void, void> {
    const lanes = checkLanes('the filter', filter, ['signal'])
    return this.#uses.over(readDead(this.#system.reader, lanes, signalOf(filter)))
  }

  /**
   * What tasks died of: dead tasks grouped by error, the most frequent first. Errors are one if their code is, their message but for numbers, ids and
   * quoted texts, and the first line of your code in their stack. A hundred are told apart; the rest is counted as `OTHER`.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED; the reason of `signal`
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
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   * @example
   * const redriven = await drover.redrive({ domain: 'urgency' })
   * await drover.redrive({ dataset: 'messages', keys: ['m-17'] })
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
   * @throws DroverError EXPORT_FAILED, READ_FAILED, CLOSED, ARGUMENT_INVALID; nothing is left of what was written then. The reason of
   * `signal`
   * @example
   * const lines = await drover.export('urgency.jsonl', { domain: 'urgency' })
   * await drover.export('/dev/stdout')
   */
  async export(file: string, filter: LaneQuery & ReadOptions = {}): Promise<number> {
    const lanes = checkLanes('the filter', filter, ['signal'])
    const signal = signalOf(filter)
    const ends = signal ? AbortSignal.any([signal, this.#close.over]) : this.#close.over
    return this.#uses.during(exportResults(this.#system.reader, checkName('file', file), lanes, ends))
  }

  /**
   * The whole system, from memory: costs no disk.
   *
   * @example
   * const { done, dead, total, workers } = drover.status()
   * console.log(`${done} of ${total} done, ${dead} dead`, workers.map(({ id, state }) => `${id} ${state}`))
   */
  status(): SystemStatus {
    return systemStatus(this.#system, this.#lifetime.state)
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
   * @throws DroverError CLOSED, STORE_FAILED
   * @see https://stately.ai/docs/inspection
   * @example
   * const stop = drover.inspect((event) => console.log(event.type))
   * stop()
   */
  inspect<Event = InspectionEvent>(observer: InspectionObserver<Event>): () => void {
    this.#lifetime.assertOpen()
    return inspectActors(this.#system.root, observer, (error) =>
      this.#system.parts.report('an observer of inspect() threw and is told no more', error),
    )
  }

  /**
   * One worker.
   *
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  worker(id: string): {
    /** As it is now. */
    status(): WorkerStatus
  } {
    const managed = this.#selection.one(id)
    return { status: () => statusOf(this.#system, managed) }
  }

  /**
   * What a live worker's CPU time goes into, over so many ms. The worker goes on meanwhile, a little slower.
   *
   * @param options.ms how long to look, 1 to 600_000. @defaultValue 1_000
   * @returns a CPU profile for DevTools, speedscope and the like: save it as JSON in a file that ends in `.cpuprofile`
   * @throws DroverError THREAD_GONE if the worker has no thread, or it ends meanwhile; TIMEOUT if the thread does not answer;
   * PROFILE_RUNNING while another one of this worker is taken, PROFILES_FULL while four of others are; WORKER_UNKNOWN, ARGUMENT_INVALID,
   * CLOSED
   * @example
   * import { writeFile } from 'node:fs/promises'
   * await writeFile('urgency.cpuprofile', JSON.stringify(await drover.profile('annotator-1/urgency', { ms: 5_000 })))
   */
  async profile(id: string, options: { ms?: number } = {}): Promise<CpuProfile> {
    const { ms = 1_000 } = checkOptions('the second argument of profile', options, ['ms'])
    wholeNumber('ms', ms, 1, 600_000)
    const managed = this.#selection.one(id)
    if (!managed.thread) throw new DroverError('THREAD_GONE', `${id} is ${managed.state} and has no thread`)
    return managed.thread.profile(ms)
  }

  /**
   * One quota: where it stands, and what can be done about it while everything runs.
   *
   * @throws QuotaError QUOTA_INVALID if there is no such quota; DroverError CLOSED, STORE_FAILED
   * @example
   * const quota = drover.quota('key-1')
   * const { available, waiting } = await quota.status()
   * await quota.set({ requests: { limit: 30, per: 'minute' } })
   */
  quota(name: string): QuotaHandle {
    this.#lifetime.assertOpen()
    return this.#system.parts.quotas.handle(name)
  }

  /**
   * Where all quotas stand.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  quotas(): Promise<QuotaReport[]> {
    this.#lifetime.assertOpen()
    return this.#system.parts.quotas.reports()
  }

  /**
   * What was used, by unit: `requests`, and whatever `ctx.quota.settle` and `observe` told. By worker, added up for each annotator or
   * domain, or task by task (use `taskUsage` for that).
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   * @example
   * for (const { of, usage } of await drover.usage({ by: 'annotator' })) console.log(of, usage.tokens)
   */
  async usage<By extends 'worker' | 'annotator' | 'domain' = 'worker'>(filter: LaneQuery & { by?: By } = {}): Promise<Usage[]> {
    const lanes = checkLanes('the filter', filter, ['by'])
    const by = checkOneOf('by', ['worker', 'annotator', 'domain'], filter.by ?? 'worker')
    const { rows } = await this.#system.reader.read('usage', { filter: lanes })
    return usageBy(rows, by)
  }

  /**
   * What each task used, lane by lane, in order of loading.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   */
  taskUsage(filter: LaneQuery = {}): AsyncGenerator<TaskUsageRow, void, void> {
    return this.#uses.over(readTaskUsage(this.#system.reader, checkLanes('the filter', filter)))
  }

  /**
   * Failures, newest first; also those of earlier runs.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   */
  async failures(query: { worker?: string; limit?: number } = {}): Promise<{ worker: string; failure: Failure }[]> {
    checkFilter('the query', query, ['worker', 'limit'])
    const filter = checkEventFilter(query)
    await this.#flushed()
    const rows = await readLatest(this.#system.reader, { ...filter, types: ['worker:failure:recorded'] })
    return rows.map((row) => row.payload as { worker: string; failure: Failure })
  }

  /**
   * The event log, newest first; also of earlier runs.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   */
  async history(query: { worker?: string; types?: EventName[]; limit?: number } = {}): Promise<StoredEvent[]> {
    checkFilter('the query', query, ['worker', 'types', 'limit'])
    const filter = checkEventFilter(query)
    await this.#flushed()
    return readLatest(this.#system.reader, filter)
  }

  /**
   * The event log, oldest first, to be followed by its ids; also of earlier runs.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   * @example
   * let after = 0
   * const { items, last } = await drover.events({ after, types: ['worker:failure:recorded'] })
   * after = items.at(-1)?.id ?? last
   */
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

  /**
   * The latest log records.
   *
   * @throws DroverError ARGUMENT_INVALID
   */
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

  /**
   * Which log records are made from now on, also by workers that run.
   *
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  setLogLevel(level: LogLevel): void {
    this.#lifetime.assertOpen()
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

  /**
   * Calls the listener at each such event, until {@link off}. One that throws harms nobody; that it does is logged.
   *
   * @example
   * drover.on('worker:failure:recorded', ({ worker, failure }) => console.error(worker, failure.kind, failure.message))
   */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    this.#system.events.on(name, listener)
    return this
  }

  /**
   * Calls the listener at the next such event only.
   */
  once<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    this.#system.events.once(name, listener)
    return this
  }

  /**
   * Ends what {@link on} or {@link once} began with the same listener.
   */
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
   * @example
   * const remove = drover.stopOnSignals(['SIGTERM'])
   * await drover.start()
   * await drover.done()
   * remove()
   */
  stopOnSignals(signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM']): () => void {
    const remove = stopOnSignals(this, signals)
    this.#close.onClosed(remove)
    return remove
  }

  /** @internal A signal asks for the end. */
  interrupt(signal: NodeJS.Signals): void {
    this.#close.interrupt(signal)
  }

  /** @internal The signal that has asked for the end. */
  get interruptedBy(): NodeJS.Signals | null {
    return this.#lifetime.interrupted?.signal ?? null
  }

  /**
   * Stops every worker (draining for at most `drainMs`), closes the store, and leaves no handle behind. A second call returns the same
   * promise. Where the store cannot be written, it is not waited for longer than draining and killing may take, or 5 s; the log says what it
   * has not taken.
   *
   * @throws DroverError ARGUMENT_INVALID; nothing is closed then
   * @example
   * await drover.close({ drainMs: 2_000 })
   */
  close(options: { drainMs?: number } = {}): Promise<void> {
    return this.#close.close(options)
  }

  /**
   * Closes it: for `await using`.
   *
   * @example
   * await using reader = await createDrover({ store: 'data/drover.db', workers: [] })
   * for await (const { key, value } of reader.results()) console.log(key, value)
   */
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
    if (this.#lifetime.state === 'closed') return
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

  /** What happened is in the store, or it was said that it cannot be. */
  async #flushed(): Promise<void> {
    await this.#system.parts.recorder.flush().catch(() => {})
  }
}
