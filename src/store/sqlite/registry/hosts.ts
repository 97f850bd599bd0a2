/**
 * The processes that share the store. Any host may take over from a dead one: at once if the process can be checked, else after
 * its renewals have expired.
 */
import { DroverError } from '../../../errors.js'
import type { Time } from '../../contract/basics.js'
import { type EngineReply, type EngineRequest, hostTtlMs } from '../../contract/engine.js'
import type { HostIdentity, TakenBack } from '../../contract/hosts.js'
import type { EngineContext } from '../engine-context.js'
import type { Quotas } from '../quotas/quotas.js'
import type { Tasks } from '../tasks/leases.js'
import type { History } from './history.js'
import type { Lanes } from './lanes.js'

type HostRow = [
  id: number,
  name: string,
  pid: number,
  startedAt: string,
  bootId: string,
  namespace: string,
  hostname: string,
  aliveUntil: Time,
]

export type Hosts = ReturnType<typeof hosts>

export function hosts({ db, now, wall, isGone }: EngineContext, lanes: Lanes, tasks: Tasks, quotas: Quotas, history: History) {
  const renewed = 'gone = 0, died_at = NULL'
  const upsertHost = db.prepare<[string, number, string, string, string, string, Time, Time, Time]>(
    `INSERT INTO host (name, pid, started_at, boot_id, namespace, hostname, alive_until, joined_at, renewed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET alive_until = max(alive_until, excluded.alive_until), renewed_at = excluded.renewed_at, ${renewed}`,
  )
  const columns = 'id, name, pid, started_at, boot_id, namespace, hostname, alive_until'
  const selectId = db.prepare<[string], number>('SELECT id FROM host WHERE name = ?').pluck()
  const selectHost = db.prepare<[number], HostRow>(`SELECT ${columns} FROM host WHERE id = ?`).raw()
  const selectPresent = db.prepare<[number], HostRow>(`SELECT ${columns} FROM host WHERE gone = 0 AND id <> ?`).raw()
  const updateAlive = db.prepare<[Time, Time, number]>(
    `UPDATE host SET alive_until = max(alive_until, ?), renewed_at = ?, ${renewed} WHERE id = ?`,
  )
  const markGone = db.prepare<[Time | null, number]>('UPDATE host SET gone = 1, died_at = ? WHERE id = ?')
  const selectHeld = db
    .prepare<[number], [id: number, name: string, lane: number | null, fence: number]>(
      'SELECT id, name, lane, fence FROM worker WHERE holder = ?',
    )
    .raw()
  const freeHeld = db.prepare<[number]>('UPDATE worker SET holder = NULL, open = 0 WHERE holder = ?')
  const insertLost = db.prepare<[number, number]>('INSERT OR IGNORE INTO lost (host, worker) SELECT ?, id FROM worker WHERE holder = ?')
  const selectLost = db
    .prepare<[number], string>('SELECT w.name FROM lost l JOIN worker w ON w.id = l.worker WHERE l.host = ? ORDER BY w.name')
    .pluck()
  const deleteLost = db.prepare<[number]>('DELETE FROM lost WHERE host = ?')

  /** The `ttlMs` of each host, by id. */
  const ttls = new Map<number, Time>()
  const aliveFrom = (id: number): Time => Math.ceil(now() + (ttls.get(id) ?? hostTtlMs))

  function known(name: string): number {
    const id = selectId.get(name)
    if (id === undefined) throw new DroverError('ARGUMENT_INVALID', `host ${name} has not joined the store`, { details: { host: name } })
    return id
  }

  /** Frees a host's workers and leases. `cost`: whether its tasks were cut off or given back in order. */
  function takeBack(host: number, cost: 'interrupt' | 'release'): TakenBack {
    const taken: TakenBack = { workers: [], leases: 0 }
    for (const [worker, name, laneId, fence] of selectHeld.all(host)) {
      taken.workers.push(name)
      if (laneId === null) continue
      const lane = lanes.read(laneId)
      const { dead } = lane
      taken.leases += cost === 'release' ? tasks.release(lane, fence) : tasks.interrupt(lane, fence, worker, wall())
      lanes.write(lane)
      history.add(worker, wall(), { dead: lane.dead - dead })
    }
    if (taken.workers.length > 0) freeHeld.run(host)
    return taken
  }

  function isOver(row: HostRow, at: Time): boolean {
    const [, id, pid, startedAt, bootId, namespace, hostname, aliveUntil] = row
    const verdict = isGone({ id, pid, startedAt, bootId, namespace, hostname })
    return verdict === 'unknown' ? aliveUntil < at : verdict
  }

  function bury(row: HostRow): TakenBack {
    const [host, name] = row
    // If it is alive after all, its next `renew` returns the lost workers.
    insertLost.run(host, host)
    markGone.run(wall(), host)
    quotas.dropHost(name)
    return takeBack(host, 'interrupt')
  }

  function sweepFor(self: number, at: Time): EngineReply<'join'> {
    const all = { workers: [] as string[], leases: 0, gone: 0 }
    for (const row of selectPresent.all(self)) {
      if (!isOver(row, at)) continue
      const taken = bury(row)
      all.workers.push(...taken.workers)
      all.leases += taken.leases
      all.gone++
    }
    return all
  }

  return {
    known,

    join({ host, ttlMs = hostTtlMs }: EngineRequest<'join'>): EngineReply<'join'> {
      const at = now()
      const { id, pid, startedAt, bootId, namespace, hostname } = host satisfies HostIdentity
      upsertHost.run(id, pid, startedAt, bootId, namespace, hostname, Math.ceil(at + ttlMs), wall(), wall())
      ttls.set(known(id), ttlMs)
      return sweepFor(known(id), at)
    },

    renew({ host, ttlMs }: EngineRequest<'renew'>): EngineReply<'renew'> {
      const id = known(host)
      ttls.set(id, ttlMs)
      updateAlive.run(aliveFrom(id), wall(), id)
      return { lost: selectLost.all(id) }
    },

    leave({ host }: EngineRequest<'leave'>): EngineReply<'leave'> {
      const id = selectId.get(host)
      if (id === undefined) return { workers: [], leases: 0 }
      deleteLost.run(id)
      markGone.run(null, id)
      quotas.dropHost(host)
      return takeBack(id, 'release')
    },

    sweep({ host }: EngineRequest<'sweep'>): EngineReply<'sweep'> {
      const { workers, leases } = sweepFor(known(host), now())
      return { workers, leases }
    },

    /** Whether a host is alive, as far as known. */
    isPresent(id: number): boolean {
      const row = selectHost.get(id)
      return row !== undefined && !isOver(row, now())
    },

    /** Takes over from a dead host. */
    bury(id: number): void {
      const row = selectHost.get(id)
      if (row) bury(row)
    },

    /** A host that sends requests is alive, even if others took it for gone. */
    revive(id: number): void {
      updateAlive.run(aliveFrom(id), wall(), id)
    },
  }
}
