import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SimulatedLine, windowOf } from './support/simulated-line.js'

const minute = 60_000
const day = { calendar: 'day', timeZone: 'UTC' } as const
/** A grant counts until it would leave the window if it were used as late as can be. */
const slack = 250
const length = minute + slack
/** What is taken within one step of a window leaves it together. */
const step = 120

for (const [kind, window] of [
  ['a strict window', windowOf(30, minute)],
  ['a bucket', windowOf(600, minute, { burst: 5 })],
  ['a bucket of one', windowOf(60, minute, { burst: 1 })],
] as const) {
  test(`16 clients that ask again after each grant get equal shares of ${kind}`, () => {
    const line = new SimulatedLine([{ windows: [window] }])
    const names = Array.from({ length: 16 }, (_, index) => `w${index}`)
    for (const name of names) line.ask(name)
    const counts = new Map(names.map((name) => [name, 0]))
    while (line.turns.length < 1_000) {
      line.run(line.now + 10 * minute, ({ name }) => {
        if (line.turns.length >= 1_000) return
        counts.set(name, (counts.get(name) ?? 0) + 1)
        line.ask(name)
      })
    }
    for (const [name, count] of counts) assert.ok(Math.abs(count - 1_000 / 16) <= (0.05 * 1_000) / 16, `${name} got ${count}`)
  })
}

test('a heavy request gets its turn as often as its window allows, beside light ones', () => {
  const line = new SimulatedLine([{ windows: [windowOf(20, minute)] }])
  for (const amount of [1, 3, 9]) line.ask(`takes ${amount}`, { requests: amount })
  line.run(line.now + 100 * length, ({ name }) => line.ask(name, { requests: Number(name.slice(6)) }))
  const turns = [1, 3, 9].map((amount) => line.turns.filter(({ name }) => name === `takes ${amount}`).length)
  assert.ok(
    turns.every((count) => count >= 100),
    turns.join(' '),
  )
  assert.ok((turns[0] ?? 0) + 3 * (turns[1] ?? 0) + 9 * (turns[2] ?? 0) >= 0.99 * 20 * 100, 'there is room that nobody gets')
})

test('among equals the earlier request goes first, and a higher priority before a lower one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2), { minLength: 2, maxLength: 25 }), fc.boolean(), (all, bucket) => {
      const line = new SimulatedLine([{ windows: [windowOf(3, minute, { burst: bucket ? 3 : null })] }])
      line.ask('first', { requests: 3 })
      line.serve()
      for (const [index, priority] of all.entries()) line.ask(`${priority} ${index}`, {}, { priority })
      line.run(line.now + 100 * minute)
      const order = line.turns.slice(1).map(({ name }) => name.split(' ').map(Number) as [number, number])
      const sorted = [...order].sort(([p, a], [q, b]) => q - p || a - b)
      assert.is(order.length, all.length)
      assert.equal(order, sorted)
    }),
  )
})

test('a heavy request goes within the length of its window, however many light ones keep coming', () => {
  for (const burst of [null, 100]) {
    const line = new SimulatedLine([{ windows: [windowOf(100, minute, { burst })] }])
    for (let light = 0; light < 40; light++) line.ask(`light ${light}`, { requests: 5 })
    line.serve()
    line.now += 30_000
    line.ask('heavy', { requests: 100 })
    for (let light = 0; light < 40; light++) line.ask(`later ${light}`, { requests: 1 })
    line.run(line.now + 10 * minute, ({ name }) => {
      if (!name.startsWith('heavy')) line.ask(name, { requests: 1 })
    })
    const heavy = line.turns.find(({ name }) => name === 'heavy')
    // Ahead of it: 40 of 5 each, two windows of which the first has passed by half.
    assert.ok(heavy && heavy.waitedMs <= 2 * length - 30_000 + step, `it waited ${heavy?.waitedMs} ms (burst ${burst})`)
  }
})

test('a light request behind a heavy one waits for that one, and one length of its window at most', () => {
  const line = new SimulatedLine([{ windows: [windowOf(100, minute)] }])
  line.ask('first', { requests: 50 })
  line.serve()
  line.now += 20_000
  line.ask('heavy', { requests: 100 })
  line.ask('light', { requests: 1 })
  line.run(line.now + 10 * minute)
  assert.equal(
    line.turns.map(({ name, waitedMs }) => [name, waitedMs]),
    [
      ['first', 0],
      ['heavy', length - 20_000],
      ['light', 2 * length - 20_000],
    ],
  )
})

test('a request that needs other units than a waiting heavy one, or leaves the window in time, is granted meanwhile', () => {
  const tokens = windowOf(100, minute, { unit: 'tokens' })
  const line = new SimulatedLine([{ windows: [tokens, windowOf(50, 1_000)] }])
  line.ask('first', { tokens: 100 })
  line.serve()
  line.now += 10_000
  line.ask('heavy', { tokens: 100 })
  for (let light = 0; light < 30; light++) line.ask(`light ${light}`, { tokens: 0 })
  line.run(line.now)
  assert.is(line.turns.length, 31)
})

test('a request blocked for hours by its own day limit keeps no other of its group waiting', () => {
  const group = { name: 'group', windows: [windowOf(10, minute), windowOf(2, 1_000)] }
  const line = new SimulatedLine([group, { windows: [windowOf(1, day)], within: ['group'] }, { name: 'open', within: ['group'] }])
  const alone = new SimulatedLine([group, { name: 'open', within: ['group'] }])
  line.ask('spends the day')
  line.serve()
  line.now += length
  for (let blocked = 0; blocked < 20; blocked++) line.ask(`blocked ${blocked}`)
  alone.now = line.now
  for (const each of [line, alone]) {
    for (let index = 0; index < 5; index++) each.ask(`open ${index}`, {}, { quota: 'open' })
    each.run(each.now + 30 * minute, ({ name }) => each.ask(name, {}, { quota: 'open' }))
  }
  const times = (each: SimulatedLine): number[] => each.turns.filter(({ quota }) => quota === 'open').map(({ at }) => at)
  assert.ok(times(alone).length >= 300)
  assert.equal(times(line), times(alone))
  assert.is(line.waiting, 25)
})

const amounts = fc.record({ requests: fc.integer({ min: 0, max: 6 }), tokens: fc.integer({ min: 0, max: 40 }) })
const asks = fc.array(fc.record({ quota: fc.constantFrom('a', 'b'), amounts, pauseMs: fc.nat(5_000) }), { minLength: 1, maxLength: 12 })
const windows = fc.record({
  requests: fc.constantFrom(windowOf(10, 1_000), windowOf(8, 20_000), windowOf(8, minute), windowOf(10, minute, { burst: 6 })),
  tokens: fc
    .constantFrom(windowOf(60, 5_000), windowOf(60, minute), windowOf(100, minute, { burst: 40 }))
    .map((window) => ({ ...window, unit: 'tokens' })),
})

test('later requests make no earlier one wait longer than one length of each of its windows', () => {
  fc.assert(
    fc.property(windows, windows, asks, asks, (own, ofGroup, early, late) => {
      const specs = [
        { name: 'group', windows: Object.values(ofGroup) },
        { name: 'a', windows: Object.values(own), within: ['group'] },
        { name: 'b', within: ['group'] },
      ]
      const all = [...Object.values(own), ...Object.values(ofGroup)]
      const most = all.reduce((sum, { per }) => sum + Number(per) + slack + step, 0)
      const nothing = late.map((each) => ({ ...each, amounts: { requests: 0, tokens: 0 } }))
      const granted = [nothing, late].map((after) => {
        const line = new SimulatedLine(specs)
        // Enough before that the line is not empty.
        for (let index = 0; index < 4; index++) line.ask(`before ${index}`, { requests: 3, tokens: 30 }, { quota: 'a' })
        for (const [index, { quota, amounts: wanted, pauseMs }] of early.entries()) {
          line.run(line.now + pauseMs)
          line.ask(`early ${index}`, wanted, { quota })
        }
        for (const [index, { quota, amounts: wanted, pauseMs }] of after.entries()) {
          line.ask(`late ${index}`, wanted, { quota })
          line.run(line.now + pauseMs)
        }
        line.run(line.now + 100 * minute)
        assert.is(line.waiting, 0)
        return new Map(line.turns.filter(({ name }) => !name.startsWith('late')).map(({ name, at }) => [name, at]))
      })
      for (const [name, at] of granted[0] ?? []) {
        const longer = (granted[1]?.get(name) ?? Number.POSITIVE_INFINITY) - at
        assert.ok(longer <= most, `${name} waits ${longer} ms longer`)
      }
    }),
    { numRuns: 300, includeErrorInReport: true },
  )
})

test.run()
