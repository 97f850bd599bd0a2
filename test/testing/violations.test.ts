/** The provider's check of itself, without HTTP: it finds nothing in what was admitted, and finds what should not have been. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Admission } from '../../src/testing/admission.js'
import { Keys } from '../../src/testing/keys.js'
import { compileLimits } from '../../src/testing/limits.js'
import type { ProviderLimits } from '../../src/testing/options.js'
import { findViolations } from '../../src/testing/violations.js'
import { type ManualClock, simulatedClock } from '../../src/testing.js'

function open(limits: ProviderLimits): { admission: Admission; clock: ManualClock } {
  const clock = simulatedClock({ manual: true })
  return { admission: new Admission(clock, new Keys(undefined), 1_000, limits), clock }
}

const limit = fc.record({ limit: fc.integer({ min: 2, max: 30 }), per: fc.constantFrom<'second' | 'day' | number>('second', 'day', 700) })
const kinds = fc.constantFrom('sliding', 'fixed', 'bucket')
const anyLimits: fc.Arbitrary<ProviderLimits> = fc
  .record({
    requests: fc.array(fc.tuple(limit, kinds), { maxLength: 2 }),
    inputTokens: fc.array(fc.tuple(limit, kinds), { maxLength: 1 }),
    tokens: fc.array(fc.tuple(limit, kinds), { maxLength: 1 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    scope: fc.constantFrom('key', 'project'),
    countsFailures: fc.boolean(),
  })
  .map(({ requests, inputTokens, tokens, ...rest }) => {
    const made = (all: typeof requests) => all.map(([one, kind]) => (one.per === 'day' ? one : { ...one, kind }))
    return { ...rest, requests: made(requests), inputTokens: made(inputTokens), tokens: made(tokens) } as ProviderLimits
  })
/** Pause, whether the oldest under way ends, key, input, reserved and used output; now and then limits change. */
const step = fc.tuple(fc.nat(300), fc.boolean(), fc.constantFrom('key-1', 'key-2'), fc.integer({ min: 1, max: 3 }), fc.nat(5), fc.nat(5))

test('nothing is ever admitted against a limit, also where answers take less or more than reserved and limits change meanwhile', () => {
  let admitted = 0
  fc.assert(
    fc.property(anyLimits, anyLimits, fc.array(step, { minLength: 80, maxLength: 160 }), (limits, later, steps) => {
      const { admission: one, clock } = open(limits)
      const keys = new Keys(['key-1', 'key-2'])
      const underWay: (() => void)[] = []
      for (const [index, [pause, ends, key, inputTokens, maxOutputTokens, outputTokens]] of steps.entries()) {
        clock.advance(pause)
        if (index === 60) one.setLimits(later)
        if (ends) underWay.shift()?.()
        const verdict = one.arrive({ holder: keys.holder(key), model: 'm', attempt: 1, inputTokens, maxOutputTokens })
        if (!verdict.admitted) continue
        admitted++
        underWay.push(() => verdict.end(200, { inputTokens, outputTokens }))
      }
      const { records, epochs } = one.source
      assert.equal(findViolations(records, epochs), [])
    }),
    { numRuns: 300 },
  )
  assert.ok(admitted > 1_000, `${admitted} were admitted`)
})

test('a request admitted against a limit is found', () => {
  const tight: ProviderLimits[] = [
    { requests: { limit: 4, per: 'minute' } },
    { requests: { limit: 4, per: 'minute', kind: 'fixed' } },
    { requests: { limit: 4, per: 'minute', kind: 'bucket' } },
    { requests: { limit: 5, per: 'minute', kind: 'bucket', burst: 3 } },
    { requests: { limit: 4, per: 'day' } },
    { requests: { limit: 2, per: 'minute' }, scope: 'project' },
    { inputTokens: { limit: 8, per: 'minute' } },
    { tokens: { limit: 12, per: 'minute' } },
    { concurrency: 4 },
  ]
  for (const limits of tight) {
    const { admission: lax } = open({})
    for (let count = 0; count < 5; count++) {
      const holder = { state: 'known', label: limits.scope ? `key-${count}` : 'key-1', project: 'red' } as const
      lax.arrive({ holder, model: 'm', attempt: 1, inputTokens: 2, maxOutputTokens: 1 })
    }
    const found = findViolations(lax.source.records, [{ from: 0, limits: compileLimits(limits) }])
    assert.ok(found.length > 0, JSON.stringify(limits))
    assert.ok(found.every(({ used, allowed }) => used > allowed))
    assert.is(found[0]?.owner, limits.scope ? 'red' : 'key-1')
  }
})

test.run()
