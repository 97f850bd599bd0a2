/**
 * The states of a claimed task: leased, then done, retrying or dead. Each move changes one row and the lane's counters; the
 * caller reads and writes the lane.
 */
import type { ErrorRecord } from '../../../errors.js'
import type { Fence, Time, Token } from '../../contract/basics.js'
import type { DeadRow } from '../../contract/reads.js'
import { errorNames } from '../dead-errors.js'
import type { EngineContext } from '../engine-context.js'
import type { Lane } from '../registry/lanes.js'
import type { Attempts, EndedAttempt } from './attempts.js'

/** Number of host deaths with the task in hand after which it is handed out alone: it may kill the host. */
export const aloneAfter = 2

/**
 * Number of host deaths with the task in hand after which it is quarantined. Far above the number that kills from outside make
 * likely.
 */
const poisonAfterInterruptions = 10

/** The turn of due attempts: before fresh items, alone when no other task is in hand, or behind fresh items. */
export const turns = { ordinary: 0, alone: 1, behind: 2 } as const

/** A leased task, in columns. */
export type LeaseRow = [
  token: Token,
  item: number,
  fence: Fence,
  attempt: number,
  failures: number,
  crashes: number,
  interrupted: number,
  releases: number,
]

/** A row of `dead`. */
interface Death {
  /** 0: it was dropped. */
  token: Token
  kind: DeadRow['kind']
  seq: number
  cause: number | null
  attempt: number
  value: string | null
  worker: number
  at: Time
}

/** Options of another attempt. */
interface Again {
  /** How often in a row it was given back. @defaultValue 0 */
  releases?: number
  /** Whether it goes behind fresh items. @defaultValue false */
  behind?: boolean
}

export type Tasks = ReturnType<typeof tasks>

export function tasks({ db }: EngineContext, attempts: Attempts) {
  const columns = 'token, item, fence, attempt, failures, crashes, interrupted, releases'
  const selectBetween = db
    .prepare<[number, Token, Token], LeaseRow>(`SELECT ${columns} FROM lease WHERE lane = ? AND token BETWEEN ? AND ?`)
    .raw()
  const selectOfFence = db.prepare<[number, Fence], LeaseRow>(`SELECT ${columns} FROM lease WHERE lane = ? AND fence = ?`).raw()
  const deleteBetween = db.prepare<[number, Token, Token, Fence]>(
    'DELETE FROM lease WHERE lane = ? AND token BETWEEN ? AND ? AND fence = ?',
  )
  const deleteOfFence = db.prepare<[number, Fence]>('DELETE FROM lease WHERE lane = ? AND fence = ?')
  const insertResult = db.prepare<[number, number, string, number, number, Time]>(
    'INSERT INTO result (lane, item, value, attempt, worker, committed_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const insertDead = db.prepare<
    [number, number, Token, DeadRow['kind'], number, number | null, string, number, string | null, number, Time]
  >('INSERT INTO dead (lane, item, token, kind, seq, cause, error, attempt, value, worker, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const insertRetry = db.prepare<[number, number, Time, number, number, number, number, number, number]>(
    `INSERT INTO retry (lane, alone, due, rank, item, attempts, failures, crashes, interrupted, releases)
     SELECT ?, ?, ?, -priority, id, ?, ?, ?, ?, ? FROM item WHERE id = ?`,
  )
  const releaseOfFence = db.prepare<[number, Fence]>(
    `INSERT INTO retry (lane, alone, due, rank, item, attempts, failures, crashes, interrupted, releases)
     SELECT l.lane, l.interrupted >= ${aloneAfter}, 0, -i.priority, l.item, l.attempt - 1, l.failures, l.crashes, l.interrupted, l.releases
     FROM lease l JOIN item i ON i.id = l.item WHERE l.lane = ? AND l.fence = ?`,
  )
  const selectPoisoned = db
    .prepare<[number, Token], string>(
      `SELECT i.key FROM dead d JOIN item i ON i.id = d.item WHERE d.lane = ? AND d.token = ? AND d.kind = 'poison'`,
    )
    .pluck()
  const errorName = errorNames()
  const selectKey = db.prepare<[number], string>('SELECT key FROM item WHERE id = ?').pluck()

  /** @param seq the number of the attempt that it died of; `cause`: of the one before that, for a dropped task */
  function die(lane: Lane, item: number, { token, kind, seq, cause, attempt, value, worker, at }: Death): void {
    const error = attempts.errorOf(lane.id, item, seq)
    const name = errorName({ error, cause: cause === null ? null : attempts.errorOf(lane.id, item, cause) })
    insertDead.run(lane.id, item, token, kind, seq, cause, name, attempt, value, worker, at)
    lane.dead++
  }

  return {
    /** Leases of a lane with tokens from `first` to `last`, in order. */
    between: (lane: Lane, first: Token, last: Token): LeaseRow[] => selectBetween.all(lane.id, first, last),

    ofFence: (lane: Lane, fence: Fence): LeaseRow[] => selectOfFence.all(lane.id, fence),

    /** Ends the leases of a fence from `first` to `last`, in any state of their tasks. */
    unlease(lane: Lane, first: Token, last: Token, fence: Fence): void {
      lane.leased -= deleteBetween.run(lane.id, first, last, fence).changes
    },

    /** Ends the leases of a fence, in any state of their tasks. */
    unleaseFence(lane: Lane, fence: Fence): void {
      lane.leased -= deleteOfFence.run(lane.id, fence).changes
    },

    /** @returns false if the task has a result already, which stays */
    complete(lane: Lane, [, item, , attempt]: LeaseRow, value: string, worker: number, at: Time): boolean {
      if (insertResult.run(lane.id, item, value, attempt, worker, at).changes === 0) return false
      lane.done++
      return true
    },

    /** Makes a task wait for another attempt. `due` 0: at once. */
    retry(
      lane: Lane,
      item: number,
      due: Time,
      attempts: number,
      failures: number,
      crashes: number,
      interrupted: number,
      { releases = 0, behind = false }: Again = {},
    ): void {
      const turn = interrupted >= aloneAfter ? turns.alone : behind ? turns.behind : turns.ordinary
      insertRetry.run(lane.id, turn, due, attempts, failures, crashes, interrupted, releases, item)
      lane.retrying++
    },

    /** Stores an ended attempt; the task's next state is another call. @returns its number */
    note: (lane: Lane, [, item, , attempt]: LeaseRow, ended: Omit<EndedAttempt, 'attempt'>): number =>
      attempts.note(lane.id, item, { attempt, ...ended }),

    /** @param seq the number of its last attempt, from {@link note} */
    bury(lane: Lane, row: LeaseRow, kind: 'failed' | 'poison', seq: number, value: string | null, worker: number, at: Time): void {
      const [token, item, , attempt] = row
      die(lane, item, { token, kind, seq, cause: null, attempt, value, worker, at })
    },

    /**
     * Gives up a task that was removed from its other table.
     *
     * @param cause the number of the attempt that it had died of before
     */
    drop(
      lane: Lane,
      item: number,
      attempt: number,
      seq: number,
      cause: number | null,
      value: string | null,
      worker: number,
      at: Time,
    ): void {
      die(lane, item, { token: 0, kind: 'dropped', seq, cause, attempt, value, worker, at })
    },

    /** Gives all tasks of a fence back without counting attempts. @returns how many */
    release(lane: Lane, fence: Fence): number {
      const released = releaseOfFence.run(lane.id, fence).changes
      this.unleaseFence(lane, fence)
      lane.retrying += released
      return released
    },

    /**
     * Takes back all tasks of a fence of a dead host. @returns how many. The attempt counts as made, but not as a failure: kills
     * of a host must not use up attempts.
     */
    interrupt(lane: Lane, fence: Fence, worker: number, at: Time): number {
      const rows = selectOfFence.all(lane.id, fence)
      for (const row of rows) {
        const [, item, , attempt, failures, crashes, before] = row
        const interrupted = before + 1
        const poison = interrupted >= poisonAfterInterruptions
        const error = interruptedError(interrupted)
        const seq = this.note(lane, row, { worker, outcome: poison ? 'poison' : 'crashed', error, at, counts: false })
        if (poison) this.bury(lane, row, 'poison', seq, null, worker, at)
        else this.retry(lane, item, 0, attempt, failures, crashes, interrupted)
      }
      this.unleaseFence(lane, fence)
      return rows.length
    },

    /** The key of a task that was quarantined under this token, for a repeat. */
    poisoned: (lane: Lane, token: Token): string | undefined => selectPoisoned.get(lane.id, token),

    keyOf(item: number): string {
      const key = selectKey.get(item)
      if (key === undefined) throw new Error(`item ${item} is not in the store`)
      return key
    },
  }
}

function interruptedError(times: number): ErrorRecord {
  return { name: 'HostGone', message: `its host ended ${times} times while the task was in hand` }
}
