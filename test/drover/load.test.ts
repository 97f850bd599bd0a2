import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { LoadOptions } from '../../src/index.js'
import { within } from '../store/support/waiting.js'
import { refused } from '../support/refused.js'
import { cleanUp, items, open, temporaryFolder, worker } from '../support/system.js'

test.after.each(cleanUp)

const idle = { workers: [worker('a/x')] }

test('a second load adds only what is new', async () => {
  const system = await open(idle)
  assert.equal(await system.load('data', items(1_500)), { dataset: 'data', added: 1_500, known: 0, updated: 0 })
  assert.equal(await system.load('data', items(2_100)), { dataset: 'data', added: 600, known: 1_500, updated: 0 })
})

test("the order of an object's keys is no other data", async () => {
  const system = await open(idle)
  await system.load('data', [{ id: 'a', x: 1, y: { b: 1, c: 2 } }])
  assert.is((await system.load('data', [{ y: { c: 2, b: 1 }, x: 1, id: 'a' }])).known, 1)
})

test('a known key with other data is an error that names the key and the position', async () => {
  const system = await open(idle)
  await system.load('data', items(3))
  const error = await refused(system.load('data', [...items(2), { id: 'item-2', text: 'other' }]))
  assert.is(error.code, 'LOAD_CONFLICT')
  assert.equal(error.details, { key: 'item-2', position: 2, dataset: 'data' })
  assert.match(error.message, /record 2: key "item-2" is in dataset "data" with different data/)
})

test('a conflict far into a long source names its true position', async () => {
  const system = await open(idle)
  await system.load('data', [{ id: 'item-3210', text: 'other' }])
  const error = await refused(system.load('data', items(5_000)))
  assert.is(error.details.position, 3_210)
})

test("onConflict 'keep' keeps the known data, 'update' replaces it", async () => {
  const system = await open(idle)
  await system.load('data', [{ id: 'a', v: 1 }])
  assert.is((await system.load('data', [{ id: 'a', v: 2 }], { onConflict: 'keep' })).known, 1)
  assert.is((await system.load('data', [{ id: 'a', v: 1 }])).known, 1)
  assert.is((await system.load('data', [{ id: 'a', v: 2 }], { onConflict: 'update' })).updated, 1)
  assert.is((await system.load('data', [{ id: 'a', v: 2 }])).known, 1)
})

const cyclic: { id: string; self?: unknown } = { id: 'c' }
cyclic.self = cyclic
for (const [what, record, text] of [
  [
    'without a key',
    { text: 'no id' },
    /record 1: its key must be a number or a string of 1 to 512 characters, got undefined; pass load the option key/,
  ],
  ['with an empty key', { id: '' }, /got an empty string/],
  ['that is null', null, /record 1: its key/],
  ['that is cyclic', cyclic, /record 1: it cannot be written as JSON/],
  ['with a BigInt', { id: 'b', n: 1n }, /record 1: it cannot be written as JSON: n is a BigInt \(1n\); allowed are/],
  [
    'that JSON would keep only in part',
    { id: 'b', tags: [new Set()] },
    /record 1: it cannot be written as JSON: tags\[0\] is an object \(Set\)/,
  ],
  ['whose key has half of a surrogate pair', { id: 'a\ud800' }, /record 1: its key contains half of a surrogate pair/],
] as const) {
  test(`a record ${what} is named by its position, and what came before it is loaded`, async () => {
    const system = await open(idle)
    const error = await refused(system.load('data', [{ id: 'first' }, record]))
    assert.is(error.code, 'LOAD_BAD_RECORD')
    assert.is(error.details.position, 1)
    assert.match(error.message, text)
    assert.is((await system.load('data', [{ id: 'first' }])).known, 1)
  })
}

test('a key function, a priority function and number keys are taken; a bad priority is named', async () => {
  const system = await open(idle)
  const options: LoadOptions<{ n: number }> = { key: ({ n }) => n, priority: ({ n }) => n }
  assert.is((await system.load('data', [{ n: 1 }, { n: 2 }], options)).added, 2)
  const error = await refused(system.load('data', [{ n: 3 }], { ...options, priority: () => 0.5 }))
  assert.match(error.message, /record 0: its priority must be a whole number, got 0.5/)
})

test('higher priority goes first, ties in order of loading', async () => {
  const starts = join(temporaryFolder(), 'starts.jsonl')
  const system = await open({ workers: [worker('a/x', { input: { starts } })] })
  await system.load(
    'data',
    items(6, (i) => ({ p: i % 3 })),
    { priority: (item) => (item as unknown as { p: number }).p },
  )
  await system.start()
  await system.done()
  const order = [...readFileSync(starts, 'utf8').matchAll(/item-\d/g)].map(([key]) => key)
  assert.equal(order, ['item-2', 'item-5', 'item-1', 'item-4', 'item-0', 'item-3'])
})

test('a source that throws stops the load with its own error; the next load continues', async () => {
  const system = await open(idle)
  function* broken() {
    yield* items(10)
    throw new RangeError('the file ends here')
  }
  await system.load('data', broken()).then(
    () => assert.unreachable(),
    (error: unknown) => assert.instance(error, RangeError),
  )
  assert.is((await system.load('data', items(20))).known, 10)
})

test('a signal stops a load', async () => {
  const system = await open(idle)
  const controller = new AbortController()
  function* endless() {
    for (let i = 0; ; i++) {
      if (i === 2_000) controller.abort(new Error('enough'))
      yield { id: i }
    }
  }
  await system.load('data', endless(), { signal: controller.signal }).then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, 'enough'),
  )
})

test('items of a slow source are worked on at once', async () => {
  const system = await open(idle)
  let go = (): void => {}
  async function* slow() {
    for (let i = 0; i < 3; i++) {
      yield { id: `item-${i}` }
      // The next one comes only when this one is done: if it waited for others to come along, it would wait for ever.
      await within(`item ${i} is done`, new Promise<void>((resolve) => (go = resolve)))
    }
  }
  system.on('lane:counts:changed', ({ lanes }) => lanes.some(({ done, total }) => done === total) && go())
  await system.start()
  assert.is((await system.load('data', slow())).added, 3)
})

test('a signal ends a load whose source never answers again; what came before it is in the store', async () => {
  const system = await open(idle)
  const controller = new AbortController()
  let returned = 0
  const stalled: AsyncIterable<{ id: number }> = {
    [Symbol.asyncIterator]: () => {
      let next = 0
      return {
        next: () => {
          if (next < 5) return Promise.resolve({ done: false, value: { id: next++ } })
          setImmediate(() => controller.abort(new Error('enough')))
          return new Promise(() => {})
        },
        return: () => {
          returned++
          return new Promise(() => {})
        },
      }
    },
  }
  const error = await within(
    'the load ends',
    system.load('data', stalled, { signal: controller.signal }).catch((thrown: Error) => thrown),
  )
  assert.is((error as Error).message, 'enough')
  assert.is(returned, 1)
  assert.is(
    (
      await system.load(
        'data',
        Array.from({ length: 5 }, (_, id) => ({ id })),
      )
    ).known,
    5,
  )
})

test('a load with a signal that has aborted asks its source for nothing', async () => {
  const system = await open(idle)
  let asked = 0
  function* source() {
    asked++
    yield { id: 1 }
  }
  const error = await system.load('data', source(), { signal: AbortSignal.abort(new Error('before')) }).catch((thrown: Error) => thrown)
  assert.equal([(error as Error).message, asked], ['before', 0])
})

test('closing the system ends a load whose source never answers again', async () => {
  const system = await open(idle)
  const load = refused(system.load('data', { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }))
  await system.close()
  assert.is((await within('the load ends', load)).code, 'CLOSED')
})

test('a conflict ends a load whose source never answers again', async () => {
  const system = await open(idle)
  await system.load('data', [{ id: 'a', v: 1 }])
  async function* source() {
    yield { id: 'a', v: 2 }
    await new Promise(() => {})
  }
  assert.is((await within('the load ends', refused(system.load('data', source())))).code, 'LOAD_CONFLICT')
})

test('a source is closed when a bad record ends its load, and its end is waited for', async () => {
  const system = await open(idle)
  let closed = false
  async function* source() {
    try {
      yield { id: 'a' }
      yield { id: '' }
    } finally {
      await new Promise(setImmediate)
      closed = true
    }
  }
  assert.is((await refused(system.load('data', source()))).code, 'LOAD_BAD_RECORD')
  assert.ok(closed)
})

test('a worker added later does the items loaded before', async () => {
  const store = join(temporaryFolder(), 'later.db')
  const first = await open({ ...idle, store })
  await first.load('data', items(20))
  await first.start()
  await first.done()
  await first.close()
  const second = await open({ store, workers: [worker('a/x'), worker('b/y')] })
  await second.start()
  assert.is((await second.done()).results, 40)
})

test.run()
