import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

/**
 * Where stores of tests lie: in memory, where Linux has room there. Tests end processes, which loses nothing of a file; what would be
 * waited for is a disk, a quarter of their time.
 */
export function temporaryPlace(): string {
  const memory = '/dev/shm'
  try {
    const { bavail, bsize } = statfsSync(memory)
    if (process.env.TMPDIR === undefined && bavail * bsize > 4e9) return memory
  } catch {
    // There is none.
  }
  return tmpdir()
}
