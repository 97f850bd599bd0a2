import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { emptyObservation, type ObservationSource, providers } from '../../src/quotas/providers/observation.js'
import { observe, observeResponse } from '../../src/quotas/providers/observe.js'

/** As types do not allow it. */
function observeAnything(value: unknown, options?: unknown): ReturnType<typeof observe> {
  return observe(value as ObservationSource, options as undefined)
}

const completion = { object: 'chat.completion', usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }
const headers = { 'content-type': 'application/json', 'x-ratelimit-limit-requests': '500', 'x-ratelimit-remaining-requests': '499' }

test('a response is read with its body, and can still be read by others', async () => {
  const response = new Response(JSON.stringify(completion), { status: 200, headers })
  assert.is(observe(response).used, null, 'without waiting only what the headers say')
  assert.is(observe(response).readings.length, 1)
  const observation = await observeResponse(response)
  assert.equal(observation.used, { inputTokens: 1, outputTokens: 2, tokens: 3 })
  assert.is(observation.readings.length, 1)
  assert.equal(await response.json(), completion)
})

test('usage that no call can have, and waits of years, are not believed', () => {
  const usage = { prompt_tokens: 9e15, completion_tokens: 2, total_tokens: 9e15 }
  assert.equal(observe({ body: { usage } }).used, { outputTokens: 2 })
  for (const wait of ['99999999999', '1e99', '-5', 'Fri, 31 Dec 9999 23:59:59 GMT']) {
    const { refused, retryAfterMs } = observe({ status: 429, headers: { 'retry-after': wait } })
    assert.equal([refused, retryAfterMs], [true, null], wait)
  }
})

test('a body that is used, breaks off, or is a stream is left out', async () => {
  const used = new Response(JSON.stringify(completion), { status: 200, headers })
  await used.text()
  assert.is((await observeResponse(used)).readings.length, 1)

  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) })
  assert.is((await observeResponse(new Response(broken, { status: 429, headers }))).refused, true)

  const endless = new ReadableStream({ pull: () => new Promise(() => {}) })
  const events = new Response(endless, { headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8' } })
  assert.is((await observeResponse(events)).readings.length, 1)

  assert.equal(await observeResponse(null as unknown as Response), emptyObservation())
})

test('headers alone are enough', () => {
  assert.is(observe(new Headers(headers)).readings[0]?.remaining, 499)
})

test('errors of the AI SDK are read, also when it has given up retrying', () => {
  const call = Object.assign(new Error('Too Many Requests'), {
    statusCode: 429,
    responseHeaders: { 'retry-after': '7', 'openai-version': '2020-10-01' },
    responseBody: JSON.stringify({ error: { message: '...', type: 'requests', code: 'rate_limit_exceeded' } }),
  })
  const gaveUp = Object.assign(new Error('Failed after 3 attempts. Last error: Too Many Requests'), { lastError: call, errors: [call] })
  for (const error of [call, gaveUp, new Error('annotate', { cause: new Error('model', { cause: gaveUp }) })]) {
    const { refused, retryAfterMs } = observe(error)
    assert.equal({ refused, retryAfterMs }, { refused: true, retryAfterMs: 7_000 })
  }
  assert.ok(observe(Object.assign(new Error('Unauthorized'), { statusCode: 401, responseBody: '' })).keyRejected)
})

test('the answer that an error carries as its response is read, as axios, ky and got hand it out', () => {
  const answer = {
    status: 429,
    headers: { 'retry-after': '9' },
    data: { error: { message: 'later', type: 'requests', code: 'rate_limit_exceeded' } },
  }
  const config = { headers: { Authorization: 'Bearer sk-secret' } }
  const axios = Object.assign(new Error('Request failed with status code 429'), { code: 'ERR_BAD_REQUEST', config, response: answer })
  const ky = Object.assign(new Error('Too Many Requests'), { response: new Response('', { status: 429, headers: answer.headers }) })
  const got = Object.assign(new Error('Response code 429'), { response: { statusCode: 429, headers: answer.headers, body: '' } })
  for (const error of [axios, ky, got, new Error('annotate', { cause: axios })]) {
    const { refused, retryAfterMs } = observe(error)
    assert.equal({ refused, retryAfterMs }, { refused: true, retryAfterMs: 9_000 })
  }
  const spent = { ...answer, data: { error: { message: 'quota', code: 'insufficient_quota' } } }
  assert.ok(observe(Object.assign(new Error('429'), { response: spent })).spent, 'its body is read too')
  assert.equal(observe({ status: 200, headers, data: completion } as never).used, { inputTokens: 1, outputTokens: 2, tokens: 3 })
})

test('errors around an answer do not hide it', () => {
  const answer = Object.assign(new Error('429'), { status: 429, headers: new Headers({ 'retry-after': '3' }) })
  const outer = Object.assign(new Error('task {"id":1} failed'), { status: 500, cause: answer })
  assert.is(observe(outer).retryAfterMs, 3_000)
  assert.ok(observe(outer).refused)
  const cyclic = new Error('a')
  cyclic.cause = new Error('b', { cause: cyclic })
  assert.equal(observe(cyclic), emptyObservation())
})

test('a provider that is not known is read as far as HTTP goes', () => {
  assert.equal(observe({ status: 429, headers: { 'retry-after': '2' } }), { ...emptyObservation(), refused: true, retryAfterMs: 2_000 })
  assert.equal(observe({ status: 402 }), { ...emptyObservation(), refused: true, spent: true })
})

test('a delay as a date is counted from now where the answer has no date, and is 0 where it is over', () => {
  const now = Date.parse('2026-10-21T07:28:00Z')
  const at = (date: string): number | null => observe({ status: 429, headers: { 'retry-after': date } }, { now }).retryAfterMs
  assert.is(at('Wed, 21 Oct 2026 07:28:30 GMT'), 30_000)
  assert.is(at('Wed, 21 Oct 2026 07:27:00 GMT'), 0)
  assert.is(at('Wed, 21 Oct 2076 07:27:00 GMT'), null, 'no limit is that long')
  assert.is(at('never'), null)
})

test('a value that is not an answer gives an empty observation', () => {
  const circular: Record<string, unknown> = {}
  circular.body = circular
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const throwing = {
    get status(): number {
      throw new Error('no')
    },
  }
  const values = [undefined, null, 0, 'x', Symbol('s'), () => {}, [], {}, new Error('429 it said'), circular, revoked.proxy, throwing]
  for (const value of values) assert.equal(observeAnything(value), emptyObservation())
  assert.equal(observeAnything({ status: 429 }, { provider: 'toString' }).refused, true)
})

const pieces = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSet: true, withTypedArray: true }),
  fc.constantFrom(
    'rate_limit_exceeded',
    'type.googleapis.com/google.rpc.QuotaFailure',
    '6m0s',
    '-1',
    '1e999',
    429,
    401,
    '{"error":{"message":"{"}}',
  ),
)
const names = fc.constantFrom(
  ...['status', 'headers', 'body', 'error', 'message', 'cause', 'code', 'type', 'details', 'violations', 'quotaId', '@type', 'usage'],
  ...['usageMetadata', 'promptTokenCount', 'prompt_tokens', 'retry-after', 'x-ratelimit-limit-tokens', 'anthropic-ratelimit-tokens-limit'],
)
/** Values that look like answers, to any depth. */
const { answer } = fc.letrec((tie) => ({
  answer: fc.oneof(
    { maxDepth: 5 },
    pieces,
    fc.dictionary(names, tie('answer'), { maxKeys: 6 }),
    fc.array(tie('answer'), { maxLength: 3 }),
    fc.dictionary(names, tie('answer'), { maxKeys: 4 }).map((value) => {
      try {
        return JSON.stringify(value)
      } catch {
        return value
      }
    }),
  ),
}))

test('nothing throws, and numbers are whole and not negative, whatever is handed over', () => {
  fc.assert(
    fc.property(answer, fc.option(fc.constantFrom(...providers), { nil: undefined }), (value, provider) => {
      const { readings, retryAfterMs, used } = observeAnything(value, { now: 0, provider })
      const numbers = [retryAfterMs, ...Object.values(used ?? {}), ...readings.flatMap((r) => [r.limit, r.remaining, r.resetsInMs])]
      for (const number of numbers) assert.ok(number === null || (Number.isSafeInteger(number) && number >= 0), `${number}`)
    }),
    { numRuns: 2_000 },
  )
})

test('a header of a secret gets into no observation', () => {
  const secret = 'sk-secret-0123456789'
  const source = {
    status: 401,
    headers: { authorization: `Bearer ${secret}`, 'x-api-key': secret },
    error: { message: `Incorrect API key: ${secret}` },
  }
  assert.not.ok(JSON.stringify(observe(source)).includes(secret))
})

test.run()
