/** Checks whether a path still names the same store, and not another store or an older copy of this one that was copied over it. */
import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { codeOf, isDamage } from './sqlite-errors.js'
import { inTransaction } from './transaction.js'
import { busyTimeoutMs } from './wal-bound.js'

export interface OpenedFile {
  /** Whether it is still there, and the same. */
  isThere(): boolean
  /** Raises the store's mark, by which an older copy is recognised. Does not wait for locks: the next mark comes soon. */
  mark(): void
}

/** @param db the connection to the opened file */
export function openedFile(db: Database.Database, path: string): OpenedFile {
  if (path === ':memory:') return { isThere: () => true, mark() {} }
  const { dev, ino } = statSync(path, { bigint: true })
  const { id, mark } = signs(path)
  /** The highest mark that this process has seen. */
  let highest = mark
  let wentBack = false
  const selectMark = db.prepare<[], number>('SELECT value FROM mark').pluck()
  const updateMark = db.prepare<[number]>('UPDATE mark SET value = ?')

  function isSame(): boolean {
    const now = statSync(path, { bigint: true })
    if (now.dev !== dev || now.ino !== ino) return false
    const there = signs(path)
    wentBack ||= there.mark < highest
    highest = Math.max(highest, there.mark)
    return there.id === id && !wentBack
  }

  function isThere(): boolean {
    try {
      return isSame()
    } catch (error) {
      // Other errors say nothing about the file.
      return !isDamage(error) && codeOf(error) !== 'ENOENT' && !lacksSigns(error)
    }
  }

  /** @returns the mark after the commit */
  function raise(): number {
    const value = selectMark.get() ?? 0
    wentBack ||= value < highest
    if (wentBack) return highest
    updateMark.run(value + 1)
    return value + 1
  }

  return {
    isThere,
    mark() {
      // A new mark would hide an older one.
      if (!isThere()) return
      try {
        highest = inTransaction(db, raise, () => true)
        // Else the mark would be read from the log, whatever the file is.
        db.pragma('wal_checkpoint(PASSIVE)')
      } catch {
        // The store cannot be written now.
      }
    },
  }
}

interface Signs {
  /** Made with the tables, and never changed. */
  id: string
  /** Only grows. On a page of its own, which nothing else brings into the log. */
  mark: number
}

/**
 * Read through a new connection without a cache. The file is never opened directly, because closing it would release all locks of
 * this process on it, including SQLite's.
 *
 * @see https://www.sqlite.org/howtocorrupt.html 2.2
 */
function signs(path: string): Signs {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs })
  try {
    return db.prepare<[], Signs>('SELECT id, value AS mark FROM identity, mark').get() ?? { id: '', mark: 0 }
  } finally {
    db.close()
  }
}

/** Whether it is a database without these tables. */
function lacksSigns(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_ERROR'
}
