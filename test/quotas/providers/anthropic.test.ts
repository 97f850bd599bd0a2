import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { observe } from '../../../src/quotas/providers/observe.js'

// https://github.com/whoz-oss/coday/issues/110
const refusal = {
  'x-should-retry': 'true',
  'anthropic-ratelimit-input-tokens-limit': '200000',
  'anthropic-ratelimit-input-tokens-remaining': '0',
  'anthropic-ratelimit-input-tokens-reset': '2025-06-02T15:15:48Z',
  'anthropic-ratelimit-output-tokens-limit': '80000',
  'anthropic-ratelimit-output-tokens-remaining': '80000',
  'anthropic-ratelimit-output-tokens-reset': '2025-06-02T15:14:45Z',
  'anthropic-ratelimit-requests-limit': '4000',
  'anthropic-ratelimit-requests-remaining': '4000',
  'anthropic-ratelimit-requests-reset': '2025-06-02T15:14:45Z',
  'retry-after': '16',
  'anthropic-ratelimit-tokens-limit': '280000',
  'anthropic-ratelimit-tokens-remaining': '80000',
  'anthropic-ratelimit-tokens-reset': '2025-06-02T15:14:45Z',
}

/** As @anthropic-ai/sdk makes it: `error` is the whole body. */
function sdkError(status: number, type: string, message: string, headers: Record<string, string> = {}): Error {
  const error = { type: 'error', error: { type, message } }
  return Object.assign(new Error(`${status} ${JSON.stringify(error)}`), { status, error, headers: new Headers(headers) })
}

test('input and output tokens are not taken for one another', () => {
  const now = Date.parse('2025-06-02T15:14:45Z')
  const observation = observe(sdkError(429, 'rate_limit_error', 'This request would exceed ...', refusal), { now })
  assert.equal(observation.readings, [
    { unit: 'requests', per: 60_000, limit: 4_000, remaining: 4_000, resetsInMs: 0 },
    { unit: 'tokens', per: 60_000, limit: 280_000, remaining: 80_000, resetsInMs: 0 },
    { unit: 'inputTokens', per: 60_000, limit: 200_000, remaining: 0, resetsInMs: 63_000 },
    { unit: 'outputTokens', per: 60_000, limit: 80_000, remaining: 80_000, resetsInMs: 0 },
  ])
  assert.ok(observation.refused)
  assert.is(observation.retryAfterMs, 16_000)
  assert.is(observation.counted, null, 'whether refused calls count is not said')
})

test("resets are counted from the answer's own date, so that a wrong clock here does not matter", () => {
  // https://github.com/anthropics/anthropic-sdk-typescript/issues/357
  const headers = {
    'anthropic-ratelimit-requests-limit': '5',
    'anthropic-ratelimit-requests-remaining': '0',
    'anthropic-ratelimit-requests-reset': '2024-03-26T20:00:00Z',
    date: 'Tue, 26 Mar 2024 19:59:59 GMT',
  }
  for (const now of [0, Date.parse('2030-01-01T00:00:00Z')]) {
    assert.is(observe({ status: 429, headers }, { now }).readings[0]?.resetsInMs, 1_000)
    assert.is(
      observe({ status: 429, headers: { ...headers, 'retry-after': 'Tue, 26 Mar 2024 20:00:29 GMT' } }, { now }).retryAfterMs,
      30_000,
    )
  }
})

test('a reset that is over or cannot be read does no harm', () => {
  const headers = { 'anthropic-ratelimit-requests-limit': '5', 'anthropic-ratelimit-requests-reset': '2024-03-26T20:00:00Z' }
  assert.is(observe({ headers }, { now: Date.parse('2024-03-26T21:00:00Z') }).readings[0]?.resetsInMs, 0)
  assert.is(observe({ headers: { ...headers, 'anthropic-ratelimit-requests-reset': 'soon' } }).readings[0]?.resetsInMs, null)
})

test('529 is no refusal by a limit', () => {
  // https://github.com/anthropics/claude-code/issues/4250
  assert.not.ok(observe(sdkError(529, 'overloaded_error', 'Overloaded')).refused)
})

test('the key is known to be wrong also from the message alone, as it is after a thread', () => {
  // https://github.com/eyaltoledano/claude-task-master/issues/222
  const message = '401 {"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}'
  assert.ok(observe(new Error(message)).keyRejected)
  assert.ok(observe(sdkError(401, 'authentication_error', 'invalid x-api-key')).keyRejected)
  assert.ok(observe(sdkError(403, 'permission_error', 'Your API key does not have permission to use the specified resource.')).keyRejected)
})

test('no money is no rate limit, whichever status it comes with', () => {
  const errors = [
    // https://www.developersdigest.tech/errors/api/anthropic-api
    sdkError(402, 'billing_error', 'Your payment did not go through'),
    sdkError(400, 'invalid_request_error', 'You have reached your specified API usage limits. You will regain access on ...'),
    sdkError(400, 'invalid_request_error', 'You have reached your specified workspace API usage limits. You will regain access on ...'),
    sdkError(400, 'invalid_request_error', 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing ...'),
  ]
  const details = { error_code: 'enforced_spend_limit_reached' }
  const capped = { status: 429, body: { type: 'error', error: { type: 'rate_limit_error', message: '...', details } } }
  for (const source of [...errors, capped]) {
    const { refused, spent, retryAfterMs } = observe(source)
    assert.equal({ refused, spent, retryAfterMs }, { refused: true, spent: true, retryAfterMs: null })
  }
  assert.not.ok(observe(sdkError(400, 'invalid_request_error', 'max_tokens: Field required')).refused)
})

test('tokens read from the cache do not count as input, tokens written to it do', () => {
  const usage = { input_tokens: 50, cache_creation_input_tokens: 248, cache_read_input_tokens: 100_000, output_tokens: 503 }
  const observation = observe({ status: 200, body: { type: 'message', role: 'assistant', usage } })
  assert.equal(observation.used, { inputTokens: 298, outputTokens: 503, tokens: 801 })
  assert.is(observation.counted, true)
})

test.run()
