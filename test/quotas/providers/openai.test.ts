import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { observe } from '../../../src/quotas/providers/observe.js'

/** As the openai package makes it: `error` is what stands under `error` in the body. */
class APIError extends Error {
  constructor(
    readonly status: number,
    readonly error: { message: string; type?: string; code?: string | null } | undefined,
    readonly headers: Headers,
  ) {
    super(`${status} ${error?.message ?? 'status code (no body)'}`)
  }
}

test('headers of a good answer give a reading of each limit, with no word on the window', () => {
  // https://github.com/open-webui/open-webui/issues/3743
  const headers = {
    'x-ratelimit-limit-requests': '500',
    'x-ratelimit-limit-tokens': '30000',
    'x-ratelimit-remaining-requests': '499',
    'x-ratelimit-remaining-tokens': '29996',
    'x-ratelimit-reset-requests': '120ms',
    'x-ratelimit-reset-tokens': '8ms',
  }
  assert.equal(observe({ status: 200, headers }), {
    readings: [
      { unit: 'requests', per: null, limit: 500, remaining: 499, resetsInMs: 120 },
      { unit: 'tokens', per: null, limit: 30_000, remaining: 29_996, resetsInMs: 8 },
    ],
    refused: false,
    spent: false,
    retryAfterMs: null,
    keyRejected: false,
    used: null,
    counted: true,
  })
})

test('a refusal without any of the headers is read from its sentence', () => {
  // Headers: https://github.com/openai/openai-node/issues/1477; sentence: https://github.com/earendil-works/pi/issues/2366
  const message =
    'Rate limit reached for gpt-5.4 in organization org-XXX on tokens per min (TPM): Limit 500000, Used 442231, Requested 249686. Please try again in 23.03s. Visit https://platform.openai.com/account/rate-limits to learn more.'
  const headers = new Headers({ date: 'Mon, 21 Apr 2025 19:13:46 GMT', 'openai-version': '2020-10-01' })
  const observation = observe(new APIError(429, { message, type: 'tokens', code: 'rate_limit_exceeded' }, headers))
  assert.ok(observation.refused)
  assert.is(observation.retryAfterMs, 23_030)
  assert.is(observation.counted, true, 'failed requests count')
  assert.equal(observation.readings, [{ unit: 'tokens', per: 60_000, limit: 500_000, remaining: 57_769, resetsInMs: null }])
})

test("the sentence's window is that of the header with the same limit; another limit is another reading", () => {
  // https://github.com/MSU-AI-Agents/fall-2025-course/issues/76: a limit by day that is refilled all the time, so the delay is right.
  const message =
    'Rate limit reached for gpt-3.5-turbo in organization org-x on requests per day (RPD): Limit 10000, Used 10000, Requested 1. Please try again in 8.64s.'
  const error = { message, type: 'requests', code: 'rate_limit_exceeded' }
  const headersOf = (limit: string): Headers =>
    new Headers({ 'x-ratelimit-limit-requests': limit, 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '8.64s' })
  assert.equal(observe(new APIError(429, error, headersOf('10000'))).readings, [
    { unit: 'requests', per: 'day', limit: 10_000, remaining: 0, resetsInMs: 8_640 },
  ])
  assert.equal(observe(new APIError(429, error, headersOf('60'))).readings, [
    { unit: 'requests', per: null, limit: 60, remaining: 0, resetsInMs: 8_640 },
    { unit: 'requests', per: 'day', limit: 10_000, remaining: 0, resetsInMs: null },
  ])
  assert.is(observe(new APIError(429, error, headersOf('60'))).retryAfterMs, 8_640)
})

test('retry-after-ms goes before retry-after, and either before the sentence', () => {
  const error = { message: 'Please try again in 20s', code: 'rate_limit_exceeded' }
  assert.is(observe(new APIError(429, error, new Headers({ 'retry-after-ms': '1234.5', 'retry-after': '2' }))).retryAfterMs, 1_235)
  assert.is(observe(new APIError(429, error, new Headers({ 'retry-after': '2' }))).retryAfterMs, 2_000)
  assert.is(observe(new APIError(429, error, new Headers())).retryAfterMs, 20_000)
})

test('no money is no rate limit: refused, spent, and no delay', () => {
  // https://github.com/OpenHands/OpenHands/issues/998
  const message =
    'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.'
  const codes = [
    'insufficient_quota',
    // https://help.openai.com/en/articles/6614457-troubleshooting-api-usage-and-spend-limits: the type stays insufficient_quota
    'credit_balance_exhausted',
    'organization_usage_limit_exceeded',
    'organization_spend_limit_exceeded',
    'project_spend_limit_exceeded',
  ]
  for (const code of codes) {
    const error = new APIError(429, { message, type: 'insufficient_quota', code }, new Headers({ 'retry-after': '1' }))
    const { refused, spent, retryAfterMs, keyRejected } = observe(error)
    assert.equal(
      { refused, spent, retryAfterMs, keyRejected },
      { refused: true, spent: true, retryAfterMs: null, keyRejected: false },
      code,
    )
  }
  assert.ok(observe(new APIError(429, { message, code: 'project_spend_limit_exceeded' }, new Headers())).spent, 'by its code alone')
})

test('an overloaded service is no refusal by a limit', () => {
  const { refused, retryAfterMs } = observe({
    status: 503,
    headers: { 'retry-after': '5' },
    error: { type: 'service_unavailable_error', code: 'server_is_overloaded', message: 'busy' },
  })
  assert.not.ok(refused)
  assert.is(retryAfterMs, 5_000, 'but it said how long')
})

test('usage is read from chat completions and from the responses API', () => {
  const chat = { object: 'chat.completion', usage: { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 } }
  assert.equal(observe({ status: 200, body: chat }).used, { inputTokens: 19, outputTokens: 10, tokens: 29 })
  const response = {
    object: 'response',
    usage: { input_tokens: 36, input_tokens_details: { cached_tokens: 30 }, output_tokens: 87, total_tokens: 123 },
  }
  assert.equal(observe({ body: JSON.stringify(response) }).used, { inputTokens: 36, outputTokens: 87, tokens: 123 }, 'cached tokens count')
  assert.equal(observe({ body: { object: 'list', usage: { prompt_tokens: 8, total_tokens: 8 } } }).used, { inputTokens: 8, tokens: 8 })
  assert.is(observe({ body: { usage: { prompt_tokens: -1, completion_tokens: '?', total_tokens: null } } }).used, null)
})

test('a limit that is not known (Azure: -1) is no reading', () => {
  // https://github.com/openai/openai-dotnet/issues/838
  const headers = { 'x-ratelimit-limit-tokens': '-1', 'x-ratelimit-remaining-tokens': '-1', 'x-ratelimit-reset-tokens': '0' }
  assert.equal(observe({ status: 429, headers }).readings, [])
})

test('a refused key is distinguished from a refused country and a refused model', () => {
  const wrong = {
    message: 'Incorrect API key provided: sk-x. You can find your API key at ...',
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  }
  assert.ok(observe(new APIError(401, wrong, new Headers())).keyRejected)
  assert.ok(observe({ error: wrong }).keyRejected, 'by its code alone')
  assert.ok(observe({ status: 401 }).keyRejected)
  assert.ok(observe({ status: 403 }).keyRejected)
  // https://github.com/nalgeon/pokitoki/issues/42
  const country = {
    code: 'unsupported_country_region_territory',
    message: 'Country, region, or territory not supported',
    type: 'request_forbidden',
  }
  assert.not.ok(observe(new APIError(403, country, new Headers())).keyRejected)
  const model = {
    code: 'model_not_found',
    message: 'Project `proj_x` does not have access to model `gpt-5`',
    type: 'invalid_request_error',
  }
  assert.not.ok(observe(new APIError(403, model, new Headers())).keyRejected)
  const scope = { message: 'You have insufficient permissions for this operation. Missing scopes: model.request.', type: 'server_error' }
  assert.ok(observe(new APIError(403, scope, new Headers())).keyRejected, "the key's own permission")
  assert.not.ok(observe({ status: 403, headers: { 'content-type': 'text/html; charset=UTF-8' } }).keyRejected, "a firewall's page")
})

test.run()
