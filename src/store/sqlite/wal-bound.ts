/**
 * Keeps SQLite's log (the file that ends in `-wal`) within the space of its disk. Written data stays in the log until a
 * checkpoint moves it into the store's file, which may grow by the same size. A log that has filled the disk could not be moved,
 * and nothing could be written any more.
 */
import { realpathSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type Database from 'better-sqlite3'
import { logShare, roomyBytes } from '../space.js'
import { sleepSync } from './sleep-sync.js'
import { isBusy } from './sqlite-errors.js'

/** With less space than this, each transaction begins with an empty log. */
const scarceBytes = 4 * 2 ** 20
/** With more space than {@link roomyBytes}, SQLite's own checkpoints keep the log well within its share, so it is checked once a second. */
const lookEveryMs = 1_000
/** From twice its share on, writing waits this long for readers of the log, for each group of calls. */
const patienceMs = 5_000
/** Time between looks at the readers. */
const napMs = 10
/** SQLite's busy timeout of the connection. */
export const busyTimeoutMs = 2
/** Size of the smallest transaction, in the log and in the file. */
const leastBytes = 64 * 2 ** 10

/** In bytes. */
interface Space {
  /** Free on the disk. */
  free: number
  /** What the log takes up. */
  log: number
}

/** There is no room for a transaction; SQLite was not asked. */
class NoRoom extends Error {
  readonly code = 'SQLITE_FULL'
}

export interface LogBound {
  /** Begins a group of calls, with a new time to wait for readers. */
  begin(): void
  /**
   * Called before a transaction. Costs nothing if there is room.
   *
   * @param bytes approximate size of the transaction; called only if space is short
   * @throws NoRoom if that does not fit
   */
  makeRoom(bytes: () => number): void
  /** Empties the log after SQLite found the disk full. @returns whether another try may succeed */
  shrink(): boolean
  /** The free and the needed space in words; '' if not known. */
  describe(bytes: number): string
}

/** @param isHurried whether to stop waiting for readers */
export function boundLog(db: Database.Database, file: string, isHurried: () => boolean): LogBound {
  const path = file === ':memory:' ? null : realpathSync(file)
  let isRoomy = true
  let lookAt = 0
  /** How long the current calls may still wait. */
  let leftMs = patienceMs

  /** null: not known. */
  function look(): Space | null {
    if (path === null) return null
    try {
      const { bavail, bsize, blocks } = statfsSync(dirname(path))
      return blocks === 0 ? null : { free: bavail * bsize, log: statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0 }
    } catch {
      return null
    }
  }

  /** Empties the log. @returns whether it is empty */
  function empty(): boolean {
    try {
      const [{ busy } = { busy: 1 }] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
      return busy === 0
    } catch (error) {
      // No room for what is in it.
      if (!isBusy(error)) leftMs = 0
      return false
    }
  }

  /** The same, after waiting for its readers. */
  function emptyPatiently(): boolean {
    const until = performance.now() + leftMs
    for (;;) {
      if (empty()) return true
      leftMs = Math.min(leftMs, Math.max(0, until - performance.now()))
      if (leftMs === 0 || isHurried()) return false
      sleepSync(napMs)
    }
  }

  return {
    begin() {
      leftMs = patienceMs
    },
    makeRoom(bytes) {
      const now = performance.now()
      if (path === null || (isRoomy && now < lookAt)) return
      lookAt = now + lookEveryMs
      let space = look()
      if (space === null) return
      const all = space.free + space.log
      isRoomy = all > roomyBytes && space.log < all * logShare
      if (isRoomy) return
      const needed = neededFor(bytes())
      if (space.log > 0 && (all < scarceBytes || space.log > all * logShare || space.free < space.log + needed)) {
        if (space.log > 2 * all * logShare) emptyPatiently()
        else empty()
        space = look() ?? space
      }
      if (needed > leastBytes && space.free < space.log + needed) throw new NoRoom('database or disk is full')
    },
    shrink: () => path !== null && emptyPatiently(),
    describe(bytes) {
      const space = look()
      return space === null
        ? ''
        : `: ${kilobytes(space.free)} are free where ${path} is, ${kilobytes(neededFor(bytes) + space.log)} are needed`
    },
  }
}

/** In the log, and once more in the file. */
function neededFor(bytes: number): number {
  return bytes === 0 ? leastBytes : leastBytes + 2 * bytes
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_024).toLocaleString('en')} kB`
}
