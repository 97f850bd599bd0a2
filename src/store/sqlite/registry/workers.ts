/** The registry of workers: the stored state of each, its holder, and the return of its leases. */
import { DroverError } from '../../../errors.js'
import type { Fence, Time } from '../../contract/basics.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { HoldingHost } from '../../contract/hosts.js'
import { quotaClientOf } from '../../contract/quotas.js'
import type { LaneCounts, LaneSpec, WorkerRow, WorkerSpec } from '../../contract/registry.js'
import type { AbandonReply } from '../../contract/tasks.js'
import type { EngineContext } from '../engine-context.js'
import type { Quotas } from '../quotas/quotas.js'
import type { Items } from '../tasks/items.js'
import type { Tasks } from '../tasks/leases.js'
import type { Receipts } from '../tasks/receipts.js'
import type { Usages } from '../tasks/usage.js'
import type { History } from './history.js'
import type { Hosts } from './hosts.js'
import { countsOf, type Lane, type Lanes } from './lanes.js'

interface Parts {
  hosts: Hosts
  items: Items
  lanes: Lanes
  receipts: Receipts
  tasks: Tasks
  quotas: Quotas
  usage: Usages
  history: History
}

interface StoredWorker {
  id: number
  name: string
  lane: number | null
  state: string
  memory: string | null
  fence: Fence
  since: Time
  holder: number | null
  host: string | null
  pid: number | null
  hostname: string | null
}

export function workers({ db, wall }: EngineContext, parts: Parts) {
  const { hosts, items, lanes, receipts, tasks, quotas, usage, history } = parts
  const selectWorker = db.prepare<[string], StoredWorker>(
    `SELECT w.id, w.name, w.lane, w.state, w.memory, w.fence, w.since, w.holder, h.name AS host, h.pid, h.hostname
     FROM worker w LEFT JOIN host h ON h.id = w.holder WHERE w.name = ?`,
  )
  const upsertWorker = db.prepare<[string, number | null]>(
    'INSERT INTO worker (name, lane) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET lane = excluded.lane WHERE lane IS NOT excluded.lane',
  )
  const selectLane = db
    .prepare<[string, string, string], number>(
      'SELECT l.id FROM lane l JOIN dataset d ON d.id = l.dataset WHERE d.name = ? AND l.annotator = ? AND l.domain = ?',
    )
    .pluck()
  const insertLane = db.prepare<[number, string, string, number | null, number | null]>(
    'INSERT INTO lane (dataset, annotator, domain, target, top) VALUES (?, ?, ?, ?, ?)',
  )
  const updateTarget = db.prepare<[number | null, number, number | null]>('UPDATE lane SET target = ? WHERE id = ? AND target IS NOT ?')
  const nextFence = db.prepare<[], Fence>(`UPDATE counter SET value = value + 1 WHERE name = 'fence' RETURNING value`).pluck()
  const hold = db.prepare<[Fence, number, Time, number]>('UPDATE worker SET fence = ?, open = 1, holder = ?, since = ? WHERE id = ?')
  const letGo = db.prepare<[number]>('UPDATE worker SET open = 0, holder = NULL WHERE id = ?')
  const shut = db.prepare<[number]>('UPDATE worker SET open = 0 WHERE id = ?')
  const foundAgain = db.prepare<[number, number]>('DELETE FROM lost WHERE host = ? AND worker = ?')
  const forgetMemory = db.prepare<[number]>(`UPDATE worker SET state = 'idle', memory = NULL WHERE id = ?`)
  const topOf = db.prepare<[number], number | null>('SELECT max(priority) FROM level WHERE dataset = ?').pluck()
  const clear = ['lease', 'retry', 'cursor', 'skip', 'placed', 'attempt', 'past_result', 'label_page'].map((table) =>
    db.prepare<[number]>(`DELETE FROM ${table} WHERE lane = ?`),
  )
  const clearResults = db.prepare<[number]>('DELETE FROM result WHERE lane = ?')
  const clearDead = db.prepare<[number]>('DELETE FROM dead WHERE lane = ?')

  function stored(name: string): StoredWorker {
    const worker = selectWorker.get(name)
    if (!worker) throw new DroverError('WORKER_UNKNOWN', `the store knows no worker ${name}`, { details: { worker: name } })
    return worker
  }

  function laneOf({ lane }: StoredWorker): Lane | null {
    return lane === null ? null : lanes.read(lane)
  }

  function counts(worker: StoredWorker): LaneCounts | null {
    const lane = laneOf(worker)
    return lane && countsOf(worker.name, lane)
  }

  function knownLane({ dataset, annotator, domain }: LaneSpec): number | undefined {
    return selectLane.get(dataset, annotator, domain)
  }

  /** Whether another live host holds the worker. */
  function isHeld({ holder }: StoredWorker, self: number | null): boolean {
    return holder !== null && holder !== self && hosts.isPresent(holder)
  }

  /** A held worker must not get another lane: it would mix the tasks of two datasets. */
  function refuseMovingHeld({ worker, lane }: WorkerSpec): void {
    const known = selectWorker.get(worker)
    if (!known || !isHeld(known, null)) return
    if (known.lane === (lane ? knownLane(lane) : null)) return
    const holder = holderOf(known)
    const message = `${worker} is held by process ${holder?.pid} with another lane`
    throw new DroverError('WORKER_HELD', message, { details: { worker, holder } })
  }

  function declareLane(spec: LaneSpec): number {
    const known = knownLane(spec)
    if (known === undefined) {
      const dataset = items.dataset(spec.dataset)
      return Number(insertLane.run(dataset, spec.annotator, spec.domain, spec.target, topOf.get(dataset) ?? null).lastInsertRowid)
    }
    if (updateTarget.run(spec.target, known, spec.target).changes > 0) lanes.write(lanes.read(known))
    return known
  }

  return {
    declare({ workers: specs }: EngineRequest<'declare'>): EngineReply<'declare'> {
      for (const spec of specs) refuseMovingHeld(spec)
      for (const { worker, lane } of specs) upsertWorker.run(worker, lane ? declareLane(lane) : null)
      return {
        workers: specs.map((spec) => {
          const worker = stored(spec.worker)
          return { worker: worker.name, ...leftOf(worker), holder: holderOf(worker), lane: counts(worker) }
        }),
      }
    },

    acquire(request: EngineRequest<'acquire'>): EngineReply<'acquire'> {
      const worker = stored(request.worker)
      const host = hosts.known(request.host)
      const holder = holderOf(worker)
      if (holder && isHeld(worker, host)) return { holder }
      if (worker.holder !== null && worker.holder !== host) hosts.bury(worker.holder)
      const lane = laneOf(worker)
      if (lane && worker.holder === host && tasks.release(lane, worker.fence) > 0) lanes.write(lane)
      // Its own host claims it again, without having reported the end of its thread.
      if (worker.holder === host) quotas.leaveQuotas({ client: quotaClientOf(worker.name, worker.fence) })
      const fence = nextFence.get() ?? 0
      hold.run(fence, host, wall(), worker.id)
      receipts.forget(worker.id)
      foundAgain.run(host, worker.id)
      hosts.revive(host)
      return { fence, counts: counts(worker), left: leftOf(worker) }
    },

    holders({ workers: names }: EngineRequest<'holders'>): EngineReply<'holders'> {
      const present = new Map<number, boolean>()
      const isThere = (host: number): boolean => {
        if (!present.has(host)) present.set(host, hosts.isPresent(host))
        return present.get(host) === true
      }
      return {
        holders: names.map((name) => {
          const worker = stored(name)
          return worker.holder !== null && isThere(worker.holder) ? holderOf(worker) : null
        }),
      }
    },

    free({ worker: name, fence }: EngineRequest<'free'>): EngineReply<'free'> {
      const worker = stored(name)
      quotas.leaveQuotas({ client: quotaClientOf(name, fence) })
      if (worker.fence !== fence || worker.holder === null) return { released: 0 }
      const lane = laneOf(worker)
      const released = lane ? tasks.release(lane, fence) : 0
      if (lane && released > 0) lanes.write(lane)
      letGo.run(worker.id)
      return { released }
    },

    /** Also shuts the fence: late requests of the thread must have no effect. */
    abandon(request: EngineRequest<'abandon'>): EngineReply<'abandon'> {
      const worker = stored(request.worker)
      const lane = laneOf(worker)
      quotas.leaveQuotas({ client: quotaClientOf(worker.name, request.fence) })
      const reply: AbandonReply = { released: 0, retrying: 0, working: [], poisoned: [], counts: null }
      if (worker.fence === request.fence) shut.run(worker.id)
      if (!lane) return reply
      const working = new Set(request.abandoned.working)
      const finished = new Set(request.abandoned.finished)
      const rows = tasks.ofFence(lane, request.fence)
      const { dead } = lane
      for (const row of rows) {
        const [token, item, , attempt, failures, crashes, interrupted, releases] = row
        if (finished.has(token)) {
          tasks.retry(lane, item, 0, attempt, failures, crashes, interrupted)
          reply.retrying++
          continue
        }
        if (!working.has(token)) {
          tasks.retry(lane, item, 0, attempt - 1, failures, crashes, interrupted, { releases })
          reply.released++
          continue
        }
        reply.working.push(tasks.keyOf(item))
        const poison = crashes + 1 >= request.poisonAfter
        const ended = { worker: worker.id, error: request.error, at: wall(), counts: true }
        const seq = tasks.note(lane, row, { ...ended, outcome: poison ? 'poison' : 'crashed' })
        if (poison) {
          tasks.bury(lane, row, 'poison', seq, null, worker.id, wall())
        } else if (failures + 1 >= request.maxAttempts) {
          tasks.bury(lane, row, 'failed', seq, null, worker.id, wall())
        } else {
          tasks.retry(lane, item, 0, attempt, failures + 1, crashes + 1, interrupted)
          reply.retrying++
        }
      }
      if (rows.length > 0) {
        tasks.unleaseFence(lane, request.fence)
        lanes.write(lane)
        history.add(worker.id, wall(), { failed: reply.working.length, dead: lane.dead - dead })
      }
      // By token, so that a repeat returns the same keys.
      for (const token of working) {
        const key = tasks.poisoned(lane, token)
        if (key !== undefined) reply.poisoned.push(key)
      }
      return { ...reply, counts: countsOf(worker.name, lane) }
    },

    reset(request: EngineRequest<'reset'>): EngineReply<'reset'> {
      const worker = stored(request.worker)
      const host = hosts.known(request.host)
      if (isHeld(worker, host)) {
        const holder = holderOf(worker)
        const message = `${worker.name} is held by process ${holder?.pid} and cannot be reset from here`
        throw new DroverError('FENCED', message, { details: { worker: worker.name, holder } })
      }
      if (worker.holder !== null && worker.holder !== host) hosts.bury(worker.holder)
      forgetMemory.run(worker.id)
      const lane = laneOf(worker)
      if (!lane || !request.data) return { results: 0, dead: 0, counts: counts(worker) }
      for (const statement of clear) statement.run(lane.id)
      receipts.forget(worker.id)
      usage.forget(lane.id)
      const results = clearResults.run(lane.id).changes
      const dead = clearDead.run(lane.id).changes
      Object.assign(lane, { top: topOf.get(lane.dataset) ?? null, done: 0, dead: 0, leased: 0, retrying: 0, skips: 0, placed: 0 })
      lanes.write(lane)
      return { results, dead, counts: countsOf(worker.name, lane) }
    },

    counts({ workers: names }: EngineRequest<'counts'>): EngineReply<'counts'> {
      const all = names.map((name) => counts(stored(name)))
      return { counts: all.filter((lane) => lane !== null) }
    },
  }
}

function leftOf({ fence, state, memory }: StoredWorker): Pick<WorkerRow, 'fence' | 'state' | 'memory'> {
  return { fence, state, memory: memory === null ? null : (JSON.parse(memory) as Record<string, unknown>) }
}

function holderOf({ host, pid, hostname, since }: StoredWorker): HoldingHost | null {
  return host === null ? null : { host, pid: pid ?? 0, hostname: hostname ?? '', since }
}
