/** Calls on a disk that is too small for them, while somebody reads in the log. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openSqliteEngine } from '../../../src/store/sqlite/engine.js'
import { waitedMs } from '../../../src/threads/heartbeat/starvation.js'
import { removeDisks, smallDisk } from '../../support/small-disk.js'

test.after.each(removeDisks)

const enqueue = (key: string, length: number) => ({
  op: 'enqueue' as const,
  request: { dataset: 'data', items: [{ key, data: JSON.stringify('x'.repeat(length)), priority: 0 }], onConflict: 'error' as const },
})

/** How long four calls take that do not fit, and for how much of it this thread waited for a core, in ms. */
function refusedAfter({ isHurried }: { isHurried: boolean }): { ms: number; starvedMs: number } | null {
  const disk = smallDisk(4 * 1_024)
  if (!disk) return null
  const file = join(disk.folder, 'small.db')
  const hurry = new Int32Array(new SharedArrayBuffer(4))
  const engine = openSqliteEngine({ file, durability: 'process', keepEvents: 10, hurry })
  engine.execute([enqueue('first', 10)])
  const reader = new Database(file)
  reader.exec('BEGIN; SELECT count(*) FROM item')
  assert.ok(engine.execute([enqueue('large', 1_300_000)])[0]?.ok)
  if (isHurried) Atomics.store(hurry, 0, 1)
  const starvedBefore = waitedMs(process.pid)
  const began = performance.now()
  const answers = engine.execute(['a', 'b', 'c', 'd'].map((key) => enqueue(key, 1_500_000)))
  const ms = performance.now() - began
  const starvedMs = waitedMs(process.pid) - starvedBefore
  for (const answer of answers) assert.match(answer.ok ? 'it fits' : answer.error.message, /disk is full/)
  reader.close()
  engine.close()
  return { ms, starvedMs }
}

test('calls that do not fit wait together for readers of the log, not each of them anew', () => {
  const took = refusedAfter({ isHurried: false })
  if (took === null) return
  assert.ok(took.ms >= 4_900 && took.ms - took.starvedMs < 9_500, JSON.stringify(took))
})

test('they do not wait for readers once the store is closing', () => {
  const took = refusedAfter({ isHurried: true })
  if (took === null) return
  assert.ok(took.ms - took.starvedMs < 4_500, JSON.stringify(took))
})

test.run()
