import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { observe } from '../../../src/quotas/providers/observe.js'

// https://github.com/Pythagora-io/gpt-pilot/issues/862, which quotes https://console.groq.com/docs/rate-limits
const headers = {
  'x-ratelimit-limit-requests': '14400',
  'x-ratelimit-limit-tokens': '18000',
  'x-ratelimit-remaining-requests': '14370',
  'x-ratelimit-remaining-tokens': '17997',
  'x-ratelimit-reset-requests': '2m59.56s',
  'x-ratelimit-reset-tokens': '7.66s',
}
const requestsByDay = { unit: 'requests', per: 'day', limit: 14_400, remaining: 14_370, resetsInMs: 179_560 }
const tokensByMinute = { unit: 'tokens', per: 60_000, limit: 18_000, remaining: 17_997, resetsInMs: 7_660 }

test("the same names as OpenAI's mean requests by day and tokens by minute", () => {
  for (const source of [
    { status: 200, headers: { ...headers, 'x-groq-region': 'fra' } },
    { status: 200, headers, body: { object: 'chat.completion', x_groq: { id: 'req_01' } } },
  ]) {
    assert.equal(observe(source).readings, [requestsByDay, tokensByMinute])
  }
  assert.equal(observe({ status: 200, headers }, { provider: 'groq' }).readings, [requestsByDay, tokensByMinute], 'when told')
  assert.is(observe({ status: 200, headers }).readings[0]?.per, null, "without a sign of Groq they are OpenAI's")
})

test('a limit that no header tells of is read from the refusal, with its delay', () => {
  // https://github.com/continuedev/continue/issues/10920
  const message =
    'Rate limit reached for model `llama-3.3-70b-versatile` in organization `org_x` service tier `on_demand` on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. Please try again in 9m38.016s. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing'
  const observation = observe({ status: 429, headers, body: { error: { message, type: 'tokens', code: 'rate_limit_exceeded' } } })
  assert.equal(observation.readings, [
    requestsByDay,
    tokensByMinute,
    { unit: 'tokens', per: 'day', limit: 100_000, remaining: 2_950, resetsInMs: null },
  ])
  assert.is(observation.retryAfterMs, 578_016)
  assert.ok(observation.refused)
  assert.is(observation.counted, null)
})

test('cached tokens do not count', () => {
  const usage = { prompt_tokens: 4_641, completion_tokens: 1_817, total_tokens: 6_458, prompt_tokens_details: { cached_tokens: 4_608 } }
  assert.equal(observe({ body: { usage, x_groq: {} } }).used, { inputTokens: 33, outputTokens: 1_817, tokens: 1_850 })
})

test("a firewall's page says nothing about the key", () => {
  // https://github.com/groq/groq-python/issues/125
  assert.not.ok(observe({ status: 403, headers: { 'content-type': 'text/html' } }, { provider: 'groq' }).keyRejected)
  const denied = { error: { message: 'Access denied. Please check your network settings.' } }
  assert.not.ok(observe({ status: 403, body: denied }, { provider: 'groq' }).keyRejected)
})

test.run()
