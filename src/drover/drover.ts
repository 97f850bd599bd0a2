/**
 * The façade: the public methods of a system. They only check arguments and delegate.
 */

import type { OpenSystem } from '../actors/system/contract.js'
import { type InspectionEvent, type InspectionObserver, inspectActors } from '../actors/system/inspection.js'
import { leading } from '../actors/system/instances.js'
import { type AddOptions, type ChangeOptions, Membership, type Patch, type UpdateOptions } from '../actors/system/membership.js'
import type { QuotaHandle, QuotaReport } from '../actors/system/quota-report.js'
import { type Settings, type SystemStatus, systemStatus, type TreeStatus, treeStatus } from '../actors/system/status.js'
import { SystemView } from '../actors/system/view.js'
import { Waker } from '../actors/system/wake-workers.js'
import { longestProfileMs } from '../bounds.js'
import { DroverError, type ErrorGroup, toErrorRecord } from '../errors.js'
import type { DroverEvents, EventName, Listener } from '../events/event-map.js'
import type { Failure } from '../failure.js'
import { type LogLevel, levelRank } from '../log-levels.js'
import { checkLogQuery, type LogRecord, type RecentLogs } from '../logs/logs.js'
import type { Entry } from '../options/changes.js'
import type { PoolOptions } from '../options/pool.js'
import type { SupervisorOptions } from '../options/supervisor.js'
import type { WorkerOptions } from '../options/worker.js'
import type { PoolHandle } from '../pools/pool-handle.js'
import type { ReadonlyDeep } from '../readonly-deep.js'
import type { CheckReport } from '../store/check-report.js'
import type { DeadTask, LabelReport, Result, StoredEvent, TaskUsageRow } from '../store/contract/reads.js'
import type { DatasetCounts } from '../store/contract/single-tasks.js'
import type { CpuProfile } from '../threads/evidence/stack-and-profile.js'
import type { AnyMessages, MessageTypes } from '../threads/messages/contract.js'
import type { DatasetName, DatasetTypes, ItemOf, ResultOf } from '../typed-worker.js'
import { checkFlag, checkFunction, checkName, checkOneOf, wholeNumber } from '../validation/arguments.js'
import { checkFilter, checkOptions, checkPlain } from '../validation/filters.js'
import { type ReadOptions, signalOf } from '../validation/read-options.js'
import { Close } from './close.js'
import { Control } from './control.js'
import { Done } from './done.js'
import { drainOf } from './drain.js'
import { HealthWatch } from './health.js'
import type { Health } from './health-report.js'
import { checkLanes, type LaneQuery } from './lane-query.js'
import { Lifetime } from './lifetime.js'
import { checkListening, checkObserver } from './listeners.js'
import { checkLoad, type LoadOptions, type LoadReport } from './load.js'
import { OpenCalls } from './open-calls.js'
import { OpenLoads } from './open-loads.js'
import { poolOf } from './pools.js'
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
import { checkRange, exportResults, type ResultRange, readDead, readResults } from './results.js'
import { type RunEnd, type RunOptions, run } from './run.js'
import { RunEnding } from './run-end.js'
import type { RunReport } from './run-report.js'
import { Selection } from './selection.js'
import type { Selector } from './selector.js'
import { stopOnSignals } from './signals.js'
import type { TaskMatch } from './task-match.js'
import { Tasks } from './tasks.js'
import { readTaskUsage, type Usage, usageBy } from './usage.js'
import { readHistory, type WorkHistory, type WorkHistoryQuery } from './work-history.js'
import { type WorkerHandle, workerHandle } from './worker-handle.js'

/**
 * A running system. Made by {@link createDrover}.
 *
 * @typeParam Types the types of its datasets, see {@link createDrover}
 */
export class Drover<Types extends DatasetTypes = DatasetTypes> {
  readonly #system: OpenSystem
  readonly #uses = new OpenCalls()
  readonly #lifetime: Lifetime
  readonly #selection: Selection
  readonly #control: Control
  readonly #membership: Membership
  readonly #waker: Waker
  readonly #loads: OpenLoads
  readonly #runEnd: RunEnding
  readonly #done: Done
  readonly #close: Close
  readonly #health: HealthWatch
  /** Reads and changes single tasks: list, get, count, redrive, retry, redo, prioritise, drop. */
  readonly tasks: Tasks
  /** @internal The data that the status server shows. */
  readonly view: SystemView

  /** @internal Use {@link createDrover}. */
  constructor(system: OpenSystem) {
    const uses = this.#uses
    const lifetime = new Lifetime(system)
    const selection = new Selection(system, lifetime)
    const waker = new Waker(system.parts, system.managed)
    const runEnd = new RunEnding(system)
    const done = new Done({ system, lifetime, runEnd, waker })
    this.#system = system
    this.#lifetime = lifetime
    this.#selection = selection
    this.#control = new Control({ system, lifetime, selection, waker, uses })
    this.#membership = new Membership(system)
    this.#waker = waker
    this.#loads = new OpenLoads(system, waker)
    this.#runEnd = runEnd
    this.view = new SystemView(system, () => lifetime.state)
    this.#done = done
    this.#close = new Close({ system, lifetime, done, waker, uses })
    this.#health = new HealthWatch(system, lifetime)
    this.#close.onClosed(() => this.#health.stop())
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
   * Starts the selected workers, or all enabled ones. Resolves when each has its place in the queue for slots. A worker that
   * another host holds waits until that host releases it (or is refused, see `onHeld`). A blacklisted worker is not started. The
   * outcomes say so.
   *
   * @throws DroverError SLOTS_FULL with `onFull: 'reject'` if there are fewer free slots than workers to start, and none is
   * started. WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * await drover.start()                      // all enabled workers
   * await drover.start({ domain: 'urgency' }) // or some of them
   * for (const { worker, ok, message } of await drover.start('annotator-1/urgency')) if (!ok) console.error(worker, message)
   */
  start(selector?: Selector): Promise<ControlOutcome[]> {
    return this.#control.start(selector)
  }

  /**
   * Lets tasks in hand finish (for at most `drainMs`), then ends the threads. Resolves when the workers are down. Under a
   * supervisor they stop one after another, the last one first.
   *
   * @param options.drainMs time for each worker, in ms. @defaultValue the worker's own `drainMs`
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * await drover.stop({ annotator: 2 }, { drainMs: 1_000 })
   */
  stop(selector?: Selector, options: { drainMs?: number } = {}): Promise<ControlOutcome[]> {
    return this.#control.stop(selector, options)
  }

  /**
   * Stops new tasks; tasks in hand continue and threads stay. A pause outlives the host: a worker that is paused when the host
   * ends is paused again when the next host starts it, until it is resumed or stopped by hand.
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
   * Lets paused workers take tasks again, including workers paused by their breaker. Also cancels a pause that waits for its
   * worker to run.
   *
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * await drover.resume() // all paused workers
   */
  resume(selector?: Selector): Promise<ControlOutcome[]> {
    return this.#control.resume(selector)
  }

  /**
   * Stops, then starts. Resolves when the new start is queued. Does not count as a failure.
   *
   * @throws DroverError SLOTS_FULL as for {@link start}; WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is
   * gone
   * @example
   * await drover.restart(['annotator-1/urgency', 'annotator-2/urgency'])
   */
  async restart(selector?: Selector): Promise<ControlOutcome[]> {
    await this.stop(selector)
    return this.start(selector)
  }

  /**
   * Forgets a worker's failures and lifts its blacklisting. With `data: true` it also deletes all results and dead tasks of its
   * lane, so that the lane starts over; then the selector is required, and `{}` selects all workers. Only for workers that are
   * down.
   *
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * const [outcome] = await drover.reset('annotator-1/urgency') // can be started again
   * await drover.reset({ domain: 'urgency' }, { data: true })   // and starts with the first item
   */
  reset(selector?: Selector, options: { data?: boolean } = {}): Promise<ResetOutcome[]> {
    return this.#control.reset(selector, options)
  }

  /**
   * Gives workers up by hand. Running ones first finish their tasks in hand (for at most `drainMs`). The workers stay down until
   * `reset`, also under later systems on the store. The outcome is `ok` once this is stored. If the store cannot be written now,
   * the workers are given up here all the same, and this is stored as soon as possible.
   *
   * @param why kept as the reason
   * @param options.drainMs as for {@link stop}, in ms
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   * @example
   * await drover.blacklist('annotator-1/urgency', 'its key was withdrawn')
   */
  blacklist(selector: Selector, why: string, options: { drainMs?: number } = {}): Promise<ControlOutcome[]> {
    return this.#control.blacklist(selector, why, options)
  }

  /** The blacklisted workers, with the reason, the time, and the end if they have parole. */
  blacklisted(): BlacklistEntry[] {
    const found = [...this.#system.managed.values()].filter(({ state }) => state === 'blacklisted')
    return found.map(({ config: { id }, since, memory: { reason, until, lastFailure } }) => {
      return { worker: id, reason, since, until, lastFailure }
    })
  }

  /**
   * Sets how many workers may have a thread at once, in all or in one group. After a raise, waiting workers start at once. After
   * a cut, the workers of lowest priority, the latest first, finish their tasks in hand and queue again.
   *
   * @param limit a whole number, at least 1
   * @param group a key of the option `groups`. @defaultValue the limit of all workers
   * @throws DroverError ARGUMENT_INVALID, also for an unknown group; CLOSED, STORE_FAILED
   */
  setConcurrency(limit: number, group?: string): void {
    this.#control.setConcurrency(limit, group)
  }

  /**
   * Sets how many results each lane should have. After a raise, completed workers continue.
   *
   * @param target 0 or more, or null for every item
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED; STORE_FAILED once the store is gone
   */
  setTarget(selector: Selector, target: number | null): Promise<void> {
    return this.#control.setTarget(selector, target)
  }

  /**
   * Adds a worker, or a supervisor with workers, to the running system; `start` starts it. The options are checked together with
   * all others.
   *
   * @returns the ids of the added workers
   * @throws DroverError CONFIG_INVALID; WORKER_UNKNOWN if there is no such supervisor, or no worker `like`; ARGUMENT_INVALID if the
   * entry cannot be persisted; HOST_SHORT if its process has nowhere to write its crash file; CLOSED, STORE_FAILED
   * @example
   * await drover.add({ id: 'annotator-3/urgency', module: './annotate.worker.js', dataset: 'messages' }, { persist: true })
   * await drover.add({ id: 'annotator-4/urgency', quota: 'key-4' }, { like: 'annotator-3/urgency' })
   * await drover.start('annotator-3/urgency')
   */
  add(entry: ReadonlyDeep<WorkerOptions | SupervisorOptions>, options?: Omit<AddOptions, 'like'>): Promise<string[]>
  add(entry: ReadonlyDeep<Partial<WorkerOptions> & { id: string }>, options: AddOptions & { like: string }): Promise<string[]>
  async add(entry: ReadonlyDeep<Entry | (Partial<WorkerOptions> & { id: string })>, options: AddOptions = {}): Promise<string[]> {
    this.#lifetime.assertOpen()
    const change = checkOptions('the second argument of add', options, ['under', 'like', 'persist'])
    if (change.under !== undefined) checkName('under', change.under)
    if (change.like !== undefined) {
      checkName('like', change.like)
      checkPlain('the first argument of add', entry)
    }
    if (change.persist !== undefined) checkFlag('persist', change.persist)
    const added = await this.#membership.add(entry as Entry, change)
    await this.#waker.workers(added)
    return added
  }

  /**
   * Stops a worker, or a supervisor with all workers below it, and removes it from the system. Its results and its undone tasks stay in
   * the store: a worker that is added for the same lane continues.
   *
   * @param options.drainMs as for {@link stop}, in ms
   * @throws DroverError WORKER_UNKNOWN; CONFIG_INVALID if the remaining configuration is invalid; ARGUMENT_INVALID, CLOSED,
   * STORE_FAILED
   * @example
   * await drover.remove('annotator-3/urgency', { drainMs: 1_000 })
   */
  async remove(id: string, options: ChangeOptions & { drainMs?: number } = {}): Promise<void> {
    this.#lifetime.assertOpen()
    checkName('id', id)
    const { persist = false, drainMs } = checkOptions('the second argument of remove', options, ['persist', 'drainMs'])
    await this.#membership.remove(id, { persist: checkFlag('persist', persist), ...drainOf('remove', { drainMs }) })
  }

  /**
   * Changes options of a worker or a supervisor. If a change concerns the thread, a running worker finishes its tasks in hand and
   * continues in a new thread; this does not count as a failure.
   *
   * @param patch the new values; each replaces an option completely. Not `id`, `annotator`, `domain`, `dataset` and `children`
   * @throws DroverError CONFIG_INVALID, WORKER_UNKNOWN; ARGUMENT_INVALID for an option that cannot be changed and for a patch that is
   * no object; HOST_SHORT if its process has nowhere to write its crash file; CLOSED, STORE_FAILED
   * @example
   * await drover.update('annotator-1/urgency', { delayMs: 500, quota: 'key-2' })
   */
  async update(id: string, patch: Patch, options: UpdateOptions = {}): Promise<void> {
    this.#lifetime.assertOpen()
    checkName('id', id)
    checkPlain('the second argument of update', patch)
    const { persist = false, mergeInput = false } = checkOptions('the third argument of update', options, ['persist', 'mergeInput'])
    await this.#membership.update(id, patch, { persist: checkFlag('persist', persist), mergeInput: checkFlag('mergeInput', mergeInput) })
    if (this.#system.managed.has(id)) await this.#waker.workers([id])
  }

  /**
   * Adds items to a dataset. It streams, so memory stays bounded for a source of any length. Loading is idempotent by key.
   * Workers of the dataset take up new items at once; if no worker uses the dataset, the report has a `warning`. A process signal
   * ends a load in order: the report has `interrupted`.
   *
   * @throws DroverError LOAD_BAD_RECORD, LOAD_CONFLICT; both have the record's position. ARGUMENT_INVALID, CLOSED, STORE_FAILED;
   * the reason of `signal`
   * @example
   * const messages = [{ id: 'm-1', text: 'where is my order?' }]
   * const { added, known } = await drover.load('messages', messages, { key: (message) => message.id })
   */
  async load<const Item extends ReadonlyDeep<ItemOf<Types[Dataset]>>, Dataset extends keyof Types & string = keyof Types & string>(
    dataset: Dataset,
    source: Iterable<Item> | AsyncIterable<Item>,
    options: LoadOptions<Item> = {},
  ): Promise<LoadReport> {
    if (!this.#lifetime.interrupted) this.#lifetime.assertOpen()
    const checked = checkLoad(dataset, source, options)
    if (this.#lifetime.interrupted) return { dataset, added: 0, known: 0, updated: 0, interrupted: true }
    return this.#uses.during(this.#loads.load(dataset, source, checked))
  }

  /**
   * Resolves when no work is left that could still be done: each worker has completed or is down for good, and no load is
   * running. Waits for everything that continues by itself (restarts, parole, quotas that come back, the first load of a
   * dataset), and for workers paused by hand. While nothing moves, it logs the reason for waiting. Two cases keep it waiting only
   * while a status server is attached, through which a person can act: a worker whose budget is spent or whose keys are retired;
   * and a worker whose dataset was never loaded, while a dataset that no worker uses was. After a signal
   * ({@link stopOnSignals}) it waits until the tasks in hand are finished. The report lists all work that is not done.
   *
   * @throws DroverError NOT_STARTED if no worker was started; CLOSED if the system was closed before; STORE_FAILED if the store
   * has failed for good
   * @example
   * await drover.start()
   * const report = await drover.done()
   * for (const { worker, why } of report.incomplete) console.error(worker, why)
   */
  async done(): Promise<RunReport> {
    this.#done.asked()
    if (this.#done.last) return this.#done.last
    if (!this.#control.hasStarted && !this.#lifetime.interrupted)
      throw new DroverError('NOT_STARTED', 'done() was called before start(): there is nothing to wait for')
    return this.#done.wait()
  }

  /**
   * A whole program in one call: starts, shows progress bars on a terminal, waits for the end, and closes. Does not change
   * `process.exitCode`.
   *
   * @returns the report, with the exit code that the process should have
   * @throws DroverError as {@link start} and {@link done}: SLOTS_FULL, WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED, STORE_FAILED;
   * the error of `onDone`. The system is closed in each case
   * @example
   * await drover.load('messages', [{ id: 'm-1', text: 'where is my order?' }], { key: ({ id }) => id })
   * const { exitCode } = await drover.run({ onDone: () => drover.export('labels.jsonl') })
   * process.exitCode = exitCode
   */
  run(options: RunOptions = {}): Promise<RunEnd> {
    return run(this, options, (message) => this.#system.parts.logs.part('system').warn(message))
  }

  /**
   * Committed results that match, lane by lane, in order of loading.
   *
   * The type of `value` comes from the types of the datasets, or is given here. It is what is expected: results of an earlier
   * version of the worker are not checked again.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED; the reason of `signal`
   * @example
   * for await (const { key, annotator, value } of drover.results<{ label: string }>({ domain: 'urgency', limit: 10 })) {
   *   console.log(key, annotator, value.label)
   * }
   */
  results<Dataset extends DatasetName<Types>>(
    filter: LaneQuery & ResultRange & { dataset: Dataset },
  ): AsyncGenerator<Result<ResultOf<Types[Dataset]>>, void, void>
  results<Value = ResultOf<Types[keyof Types]>>(filter?: LaneQuery & ResultRange): AsyncGenerator<Result<Value>, void, void>
  results<Value>(filter: LaneQuery & ResultRange = {}): AsyncGenerator<Result<Value>, void, void> {
    const lanes = checkLanes('the filter', filter, ['skip', 'limit', 'signal'])
    return this.#uses.over(readResults<Value>(this.#system.reader, lanes, checkRange(filter)))
  }

  /**
   * The datasets by name, with the progress of their lanes.
   *
   * @throws DroverError READ_FAILED, CLOSED, STORE_FAILED
   */
  async datasets(): Promise<DatasetCounts[]> {
    return (await this.#system.reader.read('datasets', {})).datasets
  }

  /**
   * The distribution of labels and the agreement of annotators, by dataset and domain.
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
   * Tasks that were given up, lane by lane, in order of loading.
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
   * Dead tasks grouped by error, the most frequent first. Two errors are one group if they have the same code, the same message
   * except for numbers, ids and quoted texts, and the same first line of your code in the stack. There are at most a hundred
   * groups; all further errors are counted as `OTHER`.
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
   * Brings dead tasks back: they are `retrying` and due at once, and their attempts count from 0. Without a filter: those of all lanes.
   * @returns how many tasks
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   * @example
   * const redriven = await drover.redrive({ domain: 'urgency' })
   * await drover.redrive({ dataset: 'messages', keys: ['m-17'] })
   * await drover.redrive({ code: 'RATE_LIMITED' })
   */
  redrive(filter: TaskMatch = {}): Promise<number> {
    return this.tasks.redrive(filter)
  }

  /**
   * Writes results as JSON lines. The file is replaced in one step or not at all, and keeps its permissions. A symbolic link
   * stays; its target is replaced. A pipe, a device, and `/dev/stdout` are written directly; a pipe is waited for until it has a
   * reader.
   *
   * @returns the number of lines
   * @throws DroverError EXPORT_FAILED, READ_FAILED, CLOSED, ARGUMENT_INVALID; the reason of `signal`. The old file is unchanged
   * in each case
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
   * The state of the whole system, from memory, all at once: some milliseconds of the main thread for each thousand workers (5,000: 35 ms).
   * With thousands, ask for one worker (`drover.worker(id).status()`), or let the status server show what changes.
   *
   * @example
   * const { done, dead, total, workers } = drover.status()
   * console.log(`${done} of ${total} done, ${dead} dead`, workers.map(({ id, state }) => `${id} ${state}`))
   */
  status(): SystemStatus {
    return systemStatus(this.#system, this.#lifetime.state)
  }

  /** The supervision tree, without the system itself, in the order of starting. */
  tree(): TreeStatus[] {
    return treeStatus(this.#system)
  }

  /**
   * Passes on XState's inspection events: first one for each existing actor, as if it had just begun, then every event and
   * transition. Snapshots do not show workers' inputs.
   *
   * @returns a function that removes the observer
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   * @see https://stately.ai/docs/inspection
   * @example
   * const stop = drover.inspect((event) => console.log(event.type))
   * stop()
   */
  inspect<Event = InspectionEvent>(observer: InspectionObserver<Event>): () => void {
    this.#lifetime.assertOpen()
    checkObserver(observer)
    return inspectActors(this.#system.root, observer, (error) =>
      this.#system.parts.report('an observer of inspect() threw and was removed', error),
    )
  }

  /**
   * One worker: its status, and a reference to ask and to tell.
   *
   * @typeParam Messages the interface of its messages
   * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED, STORE_FAILED
   * @example
   * interface Embedder {
   *   embed: Ask<{ text: string }, number[]>
   * }
   * const vector = await drover.worker<Embedder>('embedder').ask('embed', { text: 'good' }, { timeoutMs: 5_000 })
   */
  worker<Messages extends MessageTypes<Messages> = AnyMessages>(id: string): WorkerHandle<Messages> {
    const means = { system: this.#system, lifetime: this.#lifetime, uses: this.#uses }
    return workerHandle(means, id, this.#selection.byId(id)) as unknown as WorkerHandle<Messages>
  }

  /**
   * Takes a CPU profile of a live worker. The worker continues meanwhile, a little slower.
   *
   * @param options.ms length of the profile in ms, 1 to 600_000. @defaultValue 1_000
   * @returns a CPU profile for DevTools or speedscope: save it as JSON in a file that ends in `.cpuprofile`
   * @throws DroverError THREAD_GONE if the worker has no thread, or the thread ends meanwhile; TIMEOUT if the thread does not
   * answer; PROFILE_RUNNING while another profile of this worker is running, PROFILES_FULL while four profiles of other workers
   * are; WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED
   * @example
   * import { writeFile } from 'node:fs/promises'
   * await writeFile('urgency.cpuprofile', JSON.stringify(await drover.profile('annotator-1/urgency', { ms: 5_000 })))
   */
  async profile(id: string, options: { ms?: number } = {}): Promise<CpuProfile> {
    const { ms = 1_000 } = checkOptions('the second argument of profile', options, ['ms'])
    wholeNumber('ms', ms, 1, longestProfileMs)
    const own = this.#selection.byId(id)
    const { state, thread } = leading(own)
    if (own.length > 1)
      throw new DroverError('ARGUMENT_INVALID', `${id} has ${own.length} instances: name one of them, such as ${own[0]?.id}`)
    if (!thread) throw new DroverError('THREAD_GONE', `${id} is ${state} and has no thread`)
    return thread.profile(ms)
  }

  /**
   * A pool of threads for short pieces of work, on piscina: makes one of these options, or finds the one of this id. It works from now
   * on, before `start()` too. Its first task, or `start()`, makes its first threads; `stop()` does not concern it, and `close()` ends
   * it after the workers. A thread's crash settles only the task that it had.
   *
   * @throws DroverError CONFIG_INVALID with every mistake, before anything is made, also for an id that is taken; POOL_UNKNOWN for an
   * id of no pool; ARGUMENT_INVALID, CLOSED, STORE_FAILED
   * @example
   * const pool = drover.pool({ id: 'parse', module: './parse.js', size: { max: 2 }, deadlineMs: 1_000 })
   * const words = await pool.run<string[]>('where is my order?')
   * console.log(words, drover.pool('parse').status().run?.p99)
   */
  pool(id: string): PoolHandle
  pool(options: ReadonlyDeep<PoolOptions>): PoolHandle
  pool(given: string | ReadonlyDeep<PoolOptions>): PoolHandle {
    this.#lifetime.assertOpen()
    return poolOf(this.#system, given)
  }

  /**
   * A handle to read and control one quota while the system runs.
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
   * The status of all quotas.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  quotas(): Promise<QuotaReport[]> {
    this.#lifetime.assertOpen()
    return this.#system.parts.quotas.reports()
  }

  /**
   * The amounts used of quotas, by unit: `requests`, and the units that `ctx.quota.settle` and `observe` reported. Added up by
   * worker, annotator or domain; for single tasks see {@link taskUsage}.
   *
   * @param filter.by what to add up by. @defaultValue 'worker'
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
   * The amounts that each task used, lane by lane, in order of loading.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   */
  taskUsage(filter: LaneQuery = {}): AsyncGenerator<TaskUsageRow, void, void> {
    return this.#uses.over(readTaskUsage(this.#system.reader, checkLanes('the filter', filter)))
  }

  /**
   * Results, failed attempts, dead tasks and restarts of the last hour by the minute, or of up to a day in steps of ten minutes:
   * of all workers or those of some lanes, by all hosts on the store together. They outlive the host, and are kept for a day.
   *
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED; the reason of the signal
   * @example
   * const { steps } = await drover.workHistory({ domain: 'urgency', lastMs: 86_400_000 })
   * for (const { at, results, failed } of steps) console.log(new Date(at), results, failed)
   */
  workHistory(query: WorkHistoryQuery = {}): Promise<WorkHistory> {
    return this.#uses.during(readHistory(this.#system.reader, query))
  }

  /**
   * Failures of workers, newest first, including those of earlier runs.
   *
   * @param query.limit 1 to 10_000. @defaultValue 100
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
   * The event log, newest first, including earlier runs.
   *
   * @param query.limit 1 to 10_000. @defaultValue 100
   * @throws DroverError ARGUMENT_INVALID, READ_FAILED, CLOSED, STORE_FAILED
   */
  async history(query: { worker?: string; types?: EventName[]; limit?: number } = {}): Promise<StoredEvent[]> {
    checkFilter('the query', query, ['worker', 'types', 'limit'])
    const filter = checkEventFilter(query)
    await this.#flushed()
    return readLatest(this.#system.reader, filter)
  }

  /**
   * The event log, oldest first, including earlier runs. To follow it, pass the last id as `after`.
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
   * Checks the whole store: SQLite's own check of its file (every page, every index), and the rules between drover's tables, for
   * example that every task is in one place and that counters match their rows. Problems are in the report; none is repaired.
   *
   * The check runs beside all other work, on one of the two threads for reads, and reads the whole file several times: some
   * seconds for a million results (about 6 s for 317 MB on one core). Each part of the check sees one consistent moment;
   * different parts see different ones. Meanwhile the store's log (`-wal`) cannot be moved into the file, and grows with each
   * write. For a store that is not open, see {@link checkStore}.
   *
   * @param options.signal ends the check: the call rejects at once, and the thread stops after the current part
   * @throws DroverError READ_FAILED, CLOSED, ARGUMENT_INVALID; the reason of the signal
   * @example
   * const { ok, problems } = await drover.check()
   * if (!ok) console.error(problems) // [{ check: 'lane-counts', message, count: 1, examples: [{ lane: 1, counter: 'done', kept: 8000, counted: 4288 }] }]
   */
  async check(options: ReadOptions = {}): Promise<CheckReport> {
    const signal = signalOf(checkOptions('the options of check', options, ['signal']))
    return this.#uses.during(this.#health.check(signal))
  }

  /**
   * Whether the ground is well that the system stands on: the hosts that share the store, the store and its disk, the event loop of the
   * main thread, memory. `troubles` says in words what is not. Reads beside the store thread, so that it answers while the store cannot be
   * written, and after the store has failed.
   *
   * The event loop is measured while somebody asks: from the first call on, until nobody has asked for a minute.
   *
   * @throws DroverError CLOSED
   * @example
   * const { ok, troubles, store, loop } = await drover.health()
   * if (!ok) for (const { severity, message } of troubles) console.error(severity, message)
   * console.log(store.commits.perSecond, store.commits.p99Ms, loop.p99Ms)
   */
  health(): Promise<Health> {
    return this.#health.look()
  }

  /**
   * The latest log records that match, oldest first. They are in the memory of this process.
   *
   * @throws DroverError ARGUMENT_INVALID
   */
  logs(query: RecentLogs): LogRecord[] {
    return this.#system.parts.logs.recent(checkLogQuery(query))
  }

  /**
   * Calls the listener with each new log record. A listener that throws has no effect on others; this is logged once.
   *
   * @returns ends it
   * @throws DroverError ARGUMENT_INVALID
   */
  onLog(listener: (record: LogRecord) => void): () => void {
    checkFunction('the listener', listener)
    return this.#system.parts.logs.follow(listener)
  }

  /**
   * Sets the least severe level of log records from now on, in running workers too.
   *
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  setLogLevel(level: LogLevel): void {
    this.#lifetime.assertOpen()
    checkOneOf('the log level', Object.keys(levelRank) as LogLevel[], level)
    this.#system.parts.logs.level = level
    for (const managed of this.#system.managed.values()) managed.setLogLevel(level)
  }

  /** The current values of all settings that can be changed while the system runs. */
  settings(): Settings {
    const { slots, logs } = this.#system.parts
    const groups = Object.fromEntries(Object.entries(slots.groups).map(([group, { limit }]) => [group, limit]))
    return { concurrency: slots.limit, groups, logLevel: logs.level }
  }

  /**
   * Calls the listener at each such event, until {@link off}. A listener that throws has no effect on others; its error is
   * logged.
   *
   * @throws DroverError ARGUMENT_INVALID for an unknown event, or a listener that is no function
   * @example
   * drover.on('worker:failure:recorded', ({ worker, failure }) => console.error(worker, failure.kind, failure.message))
   */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    checkListening(name, listener)
    this.#system.events.on(name, listener)
    return this
  }

  /**
   * Calls the listener at the next such event only.
   *
   * @throws DroverError as {@link on}
   */
  once<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    checkListening(name, listener)
    this.#system.events.once(name, listener)
    return this
  }

  /** Removes a listener that was added by {@link on} or {@link once}. */
  off<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    this.#system.events.off(name, listener)
    return this
  }

  /**
   * At the first of these signals all work ends in order: tasks in hand may finish (for at most `drainMs`), no further task
   * starts, and `load` and `done` report `interrupted`. A program that waits in `done` can then read results and close. Otherwise
   * the system closes by itself after a moment without reads. The exit code of the process is 128 + the signal's number. The
   * second signal ends the process at once.
   *
   * @param signals not SIGKILL and SIGSTOP, which no process can catch, nor those that tell of a broken process (SIGSEGV and
   * its like)
   * @returns a function that removes the handlers; closing the system removes them too
   * @throws DroverError ARGUMENT_INVALID, and nothing is handled
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

  /** @internal Ends all work in order because of a signal. */
  interrupt(signal: NodeJS.Signals): void {
    this.#close.interrupt(signal)
  }

  /** @internal The signal that interrupted the system. */
  get interruptedBy(): NodeJS.Signals | null {
    return this.#lifetime.interrupted?.signal ?? null
  }

  /**
   * Stops every worker (draining for at most `drainMs`), closes the store, and leaves no handle open. A second call returns the
   * same promise. If the store cannot be written, closing waits for it as long as draining and killing may take, at least 5 s;
   * the log lists the writes that are lost.
   *
   * @param options.drainMs time for tasks in hand, in ms. @defaultValue each worker's own `drainMs`
   * @throws DroverError ARGUMENT_INVALID, and nothing is closed
   * @example
   * await drover.close({ drainMs: 2_000 })
   */
  close(options: { drainMs?: number } = {}): Promise<void> {
    return this.#close.close(options)
  }

  /**
   * Closes the system, for `await using`.
   *
   * @example
   * await using reader = await createDrover({ store: 'data/drover.db', workers: [] })
   * for await (const { key, value } of reader.results()) console.log(key, value)
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * @internal Notes that a person can act while the program waits in `done()`: through a status server.
   *
   * @returns a function that ends this
   */
  attend(): () => void {
    return this.#runEnd.attend()
  }

  /** @internal Emits and stores a change through the status server. Does nothing on a closed system. */
  controlled(done: Omit<DroverEvents['http:control:done'], 'at'>): void {
    if (this.#lifetime.state === 'closed') return
    const { parts } = this.#system
    const { action, from, outcome, status } = done
    const { who, params } = parts.redact({ who: done.who, params: done.params })
    parts.publish('http:control:done', { ...done, who, params, at: parts.now() })
    parts.logs.part('http')[outcome === 'ok' ? 'info' : 'warn'](`${action} by ${who} from ${from}: ${outcome} (${status})`, params)
  }

  /** @internal Logs an error of the status server. */
  reportHttp(what: string, error: unknown): void {
    this.#system.parts.logs.part('http').error(what, { error: toErrorRecord(error) })
  }

  /** Resolves when all changes are stored, or when the failure to store them is logged. */
  async #flushed(): Promise<void> {
    await this.#system.parts.recorder.flush().catch(() => {})
  }
}
