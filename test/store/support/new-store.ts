/** New stores, copied from one that is made once: making the tables takes longer than most tests of a store. `open.test.ts` makes its own. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSqliteEngine } from '../../../src/store/sqlite/engine.js'
import { newFolder } from './folders.js'

let made: Buffer | null = null

export function newStore(file: string): void {
  made ??= make()
  writeFileSync(file, made)
}

function make(): Buffer {
  const { folder, remove } = newFolder()
  const file = join(folder, 'new.db')
  openSqliteEngine({ file, durability: 'process', keepEvents: 1, now: () => 0 }).close()
  const bytes = readFileSync(file)
  remove()
  return bytes
}
