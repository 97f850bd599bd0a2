import { setMaxListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Reader } from '../../../src/store/read-pool/reader.js'
import { StoreThread } from '../../../src/store/thread/handle.js'
import { refused } from '../../support/refused.js'
import { completed, Desk } from '../support/desk.js'
import { inFolder } from '../support/folders.js'
import { World } from '../support/world.js'

async function withReader(file: string, work: (reader: Reader, desk: Desk, host: StoreThread) => Promise<void>): Promise<void> {
  const host = await StoreThread.open({ file, durability: 'process', keepEvents: 100 })
  const reader = new Reader({ file, client: host.client })
  try {
    await work(reader, new Desk(host.client, new World()), host)
  } finally {
    await reader.close()
    await host.close()
  }
}

const all = { filter: {}, after: null, limit: 1_000 }

test('the code of the pool is loaded in a turn of the event loop of its own, once, before the first read or as part of it', () =>
  inFolder((folder) =>
    withReader(join(folder, 'drover.db'), async (reader) => {
      // No test before this one may have loaded it.
      const isLoaded = (): boolean => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/piscina/'))
      assert.not(isLoaded())
      const read = reader.read('dead', all)
      await Promise.resolve()
      assert.not(isLoaded())
      await new Promise((resolve) => setImmediate(resolve))
      assert.ok(isLoaded())
      assert.is(reader.prepare(), reader.prepare())
      assert.equal((await read).rows, [])
    }),
  ))

test('a read sees everything that was committed before it', () =>
  inFolder((folder) =>
    withReader(join(folder, 'drover.db'), async (reader, desk) => {
      await desk.begin(20)
      const hold = await desk.acquire()
      for (let done = 1; done <= 20; done++) {
        await desk.exchange(hold, 0, completed(await desk.claim(hold, 1)))
        assert.is((await reader.read('results', all)).rows.length, done)
      }
    }),
  ))

test('reads do not need the store thread', () =>
  inFolder((folder) =>
    withReader(join(folder, 'drover.db'), async (_reader, desk, host) => {
      await desk.begin(1)
      const calls: string[] = []
      const client = { call: (op: string) => Promise.reject(calls.push(op)) } as unknown as StoreThread['client']
      const reader = new Reader({ file: join(folder, 'drover.db'), client })
      assert.equal(await reader.read('dead', all), { rows: [], next: null })
      assert.equal(await reader.read('latestEvents', { after: null, limit: 5 }), { rows: [], next: null })
      assert.equal(calls, [])
      await reader.close()
      assert.ok(host)
    }),
  ))

test('a store in memory is read through its thread', () =>
  withReader(':memory:', async (reader, desk) => {
    await desk.begin(3)
    const hold = await desk.acquire()
    await desk.exchange(hold, 0, completed(await desk.claim(hold, 2)))
    assert.is((await reader.read('results', all)).rows.length, 2)
  }))

test('errors keep their code, and a closed reader refuses', () =>
  inFolder((folder) =>
    withReader(join(folder, 'drover.db'), async (reader) => {
      await refused(reader.read('results', { ...all, limit: 0 }), 'ARGUMENT_INVALID')
      const pending = reader.read('results', all)
      const closing = reader.close()
      assert.is(reader.close(), closing)
      assert.equal((await pending).rows, [])
      await refused(reader.read('results', all), 'CLOSED')
    }),
  ))

test('a read that fails beside the store thread is not passed to the only writer', () =>
  inFolder((folder) =>
    withReader(join(folder, 'drover.db'), async (_reader, desk, host) => {
      await desk.begin(1)
      const calls: string[] = []
      const client = { call: (op: string) => Promise.reject(calls.push(op)) } as unknown as StoreThread['client']
      const reader = new Reader({ file: join(folder, 'missing.db'), client })
      const { message } = await refused(reader.read('results', all), 'READ_FAILED')
      assert.match(message, 'results could not be read')
      assert.equal(calls, [])
      await reader.close()
      assert.ok(host)
    }),
  ))

test('a read that ends its thread is tried once more and then fails; others are not concerned', () =>
  inFolder((folder) =>
    withReader(join(folder, 'drover.db'), async (_reader, desk, host) => {
      await desk.begin(1)
      const calls: string[] = []
      const client = { call: (op: string) => Promise.reject(calls.push(op)) } as unknown as StoreThread['client']
      const reader = new Reader({ file: folder, client, entry: new URL('../support/dying-reader-thread.js', import.meta.url) })
      const [death, others] = await Promise.all([
        refused(reader.read('labels', { path: '$.label', items: 1 }), 'READ_FAILED'),
        Promise.all(Array.from({ length: 20 }, () => reader.read('results', all))),
      ])
      assert.match(death.message, 'labels could not be read')
      assert.is(others.length, 20)
      assert.is(readFileSync(join(folder, 'deaths'), 'utf8'), 'xx')
      assert.equal(calls, [])
      await reader.close()
      assert.ok(host)
    }),
  ))

test('cancelled reads are not made, and delay no other', () =>
  inFolder((folder) => {
    const file = join(folder, 'drover.db')
    return withReader(file, async (_reader, desk, host) => {
      await desk.begin(2_000)
      const hold = await desk.acquire()
      await desk.exchange(hold, 0, completed(await desk.claim(hold, 1_000)))
      const entry = new URL('../support/counting-reader-thread.js', import.meta.url)
      const reader = new Reader({ file, client: host.client, entry })
      const gone = new AbortController()
      setMaxListeners(0, gone.signal)
      const labels = Array.from({ length: 2_000 }, () =>
        reader.read('labels', { path: '$.label', items: 100_000 }, gone.signal).then(
          () => 'an answer',
          (error: Error) => error.message,
        ),
      )
      assert.is((await reader.read('results', all)).rows.length, 1_000)
      gone.abort(new Error('the client has gone'))
      const ends = await Promise.all(labels)
      // It stands behind all that were asked before.
      assert.is((await reader.read('labels', { path: '$.label', items: 100_000 })).reports.length, 1)
      const before = AbortSignal.abort(new Error('never wanted'))
      assert.is(await reader.read('results', all, before).catch((error: Error) => error.message), 'never wanted')
      await reader.close()
      const made = readFileSync(`${file}.reads`, 'utf8').split('\n')
      const answered = ends.filter((end) => end === 'an answer').length
      assert.is(answered + ends.filter((end) => end === 'the client has gone').length, 2_000)
      // Two may have been under way when the others were given up.
      assert.ok(made.filter((op) => op === 'labels').length <= answered + 2 + 1, `${made.length} reads, ${answered} answers`)
      assert.is(made.filter((op) => op === 'results').length, 1)
    })
  }))

test('closing refuses reads that wait', () =>
  inFolder((folder) =>
    withReader(join(folder, 'drover.db'), async (reader, desk) => {
      await desk.begin(1)
      const reads = Array.from({ length: 50 }, () => reader.read('results', all).catch((error: { code?: string }) => error.code))
      await reader.close()
      const ends = await Promise.all(reads)
      assert.ok(ends.every((end) => end === 'CLOSED' || typeof end === 'object'))
      assert.is(ends.at(-1), 'CLOSED')
    }),
  ))

test.run()
