/**
 * A day's events through the system's own way into the store: every worker's state changes, by their thousands. What must not
 * grow is the table, the file, and the main thread's heap.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { openSystem } from '../../src/actors/system/open.js'
import { Drover } from '../../src/drover/drover.js'
import { answer } from '../support/child.js'
import { settledMemory } from './growth-of.js'

export interface DayRun {
  folder: string
  events: number
  keepEvents: number
  /** Memory, rows and bytes are read so many times, evenly. */
  readings: number
}

/** After so many events. */
export interface Reading {
  events: number
  rows: number
  /** Pages of the database, those still in the log included. */
  pageBytes: number
  logBytes: number
  heap: number
  rss: number
}

/** What a turn of the event loop sends in one message: over a day, events come one by one. */
const eventsPerTurn = 1

await answer(async ({ folder, events, keepEvents, readings }: DayRun): Promise<Reading[]> => {
  const file = join(folder, 'bench.db')
  const module = new URL('./idle.worker.js', import.meta.url)
  const opened = await openSystem({
    store: file,
    keepEvents,
    durability: 'process',
    log: { console: false, dir: false },
    workers: Array.from({ length: 100 }, (_, n) => ({ id: `annotator-${n}/x`, module, dataset: 'items' })),
  })
  const system = new Drover(opened)
  const { parts } = opened
  const reader = new Database(file, { readonly: true })
  const count = reader.prepare<[], number>('SELECT count(*) FROM event').pluck()
  const pages = (): number =>
    (reader.pragma('page_count', { simple: true }) as number) * (reader.pragma('page_size', { simple: true }) as number)
  const taken: Reading[] = []
  const read = async (published: number): Promise<void> => {
    await parts.recorder.flush()
    const rows = count.get() ?? 0
    taken.push({
      events: published,
      rows,
      pageBytes: pages(),
      logBytes: statSync(`${file}-wal`).size,
      ...(await settledMemory()),
    })
  }
  for (let published = 0; published < events; ) {
    for (let i = 0; i < eventsPerTurn; i++, published++) {
      const worker = `annotator-${published % 100}/x`
      const [from, to] = published % 200 < 100 ? (['queued', 'parked'] as const) : (['parked', 'queued'] as const)
      parts.publish('worker:state:changed', { worker, from, to, reason: 'quota key-1 is spent', at: parts.now() })
    }
    await turn()
    // As fast as the store takes them, and no faster: a day does not come in ten seconds.
    if (published % 1_000 === 0) await parts.recorder.flush()
    if (published % (events / readings) < eventsPerTurn) await read(published)
  }
  reader.close()
  await system.close()
  return taken
})
