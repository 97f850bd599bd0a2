import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Desk } from '../../src/testing/desk.js'
import { Keys } from '../../src/testing/keys.js'
import type { ProviderLimits } from '../../src/testing/options.js'
import { compileLimits } from '../../src/testing/rules.js'
import { findViolations } from '../../src/testing/violations.js'
import { simulatedClock } from '../../src/testing.js'
import { ask, cleanUp, open, statuses, until } from './support.js'

test.after.each(cleanUp)

test('every request is recorded with what became of it', async () => {
  const { provider, clock } = await open({
    keys: { 'key-1': { project: 'red' }, 'key-2': {} },
    limits: { requests: { limit: 1, per: 'minute' } },
    latencyMs: 40,
    answer: () => ({ text: 'spam', inputTokens: 9 }),
  })
  const at = clock.now()
  const asked = ask(provider, { prompt: '12345678' })
  await until(() => clock.pending === 1, 'it arrived')
  assert.is(provider.account.requests[0]?.endedAt, null)
  clock.advance(40)
  await asked
  await ask(provider, { prompt: '12345678' })
  await ask(provider, { key: 'key-3' })
  const [first, second, third] = provider.account
  assert.equal(first, {
    at,
    endedAt: at + 40,
    key: 'key-1',
    project: 'red',
    model: 'gpt-fake',
    attempt: 1,
    admitted: true,
    status: 200,
    limit: null,
    fault: null,
    inputTokens: 9,
    outputTokens: 1,
    counted: { inputTokens: 2, outputTokens: 0 },
    order: { arrived: 0, ended: 1 },
  })
  assert.equal([second?.admitted, second?.status, second?.limit, second?.attempt], [false, 429, 'requests/minute', 2])
  assert.equal([third?.admitted, third?.status, third?.limit, third?.key], [false, 401, null, '...'])
  const totals = { requests: 3, admitted: 1, inFlight: 0, byFault: {}, inputTokens: 9, outputTokens: 1 }
  assert.equal(provider.account.totals(), { ...totals, byStatus: { 200: 1, 429: 1, 401: 1 }, byLimit: { 'requests/minute': 1 } })
  assert.is(provider.account.totals({ key: 'key-2' }).requests, 0)
})

test('keys have limits of their own, the keys of a project share them', async () => {
  const keys = { a: { project: 'red' }, b: { project: 'red' }, c: { project: 'blue' } }
  const requests = { limit: 2, per: 'minute' } as const
  const asked = async (limits: ProviderLimits): Promise<number[]> => {
    const { provider } = await open({ keys, limits })
    const all: number[] = []
    for (const key of ['a', 'b', 'c', 'a', 'b', 'c']) all.push(...(await statuses(provider, 1, { key })))
    assert.equal(provider.account.violations(), [])
    return all
  }
  assert.equal(await asked({ requests }), [200, 200, 200, 200, 200, 200])
  assert.equal(await asked({ requests, scope: 'project' }), [200, 200, 200, 429, 429, 200])
})

test('a key that was not given is named by its end, and may be asked for in full', async () => {
  const { provider } = await open()
  const keys = ['sk-first-1234', 'sk-other-1234', 'short']
  for (const key of keys) await ask(provider, { key })
  await ask(provider, { key: keys[1] as string })
  assert.equal(
    provider.account.requests.map(({ key }) => key),
    ['...1234', '...1234#2', '...', '...1234#2'],
  )
  assert.is(provider.account.totals({ key: 'sk-other-1234' }).requests, 2)
  assert.is(provider.account.peak({ per: 'hour', key: '...1234#2' }), 2)
})

test('so many may be under way at once, until the last byte of an answer', async () => {
  const { provider, clock } = await open({ limits: { concurrency: 2 }, latencyMs: 1_000 })
  const asked = [ask(provider), ask(provider)]
  await until(() => clock.pending === 2, 'both arrived')
  const refused = await ask(provider)
  assert.equal([refused.status, refused.headers['retry-after'], refused.body.error.type], [429, '1', 'requests'])
  clock.advance(1_000)
  await Promise.all(asked)
  assert.is(provider.account.requests[2]?.limit, 'concurrency')
  const later = ask(provider)
  await until(() => clock.pending === 1, 'another arrived')
  clock.advance(1_000)
  assert.is((await later).status, 200)
  assert.equal(provider.account.violations(), [])
})

test('the peak is the most in any span, wherever it begins', async () => {
  const { provider, clock } = await open({ answer: () => ({ text: '', inputTokens: 10, outputTokens: 5 }) })
  for (const pause of [0, 30_000, 29_999, 1, 60_000, 59_999]) {
    clock.advance(pause)
    await ask(provider)
  }
  assert.is(provider.account.peak({ per: 'minute' }), 3)
  assert.is(provider.account.peak({ per: 30_000 }), 2)
  assert.is(provider.account.peak({ per: 'minute', unit: 'tokens' }), 45)
  assert.is(provider.account.peak({ per: 'day', unit: 'outputTokens' }), 30)
  assert.is(provider.account.peak({ per: 'minute', key: 'nobody' }), 0)
})

test('utilisation is the share of what a perfect client would have had', async () => {
  const { provider, clock } = await open({
    limits: {
      requests: [
        { limit: 15, per: 'minute', kind: 'bucket', burst: 5 },
        { limit: 22, per: 'day' },
      ],
      tokens: { limit: 400, per: 'minute' },
    },
  })
  const from = clock.now()
  assert.is(provider.account.utilisation(), 0)
  assert.equal(await statuses(provider, 5), [200, 200, 200, 200, 200])
  assert.is(provider.account.utilisation({ from, to: from + 4_000 }), 1)
  // The bucket and what flowed in until then, one of it at 60 s.
  assert.is(provider.account.utilisation({ from, to: from + 60_001 }), 5 / 20)
  assert.is(provider.account.utilisation({ from, to: from + 60_000 }), 5 / 19)
  assert.is(provider.account.utilisation({ from, to: from + 3_600_000 }), 5 / 22, 'the day caps it')
  // Hello and its echo are two tokens each.
  assert.is(provider.account.utilisation({ from, to: from + 60_000, unit: 'tokens' }), 20 / 400)
  clock.advance(60_001)
  assert.is(provider.account.utilisation(), 5 / 20)
  assert.is(provider.account.utilisation({ unit: 'inputTokens' }), 0, 'there is no such limit')
})

test('new limits count what was used before, and reset forgets it', async () => {
  const { provider, clock } = await open({ limits: { requests: { limit: 10, per: 'minute' } }, faults: { kind: 'server-error', times: 1 } })
  assert.equal(await statuses(provider, 4), [500, 200, 200, 200])
  clock.advance(1_000)
  provider.set({ limits: { requests: { limit: 5, per: 'minute' } }, answer: () => 'new' })
  assert.is((await ask(provider)).body.choices[0].message.content, 'new')
  assert.is((await ask(provider)).status, 429)
  provider.set({ limits: { requests: { limit: 2, per: 'minute' } } })
  clock.advance(59_000)
  assert.equal(await statuses(provider, 2), [200, 429])
  assert.equal(provider.account.violations(), [], 'the first four were admitted by the limit of their time')
  provider.retire('key-1')
  provider.reset()
  assert.equal(provider.account.requests, [])
  assert.equal(
    await statuses(provider, 3),
    [500, 200, 429],
    'the fault of the options is there again, the key is back, the limit is the last one',
  )
  assert.is(provider.account.requests[2]?.attempt, 3)
})

test('a request that was under way when the provider was reset leaves no trace', async () => {
  const { provider, clock } = await open({
    limits: { concurrency: 1, outputTokens: { limit: 10, per: 'hour' } },
    latencyMs: 50,
    answer: () => ({ text: '', outputTokens: 9 }),
  })
  const asked = ask(provider)
  await until(() => clock.pending === 1, 'it arrived')
  provider.reset()
  clock.advance(50)
  assert.is((await asked).status, 200)
  assert.equal(provider.account.totals().requests, 0)
  const next = ask(provider)
  await until(() => clock.pending === 1, 'another arrived')
  assert.is((await ask(provider)).status, 429, 'there is one place, not one more')
  clock.advance(50)
  assert.is((await next).status, 200)
})

test('the account keeps as many as it is told, and its totals count all', async () => {
  const { provider } = await open({ keepRequests: 3 })
  for (let count = 0; count < 8; count++) await ask(provider, { prompt: String(count) })
  assert.equal([provider.account.requests.length, provider.account.dropped, provider.account.totals().admitted], [3, 5, 8])
})

test('closing ends what is under way, and a second close is the same', async () => {
  const { provider, clock } = await open({ latencyMs: 1_000 })
  const asked = ask(provider).catch((error: Error) => error.message)
  await until(() => clock.pending === 1, 'it arrived')
  const closed = provider.close()
  assert.is(provider.close(), closed)
  await closed
  assert.is(await asked, 'fetch failed')
  await until(() => provider.account.totals().inFlight === 0, 'it ended')
  assert.is(clock.pending, 0)
})

test('it runs on a fast clock: two days of limits within seconds, by a client that waits as told', async () => {
  const clock = simulatedClock({ speed: 60_000, start: Date.UTC(2025, 0, 15, 22) })
  const { provider } = await open({
    clock,
    limits: {
      requests: [
        { limit: 20, per: 'hour' },
        { limit: 50, per: 'day' },
      ],
    },
  })
  const until = clock.now() + 28 * 3_600_000
  while (clock.now() < until) {
    const { headers } = await ask(provider)
    const wait = Number(headers['retry-after-ms'] ?? 0)
    if (wait > 0) await new Promise<void>((resolve) => clock.after(wait, resolve))
  }
  assert.equal(provider.account.violations(), [])
  assert.is(provider.account.peak({ per: 'hour' }), 20)
  assert.ok(provider.account.totals().byLimit['requests/day UTC'])
})

/** A desk and a clock, without HTTP. */
function desk(limits: ProviderLimits): { desk: Desk; clock: ReturnType<typeof manual> } {
  const clock = manual()
  return { desk: new Desk(clock, new Keys(undefined), 1_000, limits), clock }
}
const manual = () => simulatedClock({ manual: true })

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
      const { desk: one, clock } = desk(limits)
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

test('what was admitted against a limit is found', () => {
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
    const { desk: lax } = desk({})
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
