/** Tells whether a path still names the file that it named before, and not one that something else was copied into. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { applicationId } from './schema.js'

/** @returns asks whether it is still there, and the same */
export function sameFile(path: string): () => boolean {
  const { dev, ino } = statSync(path, { bigint: true })
  return () => {
    try {
      const now = statSync(path, { bigint: true })
      return now.dev === dev && now.ino === ino && isOurs(path)
    } catch (error) {
      // Whatever else keeps it from being looked at says nothing of the file.
      return !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
    }
  }
}

/** By the file's header. What was written since it was opened may not be in it yet: a new store has no mark there. */
function isOurs(path: string): boolean {
  const header = Buffer.alloc(72)
  const descriptor = openSync(path, 'r')
  try {
    if (readSync(descriptor, header, 0, header.length, 0) === 0) return true
  } finally {
    closeSync(descriptor)
  }
  const mark = header.readUInt32BE(68)
  return header.toString('latin1', 0, 15) === 'SQLite format 3' && (mark === applicationId || mark === 0)
}
