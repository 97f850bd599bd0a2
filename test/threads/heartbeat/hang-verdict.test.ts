import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seededRandom } from '../../../src/testing/seeded-random.js'
import type { BeatReading, ThreadPhase } from '../../../src/threads/heartbeat/beats.js'
import { beginWatch, patience, scan } from '../../../src/threads/heartbeat/hang-verdict.js'
import { type Load, watchUnder } from '../../support/simulated-load.js'

const limits = { timeoutMs: 1_000, progressTimeoutMs: 5_000 }
function reading(beats: number, progress: number, phase: ThreadPhase = 'working', extendMs = 0): BeatReading {
  return { beats, progress, phase, extendMs, done: 0, heapUsed: 0, idleMs: 0, tid: 0 }
}

test('a thread is stuck once its silence is longer than the timeout, not before', () => {
  const watch = beginWatch(reading(1, 0), 0)
  for (let i = 0; i < 4; i++) assert.is(scan(watch, reading(1, 0), 250, limits, 0), null)
  assert.is(scan(watch, reading(1, 0), 250, limits, 0)?.kind, 'heartbeat-lost')
})

test('beats without progress are a stall while working, and none while waiting or paused', () => {
  for (const [phase, verdict] of [
    ['working', 'progress-stalled'],
    ['waiting', undefined],
    ['paused', undefined],
  ] as const) {
    const watch = beginWatch(reading(0, 0), 0)
    let last: string | undefined
    for (let i = 1; i <= 21; i++) last = scan(watch, reading(i, 0, phase), 250, limits, 0)?.kind
    assert.is(last, verdict, phase)
  }
})

test('progress counts as a sign of life, and ends a stall', () => {
  const watch = beginWatch(reading(0, 0), 0)
  for (let i = 1; i <= 100; i++) assert.is(scan(watch, reading(0, i), 900, limits, 0), null)
})

test('a worker that asked for more time gets it, for beats and for progress', () => {
  const watch = beginWatch(reading(0, 0), 0)
  for (let i = 1; i <= 40; i++) assert.is(scan(watch, reading(0, 0, 'working', 10_000), 250, limits, 0), null)
  assert.is(scan(watch, reading(0, 0, 'working', 10_000), 250, limits, 0)?.kind, 'heartbeat-lost')
})

test('a thread that waited for a core all the time is stuck after twenty times the timeout, not before', () => {
  const watch = beginWatch(reading(1, 0), 70)
  for (let i = 1; i <= 80; i++) assert.is(scan(watch, reading(1, 0, 'waiting'), 250, limits, 70 + i * 250), null)
  assert.is(scan(watch, reading(1, 0, 'waiting'), 250, limits, 70 + 81 * 250)?.kind, 'heartbeat-lost')
})

/** Half an hour of load, with the default limits or short ones. */
const load = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  timing: fc.constantFrom(
    { beatEveryMs: 30_000, scanEveryMs: 1_000, limits: { timeoutMs: 120_000, progressTimeoutMs: 300_000 } },
    { beatEveryMs: 500, scanEveryMs: 250, limits: { timeoutMs: 2_000, progressTimeoutMs: 300_000 } },
    { beatEveryMs: 500, scanEveryMs: 250, limits: { timeoutMs: 2_000, progressTimeoutMs: 10_000 } },
  ),
})
const runs = Number(process.env.FC_RUNS ?? 40)

test('in half an hour of load no thread is called stuck whose beats are late only by what it was starved of', () => {
  let longestGapMs = 0
  const property = fc.property(load, ({ seed, timing }) => {
    const seen = watchUnder({ ...timing, random: seededRandom(seed), minutes: 30, hang: null })
    assert.is(seen.verdict, null)
    longestGapMs = Math.max(longestGapMs, seen.longestGapMs / timing.limits.timeoutMs)
  })
  fc.assert(property, { numRuns: runs })
  assert.ok(longestGapMs > 2, `no beat was ever late: the longest gap was ${longestGapMs} timeouts`)
})

test('a thread that hangs is called stuck by its limit in scans if it sleeps, by twenty times that if it was starved', () => {
  const hang = fc.record({ afterMs: fc.integer({ min: 0, max: 1_200_000 }), how: fc.constantFrom('spins' as const, 'sleeps' as const) })
  const property = fc.property(load, hang, ({ seed, timing }, hang) => {
    // Long enough for the slowest verdict, however late the scans.
    const plan: Load = { ...timing, random: seededRandom(seed), minutes: 600, hang }
    const seen = watchUnder(plan)
    assert.ok(seen.verdict, 'it was not found')
    const limitMs = timing.limits.timeoutMs * (hang.how === 'sleeps' ? 1 : patience)
    assert.ok(seen.scans <= limitMs / timing.scanEveryMs + 2, `${hang.how}: found after ${seen.scans} scans`)
  })
  fc.assert(property, { numRuns: runs })
})

test.run()
