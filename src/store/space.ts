/** The sizes of the store's files, and the space on their disk. */
import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The largest log, as a share of the space that is free or used by the log (`store/sqlite/wal-bound.ts`). */
export const logShare = 1 / 8
/** With less space than this, the log is kept within its share at each transaction. */
export const roomyBytes = 128 * 2 ** 20

/** In bytes. */
export interface StoreSpace {
  fileBytes: number
  logBytes: number
  /** The largest log. */
  logLimitBytes: number
  /** Free on the disk, and the disk's size; null: the file system does not say. */
  disk: { freeBytes: number; totalBytes: number } | null
}

/** null: the store is in memory, or its file cannot be looked at. */
export async function spaceOf(file: string): Promise<StoreSpace | null> {
  if (file === ':memory:') return null
  try {
    const log = stat(`${file}-wal`).then(
      ({ size }) => size,
      () => 0,
    )
    const [{ size: fileBytes }, logBytes, { bavail, bsize, blocks }] = await Promise.all([stat(file), log, statfs(dirname(file))])
    const freeBytes = bavail * bsize
    return {
      fileBytes,
      logBytes,
      logLimitBytes: Math.floor((freeBytes + logBytes) * logShare),
      disk: blocks === 0 ? null : { freeBytes, totalBytes: blocks * bsize },
    }
  } catch {
    return null
  }
}
