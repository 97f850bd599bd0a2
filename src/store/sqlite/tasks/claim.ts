/**
 * The order in which a lane hands out tasks:
 *
 * 1. tasks due for another attempt, of any priority, because they are begun and their attempts are few
 * 2. fresh items by priority and order of loading; every second place goes to a task that was given back and is due
 * 3. one at a time, tasks that were in hand at several deaths of their host
 */

import type { Fence, Time, Token } from '../../contract/basics.js'
import type { Leases } from '../../contract/tasks.js'
import type { EngineContext } from '../engine-context.js'
import { allowance, freshItems, type Lane } from '../registry/lanes.js'
import { Damage } from '../sqlite-errors.js'
import type { Fresh, FreshItem, Range } from './fresh-items.js'
import { aloneAfter, turns } from './leases.js'

export type Claims = ReturnType<typeof claims>

type RetryRow = [
  due: Time,
  rank: number,
  item: number,
  attempts: number,
  failures: number,
  crashes: number,
  interrupted: number,
  releases: number,
  key: string,
  data: string,
]

/** The first and the last token of a claim. `first` is greater if none was claimed. */
export interface Claim {
  leases: Leases
  first: Token
  last: Token
}

export function claims({ db }: EngineContext, fresh: Fresh) {
  const selectToken = db.prepare<[], Token>(`SELECT value FROM counter WHERE name = 'token'`).pluck()
  const updateToken = db.prepare<[Token]>(`UPDATE counter SET value = ? WHERE name = 'token'`)
  const selectDue = db
    .prepare<[number, number, Time, number], RetryRow>(
      `SELECT r.due, r.rank, r.item, r.attempts, r.failures, r.crashes, r.interrupted, r.releases, i.key, i.data
       FROM retry r JOIN item i ON i.id = r.item
       WHERE r.lane = ? AND r.alone = ? AND r.due <= ? ORDER BY r.due, r.rank, r.item LIMIT ?`,
    )
    .raw()
  const deleteDue = db.prepare<[number, number, Time, number, number]>(
    'DELETE FROM retry WHERE lane = ? AND alone = ? AND due = ? AND rank = ? AND item = ?',
  )
  const insertLease = db.prepare<[number, Token, number, Fence, number, number, number, number, number]>(
    'INSERT INTO lease (lane, token, item, fence, attempt, failures, crashes, interrupted, releases) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const leaseRange = db.prepare<[number, number, Fence, number, number, number, number]>(
    `INSERT INTO lease (lane, token, item, fence, attempt, failures, crashes, interrupted)
     SELECT ?, id + ?, id, ?, 1, 0, 0, 0 FROM item WHERE dataset = ? AND priority = ? AND id > ? AND id <= ? ORDER BY id`,
  )
  const countDue = db
    .prepare<[number, number, Time, number], number>(
      'SELECT count(*) FROM (SELECT 1 FROM retry WHERE lane = ? AND alone = ? AND due <= ? LIMIT ?)',
    )
    .pluck()
  const selectNextDue = db.prepare<[number, number], Time>('SELECT min(due) FROM retry WHERE lane = ? AND alone = ?').pluck()
  const selectInterrupted = db.prepare<[number], number>('SELECT interrupted FROM lease WHERE lane = ?').pluck()
  const selectLeased = db
    .prepare<[number, Token, Token, Fence], [Token, string, string, number, number, number]>(
      `SELECT l.token, i.key, i.data, l.attempt, l.failures, l.releases FROM lease l JOIN item i ON i.id = l.item
       WHERE l.lane = ? AND l.token BETWEEN ? AND ? AND l.fence = ? ORDER BY l.token`,
    )
    .raw()

  /** Whether a suspect task is in hand: until it is settled, no other task is handed out. */
  function suspectInHand(lane: Lane): boolean {
    return lane.leased === 1 && (selectInterrupted.get(lane.id) ?? 0) >= aloneAfter
  }

  /** Lanes whose next single place goes to a task that was given back. For fairness only, so it need not be stored. */
  const owed = new Set<number>()

  /** Number of the next places, up to `room`, for tasks that were given back, while there are fresh items too. */
  function placesBehind(lane: Lane, room: number, now: Time): number {
    const share = Math.floor((room + (owed.has(lane.id) ? 1 : 0)) / 2)
    const due = countDue.get(lane.id, turns.behind, now, share) ?? 0
    const isOwed = due === share && (room + (owed.has(lane.id) ? 1 : 0)) % 2 === 1
    if (isOwed) owed.add(lane.id)
    else owed.delete(lane.id)
    return due
  }

  function claimDue(lane: Lane, fence: Fence, turn: number, want: number, now: Time, claim: Claim): void {
    for (const row of selectDue.all(lane.id, turn, now, want)) {
      const [due, rank, item, attempts, failures, crashes, interrupted, releases, key, data] = row
      deleteDue.run(lane.id, turn, due, rank, item)
      insertLease.run(lane.id, ++claim.last, item, fence, attempts + 1, failures, crashes, interrupted, releases)
      push(claim.leases, claim.last, key, data, attempts + 1, failures, releases)
      lane.retrying--
      lane.leased++
    }
  }

  function leaseFresh(lane: Lane, fence: Fence, items: FreshItem[], range: Range | null, claim: Claim): void {
    if (range) {
      // Tokens follow the items' ids, including gaps, so that one statement makes all leases.
      const offset = claim.last + 1 - (items[0] as FreshItem)[0]
      leaseRange.run(lane.id, offset, fence, lane.dataset, range.priority, range.from, range.last)
      for (const [item, key, data] of items) push(claim.leases, item + offset, key, data, 1, 0, 0)
      claim.last = (items.at(-1) as FreshItem)[0] + offset
    } else {
      for (const [item, key, data] of items) {
        insertLease.run(lane.id, ++claim.last, item, fence, 1, 0, 0, 0, 0)
        push(claim.leases, claim.last, key, data, 1, 0, 0)
      }
    }
    lane.leased += items.length
  }

  return {
    /** Hands out up to `most` tasks; the caller writes the lane. */
    claim(lane: Lane, fence: Fence, most: number, now: Time): Claim {
      const leases: Leases = { tokens: [], keys: [], data: [], attempts: [], failures: [], releases: [] }
      const room = Math.min(most, allowance(lane))
      if (room <= 0 || suspectInHand(lane)) return { leases, first: 1, last: 0 }
      const before = selectToken.get() ?? 0
      const claim = { leases, first: before + 1, last: before }
      const left = (): number => room - leases.tokens.length
      if (lane.retrying > 0) claimDue(lane, fence, turns.ordinary, room, now, claim)
      const behind = lane.retrying > 0 && left() > 0 ? placesBehind(lane, left(), now) : 0
      const want = Math.min(left() - behind, allowance(lane) - lane.retrying)
      if (want > 0) fresh.take(lane, want, (items, range) => leaseFresh(lane, fence, items, range, claim))
      if (lane.top === null && lane.placed === 0 && freshItems(lane) > 0) {
        throw new Damage(`lane ${lane.id} should have ${freshItems(lane)} waiting tasks, but none is there`)
      }
      if (lane.retrying > 0 && left() > 0) claimDue(lane, fence, turns.behind, left(), now, claim)
      if (lane.leased === 0 && lane.retrying > 0) claimDue(lane, fence, turns.alone, 1, now, claim)
      if (claim.last > before) updateToken.run(claim.last)
      return claim
    },

    /** The leases of an earlier claim that still exist. */
    again(lane: Lane, fence: Fence, first: Token, last: Token): Leases {
      const leases: Leases = { tokens: [], keys: [], data: [], attempts: [], failures: [], releases: [] }
      for (const row of selectLeased.all(lane.id, first, last, fence)) push(leases, ...row)
      return leases
    },

    /** Whether a claim would find a task now, without quotas. */
    hasMore(lane: Lane, now: Time): boolean {
      if (allowance(lane) <= 0 || suspectInHand(lane)) return false
      if (allowance(lane) > lane.retrying && freshItems(lane) > 0) return true
      const due = lane.retrying > 0 ? this.nextDue(lane) : null
      return due !== null && due <= now
    },

    /** When the next attempt that a claim could hand out is due; null: none. */
    nextDue(lane: Lane): Time | null {
      if (lane.retrying === 0 || allowance(lane) <= 0 || suspectInHand(lane)) return null
      const among = lane.leased === 0 ? Object.values(turns) : [turns.ordinary, turns.behind]
      const dues = among.map((turn) => selectNextDue.get(lane.id, turn) ?? null).filter((due) => due !== null)
      return dues.length > 0 ? Math.min(...dues) : null
    },
  }
}

function push(leases: Leases, token: Token, key: string, data: string, attempt: number, failures: number, releases: number): void {
  leases.tokens.push(token)
  leases.keys.push(key)
  leases.data.push(data)
  leases.attempts.push(attempt)
  leases.failures.push(failures)
  leases.releases.push(releases)
}
