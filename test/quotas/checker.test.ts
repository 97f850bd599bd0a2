import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mostPossible, type ProviderCall, refusals } from '../support/quota-checker.js'

const strict = { limit: 20, per: 1_000, burst: null }
const bucket = { limit: 600, per: 60_000, burst: 5 }

/** Calls of one each. */
const ones = (times: readonly number[]): ProviderCall[] => times.map((at) => ({ at, amount: 1 }))
const many = (count: number, at: number): number[] => Array.from({ length: count }, () => at)

/** A limiter that begins to count anew with each second of the clock: twice the limit around the turn. */
function byTheSecond(limit: number, asks: readonly number[]): ProviderCall[] {
  const counts = new Map<number, number>()
  return ones(
    asks.filter((at) => {
      const second = Math.floor(at / 1_000)
      const count = (counts.get(second) ?? 0) + 1
      counts.set(second, count)
      return count <= limit
    }),
  )
}

/** A bucket that is kept by several processes without a lock: each reads, and writes what it read less one. */
function withoutLock(processes: number, untilMs: number): ProviderCall[] {
  const calls: ProviderCall[] = []
  let fullAt = 0
  for (let at = 0; at < untilMs; at += 10) {
    const read = fullAt
    for (let process = 0; process < processes; process++) {
      if (Math.max(read, at) + 100 - at > 500) continue
      fullAt = Math.max(read, at) + 100
      calls.push({ at, amount: 1 })
    }
  }
  return calls
}

test('a client within the limit is never refused', () => {
  assert.equal(refusals(ones([...many(20, 0), ...many(20, 1_000), ...many(20, 2_000.5)]), strict), [])
  assert.equal(refusals(ones([...many(5, 0), 100, 200, 300, ...many(2, 500)]), bucket), [])
})

test('one too many in any span of a strict window is found, also by less than a millisecond', () => {
  assert.equal(refusals(ones([...many(20, 0), 999.999]), strict), [{ at: 999.999, over: 1 }])
  assert.is(refusals(ones([...many(10, 0), ...many(10, 900), 999]), strict).length, 1)
})

test('one too many for a bucket is found, by as much as it is over', () => {
  const [found, ...others] = refusals(ones([...many(5, 0), 60]), bucket)
  assert.is(others.length, 0)
  assert.is(found?.at, 60)
  assert.ok(Math.abs((found?.over ?? 0) - 0.4) < 1e-6)
})

test('calls count with their amounts, and in order of time, from all sources', () => {
  const calls = [
    { at: 500, amount: 9 },
    { at: 0, amount: 9 },
    { at: 900, amount: 3 },
  ]
  assert.equal(refusals(calls, strict), [{ at: 900, over: 1 }])
})

test('a limiter that counts by the second of the clock is caught at its turn', () => {
  const asks = Array.from({ length: 400 }, (_, index) => 500 + index * 5)
  assert.ok(refusals(byTheSecond(20, [...many(20, 990), ...asks]), strict).length > 0)
})

test('a bucket that processes keep without a lock is caught', () => {
  assert.is(refusals(withoutLock(1, 2_000), bucket).length, 0)
  assert.ok(refusals(withoutLock(4, 2_000), bucket).length > 0)
})

test('a limiter that forgets at a restart what was used is caught', () => {
  const once = [...many(5, 0), 100, 200, 300]
  assert.is(refusals(ones([...once, ...once.map((at) => at + 400)]), bucket).length > 0, true)
})

test('a perfect client can take the burst and the inflow, or the limit in each length', () => {
  assert.is(mostPossible([{ from: 0, until: 10_000 }], [bucket]), 105)
  const two = [
    { from: 0, until: 4_000 },
    { from: 4_200, until: 5_000 },
  ]
  assert.is(mostPossible(two, [bucket]), 5 + 40 + 2 + 8)
  assert.is(mostPossible([{ from: 0, until: 9_900 }], [strict, { limit: 50, per: 2_500, burst: null }]), 200)
})

test.run()
