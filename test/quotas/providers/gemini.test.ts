import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { observe } from '../../../src/quotas/providers/observe.js'

const byMinute = {
  quotaMetric: 'generativelanguage.googleapis.com/generate_content_free_tier_requests',
  quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
  quotaDimensions: { location: 'global', model: 'gemini-2.0-flash' },
}
const byDay = { ...byMinute, quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }
const input = {
  quotaMetric: 'generativelanguage.googleapis.com/generate_content_free_tier_input_token_count',
  quotaId: 'GenerateContentInputTokensPerModelPerMinute-FreeTier',
  quotaDimensions: { location: 'global', model: 'gemini-2.5-flash' },
  quotaValue: '250000',
}

/** The order of the details differs between answers. */
function refusal(violations: object[], retryDelay: string): { error: object } {
  return {
    error: {
      code: 429,
      message: 'You exceeded your current quota, please check your plan and billing details.',
      status: 'RESOURCE_EXHAUSTED',
      details: [
        { '@type': 'type.googleapis.com/google.rpc.Help', links: [{ url: 'https://ai.google.dev/gemini-api/docs/rate-limits' }] },
        { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay },
      ],
    },
  }
}

/** As @google/genai makes it: no headers, no body, all in the message. */
class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message)
  }
}

test('a limit by minute is handed on with its delay and its limit', () => {
  // https://github.com/RooCodeInc/Roo-Code/issues/3883
  const observation = observe({ status: 429, body: refusal([input], '26s') })
  assert.equal(observation.readings, [{ unit: 'inputTokens', per: 60_000, limit: 250_000, remaining: 0, resetsInMs: 26_000 }])
  assert.ok(observation.refused)
  assert.is(observation.retryAfterMs, 26_000)
  assert.is(observation.counted, null)
  assert.is(observe({ status: 429, body: refusal([input], '36.5s') }).retryAfterMs, 36_500)
})

test('the delay of seconds that comes with a limit by day is not handed on', () => {
  // https://github.com/googleapis/python-genai/issues/2044: all three violated at once, retryDelay 47s
  const observation = observe({ status: 429, body: refusal([byDay, byMinute, { ...input, quotaValue: undefined }], '47s') })
  assert.is(observation.retryAfterMs, null)
  assert.ok(observation.refused)
  assert.equal(observation.readings, [
    { unit: 'requests', per: 'day', limit: null, remaining: 0, resetsInMs: null },
    { unit: 'requests', per: 60_000, limit: null, remaining: 0, resetsInMs: 47_000 },
    { unit: 'inputTokens', per: 60_000, limit: null, remaining: 0, resetsInMs: 47_000 },
  ])
  assert.is(
    observe({ status: 429, headers: { 'retry-after': '36' }, body: refusal([byDay], '36s') }).retryAfterMs,
    null,
    'in a header neither',
  )
})

test("the client's error is read, whichever of its wrappings the body is in", () => {
  const body = refusal([{ ...byDay, quotaValue: '20' }], '36s')
  const text = JSON.stringify(body, null, 2)
  const errors = [
    new ApiError(JSON.stringify(body), 429),
    // https://github.com/continuedev/continue/issues/10066: JSON in the message of JSON
    new ApiError(JSON.stringify({ error: { message: text, code: 429, status: 'Too Many Requests' } }), 429),
    // https://github.com/googleapis/js-genai/issues/1322
    new ApiError(`got status: 429 Too Many Requests. ${JSON.stringify(body)}`, 429),
    // https://github.com/continuedev/continue/issues/8516: in a list of one
    new ApiError(`API Error: ${JSON.stringify([body])}`, 429),
    new Error(JSON.stringify(body)),
    new Error('could not annotate', { cause: new ApiError(text, 429) }),
    { error: new ApiError(text, 429) },
    { status: 429, body: [body] },
    { status: 429, body: text },
  ]
  for (const source of errors) {
    const { readings, refused, retryAfterMs } = observe(source)
    assert.equal(
      { readings, refused, retryAfterMs },
      { readings: [{ unit: 'requests', per: 'day', limit: 20, remaining: 0, resetsInMs: null }], refused: true, retryAfterMs: null },
    )
  }
})

test('an older answer has its limit in ErrorInfo', () => {
  // https://github.com/google-gemini/deprecated-generative-ai-python/issues/206
  const metadata = {
    service: 'generativelanguage.googleapis.com',
    quota_metric: 'generativelanguage.googleapis.com/generate_content_requests',
    quota_location: 'us-west4',
    quota_limit: 'GenerateContentRequestsPerMinutePerProjectPerRegion',
    quota_limit_value: '0',
  }
  const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'RATE_LIMIT_EXCEEDED', metadata }]
  const observation = observe({ body: { error: { code: 429, message: 'Quota exceeded', status: 'RESOURCE_EXHAUSTED', details } } })
  assert.equal(observation.readings, [{ unit: 'requests', per: 60_000, limit: 0, remaining: 0, resetsInMs: null }])
  assert.not.ok(observation.keyRejected)
})

test('a refusal that does not say which limit is a refusal all the same', () => {
  // https://github.com/googleapis/python-genai/issues/2065
  const body = { error: { code: 429, message: 'Resource has been exhausted (e.g. check quota).', status: 'RESOURCE_EXHAUSTED' } }
  const { refused, readings, retryAfterMs } = observe({ body })
  assert.equal({ refused, readings, retryAfterMs }, { refused: true, readings: [], retryAfterMs: null })
  const overloaded = { error: { code: 503, message: 'The model is overloaded. Please try again later.', status: 'UNAVAILABLE' } }
  assert.not.ok(observe({ body: overloaded }).refused)
})

test('no money is no rate limit, though it looks like one', () => {
  // https://discuss.ai.google.dev/t/we-are-getting-an-error-calling-the-gemini-api-error-calling-model-gemini-3-6-flash-resource-exhausted/189883
  // names the case; the sentence is quoted in many repositories.
  const message =
    'Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.'
  const { refused, spent, retryAfterMs } = observe(
    new ApiError(JSON.stringify({ error: { code: 429, message, status: 'RESOURCE_EXHAUSTED' } }), 429),
  )
  assert.equal({ refused, spent, retryAfterMs }, { refused: true, spent: true, retryAfterMs: null })
  assert.not.ok(observe({ status: 429, body: refusal([byMinute], '26s') }).spent)
})

test('a key that is not valid is rejected, though the status is 400', () => {
  // https://github.com/continuedev/continue/issues/9330
  const details = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    },
  ]
  const body = { error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT', details } }
  assert.ok(observe(new ApiError(JSON.stringify(body), 400)).keyRejected)
  const other = { error: { code: 400, message: 'User location is not supported for the API use.', status: 'FAILED_PRECONDITION' } }
  assert.not.ok(observe(new ApiError(JSON.stringify(other), 400)).keyRejected)
})

test('thinking tokens count as output', () => {
  const usageMetadata = { promptTokenCount: 12, candidatesTokenCount: 30, thoughtsTokenCount: 700, totalTokenCount: 742 }
  assert.equal(observe({ status: 200, body: { candidates: [], usageMetadata } }).used, { inputTokens: 12, outputTokens: 730, tokens: 742 })
  // A stream over REST: the last part has it.
  assert.equal(observe({ body: [{ candidates: [] }, { usageMetadata: { promptTokenCount: 12 } }] }).used, { inputTokens: 12, tokens: 12 })
})

test.run()
