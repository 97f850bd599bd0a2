/**
 * The engine contract on SQLite, in one thread and synchronous. Many requests share one transaction, so that one fsync pays for
 * all of them; see `execute`.
 */
import { randomUUID } from 'node:crypto'
import { DroverError } from '../../errors.js'
import type { Time } from '../contract/basics.js'
import type { EngineOp, EngineReply, EngineRequest } from '../contract/engine.js'
import type { HostIdentity } from '../contract/hosts.js'
import type { LaneCounts } from '../contract/registry.js'
import { isGone } from '../host-identity.js'
import type { Decision } from '../quotas/waiter.js'
import { storeClock } from './clock.js'
import type { EngineContext } from './engine-context.js'
import { openedFile } from './file-identity.js'
import { labelPages } from './label-pages.js'
import { type Durability, openDatabase } from './open.js'
import { type Quotas, quotas } from './quotas/quotas.js'
import { reads } from './reads/reads.js'
import { changes } from './registry/changes.js'
import { eventLog } from './registry/event-log.js'
import { history } from './registry/history.js'
import { hosts } from './registry/hosts.js'
import { type Lanes, lanes } from './registry/lanes.js'
import { workers } from './registry/workers.js'
import { isDamage, isFull, storeFailure } from './sqlite-errors.js'
import { attempts } from './tasks/attempts.js'
import { claims } from './tasks/claim.js'
import { taskControl } from './tasks/control.js'
import { fresh } from './tasks/fresh-items.js'
import { items } from './tasks/items.js'
import { tasks } from './tasks/leases.js'
import { receipts } from './tasks/receipts.js'
import { redoing } from './tasks/redo.js'
import { redriving } from './tasks/redrive.js'
import { exchanges } from './tasks/settle-and-claim.js'
import { usages } from './tasks/usage.js'
import { inTransaction } from './transaction.js'
import { boundLog } from './wal-bound.js'

/** Approximate bytes of a row beside its texts, and of an attempt's error. */
const rowBytes = 100
const errorBytes = 2_000

export interface SqliteEngineOptions {
  /** Path of the file, or `':memory:'`. */
  file: string
  durability: Durability
  /** Number of events to keep. */
  keepEvents: number
  /** The store's clock. @defaultValue {@link storeClock} */
  now?: () => Time
  /** The wall clock, in ms since the epoch. @defaultValue `now` if that is given, else Date.now */
  wall?: () => Time
  /** Not 0: do not wait for locks of other processes. @defaultValue waits up to 30 s for each */
  hurry?: Int32Array | undefined
  /** Whether a host's process has ended. @defaultValue checks the process */
  isGone?: (identity: HostIdentity) => boolean | 'unknown'
}

/** Every operation of the contract, synchronous. */
export type SqliteOperations = { [Op in EngineOp]: (request: EngineRequest<Op>) => EngineReply<Op> }

/** One request of a group. */
export interface EngineCall<Op extends EngineOp = EngineOp> {
  op: Op
  request: EngineRequest<Op>
}

export type EngineAnswer = { ok: true; value: unknown } | { ok: false; error: Error }

export interface SqliteEngine extends SqliteOperations {
  /**
   * Runs requests in order, all in one transaction. A request that fails changes nothing and does not affect the others. When
   * this returns, all answers with `ok` are committed.
   */
  execute(calls: readonly EngineCall[]): EngineAnswer[]
  /** Serves requests that wait for quotas, in its own transaction. */
  serveQuotas(): void
  /** Whether {@link serveQuotas} may change anything now. */
  quotasDue(): boolean
  /** Ms until the next waiting request here is due, as far as known; null: none waits. */
  quotasDueInMs(): number | null
  /** Decisions about requests that waited for quotas, since the last call. */
  takeQuotaDecisions(): Decision[]
  /** Counts of the lanes that changed since the last call, at most of so many: the others come at the next calls. */
  takeTouched(most: number): LaneCounts[]
  /** Whether another process committed something since the last call. */
  changedElsewhere(): boolean
  /** A number that rises with each written row. */
  written(): number
  /** The reason why the store is unusable: its file is damaged or was replaced; null: it is usable. Looks at the file. */
  damage(): DroverError | null
  /** Marks the file, so that {@link damage} recognises an older copy. Called every few seconds; does not wait for locks. */
  mark(): void
  /** Moves the log into the file and closes it. */
  close(): void
}

/** @throws as {@link openDatabase} does */
export function openSqliteEngine(options: SqliteEngineOptions): SqliteEngine {
  const db = openDatabase(options.file, options.durability)
  const now = options.now ?? storeClock(db)
  const wall = options.wall ?? options.now ?? Date.now
  const context: EngineContext = {
    db,
    now: () => Math.floor(now()),
    wall: () => Math.floor(wall()),
    process: randomUUID(),
    isGone: options.isGone ?? isGone,
    keepEvents: options.keepEvents,
    touched: new Set(),
  }
  const { hurry } = options
  const isHurried = (): boolean => hurry !== undefined && Atomics.load(hurry, 0) !== 0
  const opened = openedFile(db, options.file)
  const log = boundLog(db, options.file, isHurried)
  let damage: DroverError | null = null
  /** The DroverError for an error; damage is remembered. */
  function failureOf(cause: unknown, bytes = 0): DroverError {
    const failure = storeFailure(cause, isFull(cause) ? log.describe(bytes) : '')
    if (isDamage(cause)) damage ??= failure
    return failure
  }
  const lane = lanes(context)
  const quota = quotas(context)
  const operations = operationsOf(context, lane, quota)
  const dispatch = operations as unknown as Record<EngineOp, (request: unknown) => unknown>
  const wrapped = Object.fromEntries(
    Object.keys(operations).map((op) => [op, (request: unknown) => alone(() => dispatch[op as EngineOp](request))]),
  ) as unknown as SqliteOperations

  function attempt({ op, request }: EngineCall): EngineAnswer {
    try {
      return { ok: true, value: dispatch[op](request) }
    } catch (error) {
      // Operations throw a DroverError before they write anything; other errors may come halfway.
      if (DroverError.is(error)) return { ok: false, error }
      throw error
    }
  }

  /** One transaction with its changes to quotas, which are kept or discarded together. */
  function whole<T>(work: () => T): T {
    try {
      const value = inTransaction(
        db,
        () => {
          quota.begin()
          const value = work()
          quota.end()
          return value
        },
        isHurried,
      )
      quota.committed()
      return value
    } catch (error) {
      quota.rolledBack()
      throw error
    }
  }

  function alone<T>(operation: () => T): T {
    try {
      return whole(operation)
    } catch (error) {
      throw failureOf(error)
    }
  }

  /** Tries again if there may be room now. */
  function inRoom(calls: readonly EngineCall[]): EngineAnswer[] {
    log.makeRoom(() => bytesOf(calls))
    try {
      return whole(() => calls.map(attempt))
    } catch (cause) {
      if (isFull(cause) && log.shrink()) return whole(() => calls.map(attempt))
      throw cause
    }
  }

  function execute(calls: readonly EngineCall[]): EngineAnswer[] {
    log.begin()
    return together(calls)
  }

  /** In one transaction; if that fails, each call in its own. */
  function together(calls: readonly EngineCall[]): EngineAnswer[] {
    try {
      return inRoom(calls)
    } catch (cause) {
      // A DroverError is an error of the transaction itself: single calls would fail too.
      if (calls.length > 1 && !DroverError.is(cause)) return calls.flatMap((call) => together([call]))
      const error = failureOf(cause, bytesOf(calls))
      return calls.map(() => ({ ok: false, error }))
    }
  }

  const totalChanges = db.prepare<[], number>('SELECT total_changes()').pluck()
  let seenVersion = db.pragma('data_version', { simple: true })
  return {
    ...wrapped,
    execute,
    serveQuotas: () => alone(quota.touch),
    quotasDue: quota.due,
    quotasDueInMs: quota.dueInMs,
    takeQuotaDecisions: quota.takeDecisions,
    takeTouched: lane.takeTouched,
    changedElsewhere() {
      const version = db.pragma('data_version', { simple: true })
      const changed = version !== seenVersion
      seenVersion = version
      return changed
    },
    written: () => totalChanges.get() ?? 0,
    damage() {
      if (!damage && !opened.isThere()) {
        const what = 'was removed, renamed or replaced while it was open: what was written since is not in it'
        damage = new DroverError('STORE_FAILED', `the store's file ${options.file} ${what}`, { details: { file: options.file } })
      }
      return damage
    },
    mark: opened.mark,
    close() {
      if (!db.open) return
      try {
        db.pragma('wal_checkpoint(TRUNCATE)')
      } catch {
        // Another process is reading or writing: it moves the log into the file when it closes.
      }
      db.close()
    },
  }
}

/** Approximate bytes that calls add to the store: texts and rows. */
function bytesOf(calls: readonly EngineCall[]): number {
  let bytes = 0
  for (const { op, request } of calls) {
    if (op === 'enqueue') {
      for (const { key, data } of (request as EngineRequest<'enqueue'>).items) bytes += data.length + 2 * key.length + rowBytes
    } else if (op === 'exchange') {
      for (const outcome of (request as EngineRequest<'exchange'>).outcomes)
        bytes += ('value' in outcome ? (outcome.value?.length ?? 0) : 0) + (outcome.do === 'fail' ? errorBytes : rowBytes)
    }
  }
  return bytes
}

function operationsOf(context: EngineContext, lane: Lanes, quota: Quotas): SqliteOperations {
  const attempt = attempts(context)
  const task = tasks(context, attempt)
  const untouched = fresh(context)
  const item = items(context, lane)
  const labels = labelPages(context)
  const done = history(context)
  const host = hosts(context, lane, task, quota, done)
  const receipt = receipts(context)
  const usage = usages(context)
  const common = { lanes: lane, tasks: task, receipts: receipt, usage, labels, history: done }
  const worker = workers(context, { ...common, hosts: host, items: item, quotas: quota })
  return {
    now: () => ({ now: context.now() }),
    join: host.join,
    renew: host.renew,
    leave: host.leave,
    sweep: host.sweep,
    declare: worker.declare,
    acquire: worker.acquire,
    holders: worker.holders,
    free: worker.free,
    abandon: worker.abandon,
    reset: worker.reset,
    counts: worker.counts,
    record: eventLog(context, host, done).record,
    enqueue: item.enqueue,
    exchange: exchanges(context, { ...common, claims: claims(context, untouched) }).exchange,
    redrive: redriving(context, lane).redrive,
    redo: redoing(context, lane, labels).redo,
    ...taskControl(context, { lanes: lane, tasks: task, fresh: untouched, attempts: attempt }),
    declareQuotas: quota.declareQuotas,
    acquireQuota: quota.acquireQuota,
    probeQuota: quota.probeQuota,
    cancelQuota: quota.cancelQuota,
    leaveQuotas: quota.leaveQuotas,
    observeQuota: quota.observeQuota,
    retireQuota: quota.retireQuota,
    settleQuota(request) {
      const reply = quota.settleQuota(request)
      if (reply.done && request.usage) usage.addWorker(request.usage.worker, request.usage.amounts)
      return {}
    },
    blockQuota: quota.blockQuota,
    quotas: quota.quotas,
    ...changes(context),
    ...reads(context.db, context),
  }
}
