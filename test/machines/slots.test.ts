import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type SlotRequest, Slots } from '../../src/machines/slots.js'

function begin(limit: number, groups: Record<string, number> = {}) {
  const granted: string[] = []
  const clock = { at: 0 }
  const slots = new Slots({ limit, groups, now: () => clock.at, grant: (worker) => granted.push(worker) })
  const ask = (worker: string, priority = 0, group: string | null = null): void => slots.request({ worker, priority, group })
  return { ask, clock, granted, slots }
}

test('slots go by priority, then by age, and never beyond the limit', () => {
  const { ask, granted, slots } = begin(1)
  ask('a')
  ask('b')
  ask('c', 5)
  ask('d', 5)
  ask('b')
  assert.equal(granted, ['a'])
  for (const worker of ['a', 'c', 'd']) slots.release(worker)
  assert.equal(granted, ['a', 'c', 'd', 'b'])
  assert.is(slots.used, 1)
})

test('a waiting worker passes those of higher priority that come a minute later for each step between them', () => {
  const { ask, clock, granted, slots } = begin(1)
  ask('holder')
  ask('patient', 0)
  clock.at = 59_999
  ask('soon', 1)
  clock.at = 60_001
  ask('late', 1)
  for (const worker of ['holder', 'soon', 'patient']) slots.release(worker)
  assert.equal(granted, ['holder', 'soon', 'patient', 'late'])
})

test('no worker starves: among new ones of any higher priority, each gets its turn', () => {
  const { ask, clock, granted, slots } = begin(1)
  ask('important-0', 10)
  ask('humble')
  for (let n = 1; !granted.includes('humble'); n++) {
    assert.ok(n < 1_000, 'it waits for ever')
    clock.at += 5_000
    ask(`important-${n}`, 10)
    slots.release(granted.at(-1) as string)
  }
  assert.ok(clock.at <= 11 * 60_000, `it waited for ${clock.at} ms`)
})

test('a raised limit fills at once', () => {
  const { ask, granted, slots } = begin(1)
  for (const worker of ['a', 'b', 'c']) ask(worker)
  assert.equal(slots.setLimit(2), [])
  assert.equal(granted, ['a', 'b'])
})

test('a lowered limit names those of the lowest priority, the latest first; asking again they wait', () => {
  const { ask, granted, slots } = begin(4)
  ask('a', 1)
  ask('b')
  ask('c')
  ask('d', 5)
  assert.equal(slots.setLimit(2), ['c', 'b'])
  ask('c')
  ask('b')
  assert.equal([slots.used, slots.queued], [2, 2])
  slots.release('d')
  assert.equal(granted, ['a', 'b', 'c', 'd', 'c'])
})

test('a limit that is raised again before anyone has left leaves everybody where they are', () => {
  const { ask, granted, slots } = begin(2)
  ask('a')
  ask('b')
  assert.equal(slots.setLimit(1), ['b'])
  slots.setLimit(2)
  ask('b')
  assert.equal([granted, slots.used], [['a', 'b', 'b'], 2])
})

test('a group has no more slots than its limit, and those behind a full group go ahead', () => {
  const { ask, granted, slots } = begin(3, { gpu: 1 })
  ask('a', 0, 'gpu')
  ask('b', 9, 'gpu')
  ask('c')
  assert.equal(granted, ['a', 'c'])
  assert.equal(slots.groups, { gpu: { limit: 1, used: 1 } })
  slots.release('a')
  assert.equal(granted, ['a', 'c', 'b'])
  ask('d', 0, 'gpu')
  assert.equal(slots.setLimit(2, 'gpu'), [])
  assert.equal(granted.at(-1), 'd')
  assert.equal(slots.setLimit(1, 'gpu'), ['d'])
})

test('once shut nobody gets a slot any more and nobody waits, while those who have one keep it until they give it back', () => {
  const { ask, granted, slots } = begin(1)
  for (const worker of ['a', 'b', 'c']) ask(worker)
  slots.shut()
  ask('d')
  slots.setLimit(3)
  assert.equal([slots.used, slots.queued], [1, 0])
  slots.release('a')
  slots.release('b')
  assert.equal([slots.used, granted], [0, ['a']])
})

test('workers that are withdrawn together leave the line and keep the slots they have; the others keep their places', () => {
  const { ask, granted, slots } = begin(1)
  for (const worker of ['a', 'b', 'c', 'd', 'e']) ask(worker)
  slots.withdraw(['a', 'b', 'd', 'unknown'])
  assert.equal([slots.used, slots.queued], [1, 2])
  ask('b')
  for (const worker of ['a', 'c', 'e']) slots.release(worker)
  assert.equal(granted, ['a', 'c', 'e', 'b'])
})

test('a shortage names the limit that is too narrow, those that wait already counted', () => {
  const { ask, slots } = begin(2, { gpu: 1 })
  const wanting = (...workers: string[]): SlotRequest[] =>
    workers.map((worker) => ({ worker, priority: 0, group: worker.startsWith('g') ? 'gpu' : null }))
  assert.is(slots.shortage(wanting('g1', 'a')), null)
  assert.equal(slots.shortage(wanting('g1', 'g2')), { group: 'gpu', limit: 1, free: 1, workers: ['g1', 'g2'] })
  assert.equal(slots.shortage(wanting('a', 'b', 'c')), { group: null, limit: 2, free: 2, workers: ['a', 'b', 'c'] })
  ask('a')
  ask('g1', 0, 'gpu')
  ask('g2', 0, 'gpu')
  assert.equal(slots.shortage(wanting('g3'))?.free, 0)
  assert.equal(slots.shortage(wanting('b')), { group: null, limit: 2, free: 0, workers: ['b'] })
})

test('a lost slot is never free again before its thread ends, and no worker is asked to give it up', () => {
  const { ask, granted, slots } = begin(2)
  for (const worker of ['a', 'b', 'c']) ask(worker)
  const lost = slots.lose('a')
  assert.equal(slots.setLimit(1), ['b'])
  slots.release('b')
  assert.equal(granted, ['a', 'b'])
  slots.release(lost)
  assert.equal(granted, ['a', 'b', 'c'])
})

test('after any requests and releases, no limit is exceeded, and no slot stays free while a worker waits for it', () => {
  const step = fc.record({
    worker: fc.nat(9),
    priority: fc.nat(3),
    ask: fc.boolean(),
    group: fc.constantFrom('gpu', 'cpu', null),
    passMs: fc.nat(200_000),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 80 }), (limit, gpu, steps) => {
      const { ask, clock, slots } = begin(limit, { gpu })
      const groups = new Map<string, string | null>()
      for (const { worker, priority, ask: asks, group, passMs } of steps) {
        const name = `worker-${worker}`
        clock.at += passMs
        if (!asks) slots.release(name)
        else {
          const own = groups.get(name) ?? group
          groups.set(name, own)
          ask(name, priority, own)
        }
        const used = slots.groups.gpu?.used ?? 0
        assert.ok(slots.used <= limit && used <= gpu)
        if (slots.queued > 0) assert.ok(slots.used === limit || used === gpu, 'a slot is free while somebody waits')
      }
    }),
  )
})

test.run()
