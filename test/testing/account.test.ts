import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ProviderLimits } from '../../src/testing/options.js'
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

test('the account keeps the given number of requests, and its totals count all', async () => {
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

test('on a fast clock a client that waits as told is admitted whenever it comes back, for more than a day', async () => {
  const clock = simulatedClock({ speed: 60_000, start: Date.UTC(2025, 0, 15, 22) })
  const limits: ProviderLimits = {
    requests: [
      { limit: 3, per: 'hour' },
      { limit: 8, per: 'day' },
    ],
  }
  const { provider } = await open({ clock, limits })
  let waited = false
  for (const end = clock.now() + 28 * 3_600_000; clock.now() < end; ) {
    const { status, headers } = await ask(provider)
    assert.ok(status === 200 || !waited, 'refused after it had waited as told')
    waited = status === 429
    if (waited) await new Promise<void>((resolve) => clock.after(Number(headers['retry-after-ms']), resolve))
  }
  assert.equal(provider.account.violations(), [])
  assert.ok(provider.account.peak({ per: 'hour' }) <= 3)
  assert.ok(provider.account.totals().byLimit['requests/day UTC'])
})

test('a perfect client is never refused, and its utilisation is 1', async () => {
  const limits: ProviderLimits = { requests: { limit: 15, per: 'minute', kind: 'bucket', burst: 5 } }
  const { provider, clock } = await open({ limits })
  assert.equal(await statuses(provider, 5), Array(5).fill(200))
  for (let count = 0; count < 40; count++) {
    clock.advance(4_000)
    assert.is((await ask(provider)).status, 200)
  }
  assert.is(provider.account.utilisation({ to: clock.now() + 1 }), 1)
  assert.is(provider.account.peak({ per: 'minute' }), 19)
})

test('of requests that come together exactly as many are admitted as there is room for', async () => {
  const { provider } = await open({
    limits: { requests: { limit: 15, per: 'minute' }, tokens: { limit: 1_000, per: 'minute' } },
    latencyMs: 0,
  })
  const all = await Promise.all(Array.from({ length: 60 }, (_, index) => ask(provider, { prompt: String(index) })))
  assert.is(all.filter(({ status }) => status === 200).length, 15)
  assert.equal(provider.account.totals().byStatus, { 200: 15, 429: 45 })
  assert.equal(provider.account.violations(), [])
})

test.run()
