import assert from 'node:assert/strict'
import { test } from 'uvu'
import type { QuotaReport } from '../../../src/actors/system/quota-report.js'
import type { SystemSums } from '../../../src/actors/system/status.js'
import { presentOverview } from '../../../src/http/present/overview.js'
import { type Counted, Tally } from '../../../src/http/present/tally.js'
import { seededRandom } from '../../../src/testing/seeded-random.js'

const states = ['idle', 'running', 'parked', 'stuck', 'crashed', 'backoff', 'blacklisted', 'completed'] as const
const choices = [[], ['a'], ['a', 'b'], ['c']]
/** `b` is within `c`. */
const reports = ['a', 'b', 'c'].map(
  (name) => ({ name, within: name === 'b' ? ['c'] : [], retired: null, backlog: { tasks: 0, doneAt: null } }) as unknown as QuotaReport,
)

function worker(id: string, pick: (below: number) => number): Counted {
  const isDown = pick(5) === 0
  return {
    id,
    quotas: choices[pick(choices.length)] as string[],
    state: states[pick(states.length)] as Counted['state'],
    reason: `reason ${pick(3)}`,
    progress: pick(4) === 0 ? null : { done: pick(10), dead: pick(2), total: 20, leased: 0, retrying: 0 },
    ratePerMinute: pick(3) * 1.5,
    breaker: isDown ? ({ error: { message: 'no' } } as Counted['breaker']) : null,
    until: pick(2) === 0 ? null : pick(1_000),
    heldBy: pick(6) === 0 ? { pid: 1, hostname: 'other', since: 0 } : null,
  }
}

/** All that is shown of a tally. */
function shown(tally: Tally): object {
  const totals = tally.totals
  const sums = { state: 'open', ...totals, etaMs: null, slots: {} } as unknown as SystemSums
  const quotas = tally.quotas(reports)
  return { ...presentOverview(sums, tally, [], quotas, 0), quotas }
}

test('a tally that was kept through thousands of changes says the same as one that is made at the end', () => {
  const random = seededRandom(7)
  const pick = (below: number): number => Math.floor(random() * below)
  const workers = new Map<string, Counted>()
  const kept = new Tally(() => workers.keys())
  for (let step = 0; step < 4_000; step++) {
    const id = `w${pick(60)}`
    if (pick(12) === 0) {
      workers.delete(id)
      kept.delete(id)
    } else {
      workers.set(id, worker(id, pick))
      kept.set(workers.get(id) as Counted)
    }
    if (step % 100 !== 0) continue
    const fresh = new Tally()
    for (const each of workers.values()) fresh.set(each)
    assert.deepEqual(shown(kept), shown(fresh), `after ${step} changes`)
  }
})

test('after one change among 5,000 the others are not read again, and who takes from a quota is the same list', () => {
  let reads = 0
  const counted = (state: Counted['state'], n: number): Counted => {
    const plain = { ...worker(`w${n}`, () => 1), state }
    return new Proxy(plain, {
      get: (target, field) => {
        reads++
        return Reflect.get(target, field)
      },
    })
  }
  const tally = new Tally()
  for (let n = 0; n < 5_000; n++) tally.set(counted('idle', n))
  const before = tally.quotas(reports)
  reads = 0
  tally.set(counted('running', 77))
  const after = tally.quotas(reports)
  shown(tally)
  assert.ok(reads < 200, `${reads} fields were read`)
  assert.equal(after[0]?.workers, before[0]?.workers)
  assert.equal(after[0]?.workers.length, 5_000)
})

test.run()
