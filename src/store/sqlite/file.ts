/** Tells whether a path still names the file that it named before, and not one that something else was copied into. */
import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { codeOf, isDamage } from './failure.js'
import { busyTimeoutMs } from './log-bound.js'

/** @returns asks whether it is still there, and the same */
export function sameFile(path: string): () => boolean {
  const { dev, ino } = statSync(path, { bigint: true })
  const id = identityIn(path)
  return () => {
    try {
      const now = statSync(path, { bigint: true })
      return now.dev === dev && now.ino === ino && identityIn(path) === id
    } catch (error) {
      // Whatever else keeps it from being looked at says nothing of the file.
      return !isDamage(error) && codeOf(error) !== 'ENOENT' && !lacksIdentity(error)
    }
  }
}

/**
 * Each store has an identity, made with its tables. It is read through a connection of its own, which has nothing in its memory yet. Never by opening
 * the file as such: to close it would let go of all locks that this process has on it, also SQLite's.
 *
 * @see https://www.sqlite.org/howtocorrupt.html 2.2
 */
function identityIn(path: string): string | undefined {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs })
  try {
    return db.prepare<[], string>('SELECT id FROM identity').pluck().get()
  } finally {
    db.close()
  }
}

/** It is a database, and has no such table. */
function lacksIdentity(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_ERROR'
}
