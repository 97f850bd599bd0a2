/** Tells whether a path still names the file that it named before, and not one that something else was copied into. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { isDamage } from './failure.js'
import { applicationId } from './schema.js'

/** @returns asks whether it is still there, and the same */
export function sameFile(db: Database.Database, path: string): () => boolean {
  const { dev, ino } = statSync(path, { bigint: true })
  const isMarked = identityIn(db)
  const isSame = (): boolean => {
    try {
      const now = statSync(path, { bigint: true })
      return now.dev === dev && now.ino === ino && isOurs(path, isMarked)
    } catch (error) {
      // Whatever else keeps it from being looked at says nothing of the file.
      return !isDamage(error) && !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
    }
  }
  // What is in the file now must be in it from now on.
  isSame()
  return isSame
}

/** By the file's header and its identity. What was written since it was opened may not be in it yet: a new store has no mark there. */
function isOurs(path: string, isMarked: (descriptor: number) => boolean): boolean {
  const header = Buffer.alloc(72)
  const descriptor = openSync(path, 'r')
  try {
    if (readSync(descriptor, header, 0, header.length, 0) === 0) return true
    const mark = header.readUInt32BE(68)
    return header.toString('latin1', 0, 15) === 'SQLite format 3' && (mark === applicationId || mark === 0) && isMarked(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Each store has an identity, on a page of its own. The page is read from the file itself, since SQLite may have it in its memory or its log: once it has
 * come from the log into the file, it stays there, or where a VACUUM has put it.
 */
function identityIn(db: Database.Database): (descriptor: number) => boolean {
  const selectId = db.prepare<[], string>('SELECT id FROM identity').pluck()
  const selectPage = db.prepare<[], number>(`SELECT rootpage FROM sqlite_schema WHERE name = 'identity'`).pluck()
  const pageSize = db.pragma('page_size', { simple: true }) as number
  const id = selectId.get()
  let page = selectPage.get() as number
  let isInFile = false

  function isThere(descriptor: number): boolean {
    const bytes = Buffer.alloc(pageSize)
    const length = readSync(descriptor, bytes, 0, pageSize, (page - 1) * pageSize)
    return bytes.subarray(0, length).includes(id as string, 0, 'latin1')
  }

  return (descriptor) => {
    if (isThere(descriptor)) {
      isInFile = true
      return true
    }
    if (!isInFile) return true
    const before = page
    page = selectPage.get() ?? before
    isInFile = false
    return page !== before && selectId.get() === id
  }
}
