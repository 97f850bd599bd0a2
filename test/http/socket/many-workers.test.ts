import assert from 'node:assert/strict'
import { test } from 'uvu'
import type { Drover } from '../../../src/drover/drover.js'
import type { LiveState } from '../../../src/http/contract/socket.js'
import { presentOverview } from '../../../src/http/present/overview.js'
import { Tally, tallyOf } from '../../../src/http/present/tally.js'
import { Source } from '../../../src/http/socket/source.js'
import { atOnce } from '../../../src/time/turns.js'
import { closeSockets, follow, RawClient, serveSockets } from '../../support/sockets.js'
import { cleanUp, open, openWithParts, until, worker } from '../../support/system.js'

test.after.each(async () => {
  await closeSockets()
  await cleanUp()
})

const many = (length: number) => Array.from({ length }, (_, i) => worker(`w${i}/x`, { dataset: 'items' }))

/** Counts how many workers are looked at. */
function countLooks(system: Drover): { looks: number } {
  const counted = { looks: 0 }
  const { worker: look } = system.view
  system.view.worker = (id) => {
    counted.looks++
    return look.call(system.view, id)
  }
  return counted
}

/** How many characters of JSON are written meanwhile. */
function written(work: () => void): number {
  const { stringify } = JSON
  let characters = 0
  JSON.stringify = (...args: [value: unknown]) => {
    const text = stringify(...args)
    characters += text?.length ?? 0
    return text
  }
  try {
    work()
  } finally {
    JSON.stringify = stringify
  }
  return characters
}

test('one change among 5,000 workers: one is looked at and written, and no other', async () => {
  const { system, parts } = await openWithParts({ workers: many(5_000) })
  const source = new Source(system)
  const counted = countLooks(system)
  const now = Date.now()
  source.markAll()
  for (let look = 1; source.isBehind; look++) {
    source.look([], now)
    assert.equal(counted.looks, look * 200)
  }
  assert.equal(counted.looks, 5_000)
  assert.equal(source.look([], now), null)

  counted.looks = 0
  parts.lanes.update([{ worker: 'w77/x', total: 10, done: 3, dead: 0, leased: 0, retrying: 0, complete: false }])
  source.mark(['w77/x'])
  let change: LiveState | null = null
  const characters = written(() => {
    change = source.look([], now) as LiveState | null
  })
  assert.equal(counted.looks, 1)
  assert.ok(characters < 1_000, `${characters} characters`)
  assert.deepEqual(Object.keys(change ?? {}), ['overview', 'workers'])
  assert.deepEqual(Object.keys((change as LiveState | null)?.workers ?? {}), ['w77/x'])

  const texts = source.texts()
  const before = source.state().workers
  // What changes from here on is not in it.
  parts.lanes.update([{ worker: 'w77/x', total: 10, done: 9, dead: 0, leased: 0, retrying: 0, complete: false }])
  source.mark(['w77/x'])
  assert.ok(source.look([], now))
  let pieces: string[] = []
  const joined = written(() => {
    pieces = [...(texts.get('workers') ?? [])]
  })
  assert.equal(joined, 0)
  assert.equal(pieces.length, 10)
  assert.deepEqual(JSON.parse(pieces.join('')), JSON.parse(JSON.stringify(before)))
})

test('while clients of both protocols look at 2,000 workers, few are looked at in one turn, and patches add up to what there is', async () => {
  const system = await open({ workers: many(2_000), concurrency: 1 })
  // However slowly they read on a busy machine, they stay.
  const { url } = await serveSockets(system, { drainMs: 600_000 })
  const counted = countLooks(system)
  let most = 0
  let over = false
  const counting = (async () => {
    while (!over) {
      counted.looks = 0
      await new Promise((resolve) => setImmediate(resolve))
      most = Math.max(most, counted.looks)
    }
  })()
  const known = new Map<number, object>()
  const followed = await follow(new RawClient(url), ({ seq, data }) => known.set(seq, data))
  assert.deepEqual(Object.keys(followed.data.workers ?? {}), [...system.view.ids()])
  known.set(followed.seq, followed.data)
  const old = new RawClient(url, '')
  assert.equal((await old.next('full_state')).data.workers.length, 2_000)
  await system.start()
  await system.add(worker('late/x'))
  await system.stop()
  await system.remove('w3/x')
  await until(() => {
    const { overview, workers } = followed.data
    return overview?.states.stopped === 1_999 && Object.keys(workers ?? {}).length === 2_000
  }, 'all are told of')
  await old.next('update', ({ data: { workers } }) => workers.length === 2_000 && (workers.at(-1) as { id: string }).id === 'late/x')
  const fresh = new RawClient(url)
  const whole = await fresh.next('state')
  await until(() => followed.seq >= whole.seq, 'the patches have come')
  assert.deepEqual(known.get(whole.seq), whole.data)
  over = true
  await counting
  // What goes out in patches, and what goes to clients of protocol 1.
  assert.ok(most > 0 && most <= 1_001, `${most} in one turn`)
})

test('an overview made of a little of each worker says the same as one made of all their status', async () => {
  const { system, parts } = await openWithParts({ workers: [...many(3), { id: 'group', children: [worker('a/x')] }] })
  await system.blacklist('w1/x', 'enough')
  parts.lanes.update([{ worker: 'w2/x', total: 10, done: 0, dead: 2, leased: 0, retrying: 0, complete: false }])
  const now = Date.now()
  const tally = atOnce(tallyOf(system.view))
  const overview = presentOverview(system.view.sums(tally.totals), tally, system.view.down(), [], now)
  const status = system.status()
  const whole = new Tally()
  for (const worker of status.workers) whole.set(worker)
  assert.deepEqual(overview, presentOverview(status, whole, [], [], now))
  assert.deepEqual(
    overview.attention.map(({ kind, workers }) => ({ kind, workers })),
    [
      { kind: 'blacklisted', workers: ['w1/x'] },
      { kind: 'dead-tasks', workers: ['w2/x'] },
    ],
  )
})

test.run()
