/** Tells whether a path still names the file that it named before. */
import { statSync } from 'node:fs'

/** @returns asks whether it is still there, and the same */
export function sameFile(path: string): () => boolean {
  const { dev, ino } = statSync(path, { bigint: true })
  return () => {
    try {
      const now = statSync(path, { bigint: true })
      return now.dev === dev && now.ino === ino
    } catch (error) {
      // Whatever else keeps it from being looked at says nothing of the file.
      return !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
    }
  }
}
