/**
 * Which tasks a lane hands out next: what is due for another attempt, then fresh items by priority and order of loading, and
 * last, one at a time, what was in hand at several ends of its host.
 */
import type { Fence, Leases, Time, Token } from '../engine.js'
import type { EngineContext } from './context.js'
import type { Fresh, FreshItem, Range } from './fresh.js'
import { allowance, freshItems, type Lane } from './lanes.js'
import { aloneAfter } from './tasks.js'

export type Claims = ReturnType<typeof claims>

type RetryRow = [
  due: Time,
  rank: number,
  item: number,
  attempts: number,
  failures: number,
  crashes: number,
  interrupted: number,
  key: string,
  data: string,
]

/** The first and the last token of a claim. None was claimed: `first` is greater. */
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
      `SELECT r.due, r.rank, r.item, r.attempts, r.failures, r.crashes, r.interrupted, i.key, i.data
       FROM retry r JOIN item i ON i.id = r.item
       WHERE r.lane = ? AND r.alone = ? AND r.due <= ? ORDER BY r.due, r.rank, r.item LIMIT ?`,
    )
    .raw()
  const deleteDue = db.prepare<[number, number, Time, number, number]>(
    'DELETE FROM retry WHERE lane = ? AND alone = ? AND due = ? AND rank = ? AND item = ?',
  )
  const insertLease = db.prepare<[number, Token, number, Fence, number, number, number, number]>(
    'INSERT INTO lease (lane, token, item, fence, attempt, failures, crashes, interrupted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const leaseRange = db.prepare<[number, number, Fence, number, number, number, number]>(
    `INSERT INTO lease (lane, token, item, fence, attempt, failures, crashes, interrupted)
     SELECT ?, id + ?, id, ?, 1, 0, 0, 0 FROM item WHERE dataset = ? AND priority = ? AND id > ? AND id <= ? ORDER BY id`,
  )
  const selectNextDue = db.prepare<[number, number], Time>('SELECT min(due) FROM retry WHERE lane = ? AND alone = ?').pluck()
  const selectInterrupted = db.prepare<[number], number>('SELECT interrupted FROM lease WHERE lane = ?').pluck()
  const selectLeased = db
    .prepare<[number, Token, Token, Fence], [Token, string, string, number, number]>(
      `SELECT l.token, i.key, i.data, l.attempt, l.failures FROM lease l JOIN item i ON i.id = l.item
       WHERE l.lane = ? AND l.token BETWEEN ? AND ? AND l.fence = ? ORDER BY l.token`,
    )
    .raw()

  /** A suspect is in hand: until it is settled nothing else may be at risk with it. */
  function suspectInHand(lane: Lane): boolean {
    return lane.leased === 1 && (selectInterrupted.get(lane.id) ?? 0) >= aloneAfter
  }

  function claimDue(lane: Lane, fence: Fence, alone: 0 | 1, want: number, now: Time, claim: Claim): void {
    for (const row of selectDue.all(lane.id, alone, now, want)) {
      const [due, rank, item, attempts, failures, crashes, interrupted, key, data] = row
      deleteDue.run(lane.id, alone, due, rank, item)
      insertLease.run(lane.id, ++claim.last, item, fence, attempts + 1, failures, crashes, interrupted)
      push(claim.leases, claim.last, key, data, attempts + 1, failures)
      lane.retrying--
      lane.leased++
    }
  }

  function leaseFresh(lane: Lane, fence: Fence, items: FreshItem[], range: Range | null, claim: Claim): void {
    if (range) {
      // Tokens follow the items' ids, gaps included, so that one statement makes all the leases.
      const offset = claim.last + 1 - (items[0] as FreshItem)[0]
      leaseRange.run(lane.id, offset, fence, lane.dataset, range.priority, range.from, range.last)
      for (const [item, key, data] of items) push(claim.leases, item + offset, key, data, 1, 0)
      claim.last = (items.at(-1) as FreshItem)[0] + offset
    } else {
      for (const [item, key, data] of items) {
        insertLease.run(lane.id, ++claim.last, item, fence, 1, 0, 0, 0)
        push(claim.leases, claim.last, key, data, 1, 0)
      }
    }
    lane.leased += items.length
  }

  return {
    /** Hands out up to `most` tasks; the caller writes the lane. */
    claim(lane: Lane, fence: Fence, most: number, now: Time): Claim {
      const leases: Leases = { tokens: [], keys: [], data: [], attempts: [], failures: [] }
      const room = Math.min(most, allowance(lane))
      if (room <= 0 || suspectInHand(lane)) return { leases, first: 1, last: 0 }
      const before = selectToken.get() ?? 0
      const claim = { leases, first: before + 1, last: before }
      if (lane.retrying > 0) claimDue(lane, fence, 0, room, now, claim)
      const want = Math.min(room - leases.tokens.length, allowance(lane) - lane.retrying)
      if (want > 0) fresh.take(lane, want, (items, range) => leaseFresh(lane, fence, items, range, claim))
      if (lane.leased === 0 && lane.retrying > 0) claimDue(lane, fence, 1, 1, now, claim)
      if (claim.last > before) updateToken.run(claim.last)
      return claim
    },

    /** What an earlier claim handed out and still is. */
    again(lane: Lane, fence: Fence, first: Token, last: Token): Leases {
      const leases: Leases = { tokens: [], keys: [], data: [], attempts: [], failures: [] }
      for (const row of selectLeased.all(lane.id, first, last, fence)) push(leases, ...row)
      return leases
    },

    /** Whether a claim would find something now, quotas aside. */
    hasMore(lane: Lane, now: Time): boolean {
      if (allowance(lane) <= 0 || suspectInHand(lane)) return false
      if (allowance(lane) > lane.retrying && freshItems(lane) > 0) return true
      const due = lane.retrying > 0 ? this.nextDue(lane) : null
      return due !== null && due <= now
    },

    /** When the next attempt is due that a claim could hand out then; null: there is none. */
    nextDue(lane: Lane): Time | null {
      if (lane.retrying === 0 || allowance(lane) <= 0 || suspectInHand(lane)) return null
      const ordinary = selectNextDue.get(lane.id, 0) ?? null
      const suspect = lane.leased === 0 ? (selectNextDue.get(lane.id, 1) ?? null) : null
      if (ordinary === null || suspect === null) return ordinary ?? suspect
      return Math.min(ordinary, suspect)
    },
  }
}

function push(leases: Leases, token: Token, key: string, data: string, attempt: number, failures: number): void {
  leases.tokens.push(token)
  leases.keys.push(key)
  leases.data.push(data)
  leases.attempts.push(attempt)
  leases.failures.push(failures)
}
