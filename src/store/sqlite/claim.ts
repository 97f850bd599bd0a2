/**
 * Which tasks a lane hands out next: what is due for another attempt, then fresh items by priority and order of loading, and
 * last, one at a time, what was in hand at several ends of its host.
 */
import type { Fence, Leases, Time, Token } from '../engine.js'
import type { EngineContext } from './context.js'
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

export function claims({ db }: EngineContext) {
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
  const selectLevel = db
    .prepare<[number, number], [priority: number, last: number]>(
      'SELECT priority, last FROM level WHERE dataset = ? AND priority <= ? ORDER BY priority DESC LIMIT 1',
    )
    .raw()
  const selectCursor = db.prepare<[number, number], number>('SELECT item FROM cursor WHERE lane = ? AND priority = ?').pluck()
  const updateCursor = db.prepare<[number, number, number]>('INSERT OR REPLACE INTO cursor (lane, priority, item) VALUES (?, ?, ?)')
  const selectFresh = db
    .prepare<[number, number, number, number], [item: number, key: string, data: string]>(
      'SELECT id, key, data FROM item WHERE dataset = ? AND priority = ? AND id > ? ORDER BY id LIMIT ?',
    )
    .raw()
  const leaseFresh = db.prepare<[number, number, Fence, number, number, number, number]>(
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

  function claimFresh(lane: Lane, fence: Fence, want: number, claim: Claim): void {
    let left = want
    while (left > 0 && lane.top !== null) {
      const level = selectLevel.get(lane.dataset, lane.top)
      if (!level) {
        lane.top = null
        return
      }
      const [priority, last] = level
      const from = selectCursor.get(lane.id, priority) ?? 0
      const taken = from < last ? claimLevel(lane, fence, priority, from, left, claim) : 0
      left -= taken
      lane.top = left > 0 ? priority - 1 : priority
    }
  }

  function claimLevel(lane: Lane, fence: Fence, priority: number, from: number, want: number, claim: Claim): number {
    const rows = selectFresh.all(lane.dataset, priority, from, want)
    const first = rows[0]?.[0]
    const last = rows.at(-1)?.[0]
    if (first === undefined || last === undefined) return 0
    // Tokens follow the items' ids, gaps included, so that one statement makes all the leases.
    const offset = claim.last + 1 - first
    leaseFresh.run(lane.id, offset, fence, lane.dataset, priority, from, last)
    updateCursor.run(lane.id, priority, last)
    for (const [item, key, data] of rows) push(claim.leases, item + offset, key, data, 1, 0)
    claim.last = last + offset
    lane.leased += rows.length
    return rows.length
  }

  return {
    /** Hands out up to `want` tasks; the caller writes the lane. */
    claim(lane: Lane, fence: Fence, want: number, now: Time): Claim {
      const leases: Leases = { tokens: [], keys: [], data: [], attempts: [], failures: [] }
      const room = Math.min(want, allowance(lane))
      if (room <= 0 || suspectInHand(lane)) return { leases, first: 1, last: 0 }
      const before = selectToken.get() ?? 0
      const claim = { leases, first: before + 1, last: before }
      if (lane.retrying > 0) claimDue(lane, fence, 0, room, now, claim)
      const fresh = Math.min(room - leases.tokens.length, allowance(lane) - lane.retrying)
      if (fresh > 0) claimFresh(lane, fence, fresh, claim)
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
