/** A folder of its own for each test, removed at its end. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryPlace } from '../../support/temporary-place.js'

export function newFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(temporaryPlace(), 'drover-store-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export async function inFolder<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
  const { folder, remove } = newFolder()
  try {
    return await work(folder)
  } finally {
    remove()
  }
}
