/**
 * Remembers recent grants: if the store thread dies between a commit and its answers, clients repeat their requests and get the
 * same grant instead of a second one.
 */

import type { Time } from '../../contract/basics.js'
import type { QuotaAnswer, QuotaTicket } from '../../contract/quotas.js'
import { nameOf } from '../../quotas/waiter.js'
import type { EngineContext } from '../engine-context.js'

/** How long grants are remembered; requests are repeated well within this time. */
const keptForMs = 10_000

export function quotaGrants({ db }: Pick<EngineContext, 'db'>) {
  const selectGrant = db.prepare<[string], string>('SELECT answer FROM quota_grant WHERE name = ?').pluck()
  const insertGrant = db.prepare<[string, Time, string]>('INSERT OR REPLACE INTO quota_grant (name, at, answer) VALUES (?, ?, ?)')
  const deleteGrant = db.prepare<[string]>('DELETE FROM quota_grant WHERE name = ?')
  const deleteOld = db.prepare<[Time]>('DELETE FROM quota_grant WHERE at <= ?')
  /** Grants of this process, oldest first. */
  let kept: { name: string; at: Time }[] = []
  let begun = false

  return {
    recall(ticket: QuotaTicket): QuotaAnswer | null {
      const answer = selectGrant.get(nameOf(ticket))
      return answer === undefined ? null : (JSON.parse(answer) as QuotaAnswer)
    },

    remember(ticket: QuotaTicket, answer: QuotaAnswer, at: Time): void {
      if (!answer.granted) return
      const name = nameOf(ticket)
      insertGrant.run(name, at, JSON.stringify(answer))
      kept.push({ name, at })
    },

    /** Deletes old grants; now and then also those of other processes. */
    forget(at: Time): void {
      const from = kept.findIndex((each) => each.at > at - keptForMs)
      if (!begun) deleteOld.run(at - keptForMs)
      begun = true
      for (const { name } of kept.splice(0, from === -1 ? kept.length : from)) deleteGrant.run(name)
    },

    rolledBack(): void {
      kept = []
      begun = false
    },
  }
}
