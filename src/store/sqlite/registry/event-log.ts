/** The event log, and the states of workers that change with it. Old events are deleted in chunks with later writes. */

import type { Fence, Time } from '../../contract/basics.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { EngineContext } from '../engine-context.js'
import type { History } from './history.js'
import type { Hosts } from './hosts.js'

/** New events between two deletions, each of at most {@link pruneChunk} old events. */
const pruneEvery = 256
const pruneChunk = 4096

export function eventLog({ db, keepEvents }: EngineContext, hosts: Hosts, history: History) {
  const insertEvent = db.prepare<[number, number, Time, string, string | null, string]>(
    'INSERT INTO event (host, seq, at, type, worker, payload) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  // A worker that another host holds, or has had since, has that host's state.
  const updateState = db.prepare<[string, string | null, string, number, Fence | null]>(
    'UPDATE worker SET state = ?, memory = ? WHERE name = ? AND (holder = ? OR (holder IS NULL AND fence = ifnull(?, fence)))',
  )
  const prune = db.prepare<[number, number]>(
    `DELETE FROM event WHERE id <= (SELECT max(id) FROM event) - ? AND id < (SELECT min(id) FROM event) + ?`,
  )
  const selectWorker = db.prepare<[string], number>('SELECT id FROM worker WHERE name = ?').pluck()
  let sincePrune = pruneEvery

  return {
    record({ host, transitions, events }: EngineRequest<'record'>): EngineReply<'record'> {
      const id = hosts.known(host)
      let added = 0
      for (const { seq, at, type, worker, payload } of events) {
        const { changes } = insertEvent.run(id, seq, at, type, worker, JSON.stringify(payload ?? null))
        added += changes
        const row = changes > 0 && worker !== null && isRestart(type, payload) ? selectWorker.get(worker) : undefined
        if (row !== undefined) history.add(row, at, { restarts: 1 })
      }
      // A repeated request must not undo the state of a later one.
      if (added > 0 || events.length === 0) {
        for (const { worker, state, memory, fence } of transitions) {
          updateState.run(state, memory === null ? null : JSON.stringify(memory), worker, id, fence ?? null)
        }
      }
      sincePrune += added
      if (sincePrune >= pruneEvery) {
        prune.run(keepEvents, pruneChunk)
        sincePrune = 0
      }
      return {}
    },
  }
}

/** A worker came up again after a failure, at once or after its wait. */
function isRestart(type: string, payload: unknown): boolean {
  if (type !== 'worker:state:changed') return false
  const { from, to } = (payload ?? {}) as { from?: unknown; to?: unknown }
  return (from === 'crashed' || from === 'backoff') && (to === 'queued' || to === 'starting')
}
