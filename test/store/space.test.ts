/** What a store takes on its disk, as docs/store.md tells it. */
import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Outcome } from '../../src/store/contract/tasks.js'
import { openSqliteEngine, type SqliteEngine } from '../../src/store/sqlite/engine.js'
import { keepEvents } from './support/contract.js'
import { worker } from './support/desk.js'
import { inFolder } from './support/folders.js'
import { World } from './support/world.js'

const count = 5_000
const batch = 500
const lane = { dataset: 'data', annotator: 'annotator-1', domain: 'urgency', target: null }

/** Bytes of the file for each of so many, closed and opened again between: since `begin`, else since the first outcome. */
async function measure(
  work: (engine: SqliteEngine, outcome: (make: (token: number) => Outcome) => void, begin: () => void) => void,
): Promise<number> {
  let grown = 0
  await inFolder(async (folder) => {
    const world = new World()
    const file = join(folder, 'drover.db')
    const engine = openSqliteEngine({ file, durability: 'process', keepEvents, now: world.now, isGone: world.isGone })
    const size = (): number => {
      // Empties the log into the file.
      openSqliteEngine({ file, durability: 'process', keepEvents, now: world.now, isGone: world.isGone }).close()
      return statSync(file).size
    }
    engine.join({ host: world.host(1) })
    engine.declare({ workers: [{ worker, lane }] })
    const taken = engine.acquire({ worker, host: 'host-1' })
    assert.ok('fence' in taken)
    const { fence } = taken
    let before: number | null = null
    const begin = (): void => {
      before = size()
    }
    let request = 0
    const outcome = (make: (token: number) => Outcome): void => {
      if (before === null) begin()
      let outcomes: Outcome[] = []
      do {
        const { leases } = engine.exchange({ worker, fence, request: ++request, outcomes, want: batch })
        outcomes = leases.tokens.map(make)
      } while (outcomes.length > 0)
    }
    const empty = size()
    work(engine, outcome, begin)
    grown = size() - (before ?? empty)
    engine.close()
  })
  return grown / count
}

function load(engine: SqliteEngine, chars: number): void {
  for (let from = 0; from < count; from += batch) {
    const items = Array.from({ length: batch }, (_, n) => ({ key: `message-${from + n}`, data: 'x'.repeat(chars), priority: 0 }))
    engine.enqueue({ dataset: 'data', items, onConflict: 'error' })
  }
}

function within(bytes: number, least: number, most: number): void {
  assert.ok(bytes >= least && bytes <= most, `${bytes.toFixed(1)} bytes, expected ${least} to ${most}`)
}

test('an item takes its text, twice its key, and less than 50 bytes more', async () => {
  const key = 2 * 'message-12345'.length
  within(await measure((engine) => load(engine, 300)), 300 + key, 300 * 1.1 + key + 50)
})

for (const [chars, least, most] of [
  [40, 40, 100],
  [800, 800, 1_100],
  [1_500, 4_096, 5_200],
] as const) {
  test(`a result of ${chars} characters takes at most ${most} bytes`, async () => {
    const bytes = await measure((engine, outcome) => {
      load(engine, 10)
      outcome((token) => ({ do: 'complete', token, value: 'x'.repeat(chars) }))
    })
    within(bytes, least, most)
  })
}

test('a result that is set aside takes its text, and less than 100 bytes more', async () => {
  const bytes = await measure((engine, outcome, begin) => {
    const done = (): void => outcome((token) => ({ do: 'complete', token, value: 'x'.repeat(40) }))
    load(engine, 10)
    done()
    begin()
    engine.redo({ filter: {}, keys: Array.from({ length: count }, (_, n) => `message-${n}`), call: randomUUID() })
    done()
  })
  within(bytes, 40, 40 + 100)
})

test('a task that is given up takes its error once, and less than 250 bytes more', async () => {
  const error = { name: 'Error', message: 'm'.repeat(100), stack: 's'.repeat(100) }
  const bytes = await measure((engine, outcome) => {
    load(engine, 10)
    outcome((token) => ({ do: 'fail', token, error, retryInMs: null }))
  })
  within(bytes, JSON.stringify(error).length, JSON.stringify(error).length + 250)
})

test.run()
