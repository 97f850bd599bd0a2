import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseDuration } from '../../../src/quotas/providers/durations.js'
import { readLimitMessage } from '../../../src/quotas/providers/limit-message.js'
import { readHeaders } from '../../../src/values/headers.js'

const durations: [text: unknown, ms: number | null][] = [
  // https://developers.openai.com/api/docs/guides/rate-limits, https://github.com/open-webui/open-webui/issues/3743
  ['1s', 1_000],
  ['6m0s', 360_000],
  ['120ms', 120],
  ['8ms', 8],
  ['1h2m3.5s', 3_723_500],
  // https://console.groq.com/docs/rate-limits, https://github.com/openinterpreter/openinterpreter/issues/408
  ['2m59.56s', 179_560],
  ['7.66s', 7_660],
  ['6.780999999s', 6_781],
  // Gemini's RetryInfo
  ['36s', 36_000],
  ['36.5s', 36_500],
  ['0s', 0],
  // Seconds: retry-after, and Azure's resets
  ['16', 16_000],
  ['0', 0],
  ['1.5', 1_500],
  ['499.5µs', 1],
  ['2d1h', 176_400_000],
  [' 1s ', 1_000],
  // Longer than any limit: a mistake.
  ['32d', null],
  ['1e9', null],
  ['99999999999999999999s', null],
  ['', null],
  ['-1', null],
  ['s', null],
  ['1x', null],
  ['1s 2s', null],
  ['1.s', null],
  ['Infinity', null],
  [36, null],
  [null, null],
]

for (const [text, ms] of durations) {
  test(`a duration of ${JSON.stringify(text)} is ${ms === null ? 'none' : `${ms} ms`}`, () => {
    assert.is(parseDuration(text), ms)
  })
}

test('a duration is a whole number of milliseconds, or none, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.dhmsuµn ') }), (text) => {
      const ms = parseDuration(text)
      assert.ok(ms === null || (Number.isSafeInteger(ms) && ms >= 0 && !Object.is(ms, -0)))
    }),
  )
})

test('headers are the same in every form', () => {
  const forms = [
    new Headers({ 'Retry-After': '2', 'x-two': 'a' }),
    { 'Retry-After': '2', 'x-two': ['a', 'b'], 'x-none': undefined },
    [
      ['RETRY-AFTER', '2'],
      ['X-Two', 'a'],
    ],
    new Map([
      ['retry-after', '2'],
      ['x-two', 'a'],
    ]),
  ]
  for (const form of forms) {
    const headers = readHeaders(form)
    assert.is(headers.get('retry-after'), '2')
    assert.is(headers.get('x-two'), 'a')
    assert.is(headers.size, 2)
  }
  for (const none of [null, undefined, 'retry-after: 2', 7, [1, null, 'ab'], { a: 1 }]) assert.is(readHeaders(none).size, 0)
})

test("a refusal's sentence tells limit, window, what is left and when to try again", () => {
  // https://github.com/feder-cr/invisible_playwright_mcp/issues/109
  assert.equal(
    readLimitMessage(
      'Rate limit reached for gpt-4o-mini in organization org-xxxxxxxxx on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s. Visit https://platform.openai.com/account/rate-limits to learn more.',
    ),
    { reading: { unit: 'requests', per: 'day', limit: 200, remaining: 0, resetsInMs: null }, retryAfterMs: 432_000 },
  )
  // https://github.com/danielmiessler/Fabric/issues/364
  assert.equal(
    readLimitMessage(
      'Rate limit reached for model `llama3-70b-8192` in organization `org_x` on tokens per minute (TPM): Limit 7000, Used 0, Requested ~12903. Please try again in 50.597142857s. Visit https://console.groq.com/docs/rate-limits for more information.',
    ),
    { reading: { unit: 'tokens', per: 60_000, limit: 7_000, remaining: 7_000, resetsInMs: null }, retryAfterMs: 50_598 },
  )
  // A request that can never be granted: to wait does not help, and nothing says how long.
  assert.equal(
    readLimitMessage(
      'Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 42466. The input or output tokens must be reduced in order to run successfully.',
    ),
    { reading: { unit: 'tokens', per: 60_000, limit: 30_000, remaining: null, resetsInMs: null }, retryAfterMs: null },
  )
  assert.equal(readLimitMessage('Incorrect API key provided'), { reading: null, retryAfterMs: null })
})

test.run()
