/** The event log, and the states of workers that change with it. Old events are deleted in chunks with later writes. */

import type { Fence, Time } from '../../contract/basics.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { EngineContext } from '../engine-context.js'
import type { Hosts } from './hosts.js'

/** New events between two deletions, each of at most {@link pruneChunk} old events. */
const pruneEvery = 256
const pruneChunk = 4096

export function eventLog({ db, keepEvents }: EngineContext, hosts: Hosts) {
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
  let sincePrune = pruneEvery

  return {
    record({ host, transitions, events }: EngineRequest<'record'>): EngineReply<'record'> {
      const id = hosts.known(host)
      let added = 0
      for (const { seq, at, type, worker, payload } of events) {
        added += insertEvent.run(id, seq, at, type, worker, JSON.stringify(payload ?? null)).changes
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
