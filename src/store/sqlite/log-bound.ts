/**
 * Keeps SQLite's log (the file that ends in `-wal`) within the space of its disk. What is written stands in the log until a checkpoint has brought it into
 * the store's file, and the file may grow by as much meanwhile: a log that has filled the disk could be brought nowhere, and nothing could be written any more.
 */
import { realpathSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type Database from 'better-sqlite3'
import { isBusy } from './failure.js'
import { nap } from './nap.js'

/** Of the space that there is without the log, it takes this share at most ... */
const share = 1 / 8
/** ... and with less space than this none that it does not need: each transaction begins with an empty one. */
const scarceBytes = 4 * 2 ** 20
/** With more space than this SQLite's own checkpoints keep the log well within its share: it is looked at once a second. */
const roomyBytes = 128 * 2 ** 20
const lookEveryMs = 1_000
/** From twice its share on the log waits for whoever still reads in it, this long for each group of calls. */
const patienceMs = 5_000
/** It looks so often whether they are through. */
const napMs = 10
/** SQLite's own patience, as the connection was opened with. */
export const busyTimeoutMs = 2
/** What the smallest transaction takes, in the log and in the file. */
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
  /** Another group of calls begins: those who read are waited for anew. */
  begin(): void
  /**
   * Before a transaction. Costs nothing where there is room.
   *
   * @param bytes what it adds to the store, about; asked only where space is short
   * @throws NoRoom if that does not fit
   */
  makeRoom(bytes: () => number): void
  /** SQLite found the disk full, and has rolled back: empties the log. Whether another try may fare better. */
  shrink(): boolean
  /** In words, how much is free and how much is needed; '' where that is not known. */
  describe(bytes: number): string
}

/** @param isHurried whether nobody is to be waited for any longer */
export function boundLog(db: Database.Database, file: string, isHurried: () => boolean): LogBound {
  const path = file === ':memory:' ? null : realpathSync(file)
  let isRoomy = true
  let lookAt = 0
  /** How long the calls at hand may still wait. */
  let leftMs = patienceMs

  /** null: nobody can say. */
  function look(): Space | null {
    if (path === null) return null
    try {
      const { bavail, bsize, blocks } = statfsSync(dirname(path))
      return blocks === 0 ? null : { free: bavail * bsize, log: statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0 }
    } catch {
      return null
    }
  }

  /** Whether nothing is left in it. */
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

  /** The same, when whoever reads in it is through. */
  function emptyPatiently(): boolean {
    const until = performance.now() + leftMs
    for (;;) {
      if (empty()) return true
      leftMs = Math.min(leftMs, Math.max(0, until - performance.now()))
      if (leftMs === 0 || isHurried()) return false
      nap(napMs)
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
      isRoomy = all > roomyBytes && space.log < all * share
      if (isRoomy) return
      const needed = neededFor(bytes())
      if (space.log > 0 && (all < scarceBytes || space.log > all * share || space.free < space.log + needed)) {
        if (space.log > 2 * all * share) emptyPatiently()
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
