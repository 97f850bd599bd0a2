/** The hosts of the store, for people. */
import type Database from 'better-sqlite3'
import type { Time } from '../../contract/basics.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { HostIdentity, HostRow } from '../../contract/hosts.js'
import { isGone } from '../../host-identity.js'
import { readStoreClock } from '../clock.js'

/** By what a host counts as gone. */
export interface HostFates {
  /** The store's clock. */
  now(): Time
  isGone(identity: HostIdentity): boolean | 'unknown'
}

type Stored = Omit<HostRow, 'gone'> & HostIdentity & { gone: 0 | 1; aliveUntil: Time }

export function hostReads(
  db: Database.Database,
  fates: HostFates = { now: readStoreClock(db), isGone },
): { hosts: (request: EngineRequest<'hosts'>) => EngineReply<'hosts'> } {
  const select = db.prepare<[Time], Stored>(
    `SELECT name AS id, pid, started_at AS startedAt, boot_id AS bootId, namespace, hostname, alive_until AS aliveUntil, gone,
       joined_at AS joinedAt, renewed_at AS renewedAt, died_at AS diedAt, coalesce(held.workers, 0) AS workers
     FROM host LEFT JOIN (SELECT holder, count(*) AS workers FROM worker WHERE holder IS NOT NULL GROUP BY holder) held ON held.holder = host.id
     WHERE gone = 0 OR died_at > ? ORDER BY host.id`,
  )

  function isOver({ gone, aliveUntil, ...identity }: Stored): boolean {
    const verdict = gone === 1 || fates.isGone(identity)
    return verdict === 'unknown' ? aliveUntil < fates.now() : verdict
  }

  return {
    hosts({ diedAfter }) {
      const hosts = select.all(diedAfter).map((row): HostRow => {
        const { id, pid, hostname, joinedAt, renewedAt, diedAt, workers } = row
        return { id, pid, hostname, joinedAt, renewedAt, gone: isOver(row), diedAt, workers }
      })
      return { hosts, version: db.pragma('user_version', { simple: true }) as number }
    },
  }
}
