/** Headers and error bodies, letter by letter where clients read them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { goDuration } from '../../src/testing/flavors/flavor.js'
import { simulatedClock } from '../../src/testing.js'
import { ask, chatPath, cleanUp, geminiPath, open, statuses } from './support.js'

test.after.each(cleanUp)

const day = { limit: 3, per: 'day', timeZone: 'America/Los_Angeles' } as const

/** The headers that tell of limits. */
function rates(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-ratelimit') || name.startsWith('retry-after')))
}

test('OpenAI tells of the shortest window of requests and of tokens, and when all of it is free again', async () => {
  const { provider, clock } = await open({
    limits: {
      requests: [
        { limit: 10_000, per: 'day' },
        { limit: 4, per: 'minute', kind: 'bucket' },
      ],
      tokens: { limit: 300, per: 'minute' },
    },
  })
  const first = await ask(provider, { body: { model: 'm', max_tokens: 98, messages: [{ role: 'user', content: '12345678' }] } })
  assert.equal(rates(first.headers), {
    'x-ratelimit-limit-requests': '4',
    'x-ratelimit-remaining-requests': '3',
    'x-ratelimit-reset-requests': '15s',
    'x-ratelimit-limit-tokens': '300',
    'x-ratelimit-remaining-tokens': '200',
    'x-ratelimit-reset-tokens': '1m0s',
  })
  clock.advance(14_880)
  const { headers } = await ask(provider, { prompt: '' })
  assert.is(headers['x-ratelimit-reset-requests'], '15.12s')
  assert.is(headers['x-ratelimit-remaining-tokens'], '296', 'two were answered of the 98 that were reserved')
})

test('OpenAI refuses with the limit, how long to wait in words and in two headers', async () => {
  const { provider, clock } = await open({
    limits: { requests: { limit: 3, per: 'minute', kind: 'bucket' }, tokens: { limit: 500, per: 'minute' } },
  })
  assert.equal(await statuses(provider, 3), [200, 200, 200])
  clock.advance(100)
  const { status, headers, body } = await ask(provider)
  assert.is(status, 429)
  assert.equal(body, {
    error: {
      message:
        'Rate limit reached for gpt-fake in organization org-fake on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in ' +
        '19.9s. Visit https://platform.openai.com/account/rate-limits to learn more.',
      type: 'requests',
      param: null,
      code: 'rate_limit_exceeded',
    },
  })
  assert.is(headers['retry-after'], '20')
  assert.is(headers['retry-after-ms'], '19900')
  assert.is(headers['x-ratelimit-remaining-requests'], '0')
  clock.advance(20_000)
  const tokens = await ask(provider, { prompt: 'x'.repeat(1_960) })
  assert.is(tokens.body.error.type, 'tokens')
  assert.match(tokens.body.error.message, /on tokens per min \(TPM\): Limit 500, Used 12, Requested 490\. Please try again in 39\.9s/)
  const huge = await ask(provider, { prompt: 'x'.repeat(4_000) })
  assert.match(
    huge.body.error.message,
    /^Request too large for gpt-fake .*Limit 500, Requested 1000\. The input or output tokens must be reduced/,
  )
  assert.is(huge.headers['retry-after'], undefined)
})

test('a spent day is a long wait, or an end where the option says so', async () => {
  const limits = { requests: day }
  const { provider } = await open({ limits })
  assert.equal(await statuses(provider, 3), [200, 200, 200])
  const wait = await ask(provider)
  assert.is(wait.body.error.code, 'rate_limit_exceeded')
  // Midnight of California is at 8:00 UTC.
  assert.is(wait.headers['retry-after'], String(20 * 3_600))
  assert.match(wait.body.error.message, 'requests per day (RPD)')
  const { provider: other } = await open({ limits, insufficientQuota: true })
  await statuses(other, 3)
  const end = await ask(other)
  assert.is(end.status, 429)
  assert.is(end.body.error.code, 'insufficient_quota')
  assert.is(end.headers['retry-after'], undefined)
})

test('a day on which clocks change is waited for as long as it is', async () => {
  for (const [midnight, hours] of [
    [Date.UTC(2025, 2, 9, 8), 23],
    [Date.UTC(2025, 10, 2, 7), 25],
  ] as const) {
    const clock = simulatedClock({ manual: true, start: midnight })
    const { provider } = await open({ clock, limits: { requests: day } })
    assert.equal(await statuses(provider, 3), [200, 200, 200])
    assert.is((await ask(provider)).headers['retry-after'], String(hours * 3_600))
    clock.advance(hours * 3_600_000 - 1)
    assert.is((await ask(provider)).headers['retry-after-ms'], '1')
    clock.advance(1)
    assert.is((await ask(provider)).status, 200)
  }
})

test("Groq's headers of requests are those of the day, and it knows no milliseconds", async () => {
  const { provider } = await open({
    flavor: 'groq',
    limits: { requests: [{ limit: 1, per: 'minute' }, day], tokens: { limit: 90, per: 'minute' } },
  })
  const { headers } = await ask(provider)
  assert.equal(rates(headers), {
    'x-ratelimit-limit-requests': '3',
    'x-ratelimit-remaining-requests': '2',
    'x-ratelimit-reset-requests': '20h0m0s',
    'x-ratelimit-limit-tokens': '90',
    'x-ratelimit-remaining-tokens': '88',
    'x-ratelimit-reset-tokens': '1m0s',
  })
  const refused = await ask(provider)
  assert.is(refused.status, 429)
  assert.is(refused.headers['retry-after'], '60')
  assert.is(refused.headers['retry-after-ms'], undefined)
  assert.is((await ask(provider, { prompt: 'x'.repeat(400) })).status, 413)
})

test('Gemini has no headers, and names every limit in its details', async () => {
  const limits = {
    requests: [{ limit: 2, per: 'minute' } as const, { ...day, limit: 2 }],
    inputTokens: { limit: 4, per: 'minute' } as const,
  }
  const { provider, clock } = await open({ flavor: 'gemini', limits })
  clock.advance(24_000)
  const { headers } = await ask(provider, { path: geminiPath })
  assert.equal(rates(headers), {})
  await ask(provider, { path: geminiPath })
  const { status, headers: refusedHeaders, body } = await ask(provider, { path: geminiPath })
  assert.is(status, 429)
  assert.equal(rates(refusedHeaders), {})
  const { code, status: name, message, details } = body.error
  assert.equal([code, name], [429, 'RESOURCE_EXHAUSTED'])
  assert.match(message, /^You exceeded your current quota.*\n\* Quota exceeded for metric: .*Please retry in 60s\.$/s)
  assert.equal(
    details.map((detail: { '@type': string }) => detail['@type']),
    ['QuotaFailure', 'Help', 'RetryInfo'].map((type) => `type.googleapis.com/google.rpc.${type}`),
  )
  const dimensions = { location: 'global', model: 'gemini-flash' }
  const metric = 'generativelanguage.googleapis.com/generate_content_free_tier'
  assert.equal(details[0].violations, [
    {
      quotaMetric: `${metric}_requests`,
      quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier',
      quotaDimensions: dimensions,
      quotaValue: '2',
    },
    {
      quotaMetric: `${metric}_requests`,
      quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
      quotaDimensions: dimensions,
      quotaValue: '2',
    },
    {
      quotaMetric: `${metric}_input_token_count`,
      quotaId: 'GenerateContentInputTokensPerModelPerMinute-FreeTier',
      quotaDimensions: dimensions,
      quotaValue: '4',
    },
  ])
  clock.advance(60_000)
  const spent = await ask(provider, { path: geminiPath })
  assert.equal(spent.body.error.details[0].violations.length, 1)
  assert.is(spent.body.error.details[2].retryDelay, '36s', 'the day is spent, and it says to retry with the next minute all the same')
})

test('an unknown or retired key is refused in words of the flavor that do not hold the key', async () => {
  const secret = 'sk-very-secret-1234'
  const cases = [
    { flavor: 'openai', path: chatPath, unknown: [401, 'Incorrect API key provided: ...1234'], none: 401, code: 'invalid_api_key' },
    { flavor: 'gemini', path: geminiPath, unknown: [400, 'API key not valid'], none: 403, code: 400 },
  ] as const
  for (const { flavor, path, unknown, none, code } of cases) {
    const { provider } = await open({ flavor, keys: ['key-1'] })
    const refused = await ask(provider, { path, key: secret })
    assert.is(refused.status, unknown[0])
    assert.match(refused.body.error.message, unknown[1])
    assert.is(refused.body.error.code, code)
    assert.is((await ask(provider, { path, key: null })).status, none)
    provider.retire('key-1')
    assert.is((await ask(provider, { path })).status, 403)
    const said = JSON.stringify([refused, provider.account.requests, provider.account.totals()])
    assert.not.match(said, 'very-secret')
    assert.equal(
      provider.account.requests.map(({ key, admitted }) => [key, admitted]),
      [
        ['...1234', false],
        ['none', false],
        ['key-1', false],
      ],
    )
  }
})

test('an invalid request is refused as such, and takes nothing', async () => {
  const { provider } = await open({ limits: { requests: { limit: 1, per: 'day' } } })
  for (const body of [
    '{',
    '[]',
    '{"model":"m"}',
    '{"messages":[{"role":"user","content":"x"}]}',
    { model: 'm', messages: [{ role: 1 }] },
  ]) {
    const { status, body: told } = await ask(provider, { body })
    assert.is(status, 400)
    assert.is(told.error.type, 'invalid_request_error')
  }
  for (const body of [{}, { contents: [] }, { contents: ['x'] }]) assert.is((await ask(provider, { body, path: geminiPath })).status, 400)
  assert.is((await ask(provider, { path: '/v2/anything' })).status, 404)
  assert.is((await ask(provider, { path: '//' })).status, 404)
  assert.is((await ask(provider)).status, 200)
})

test('times are written as Go writes them', () => {
  const written = [0, 0.2, 120, 999, 1_000, 8_640, 59_999, 60_000, 360_000, 86_399_000].map(goDuration)
  assert.equal(written, ['0s', '1ms', '120ms', '999ms', '1s', '8.64s', '59.999s', '1m0s', '6m0s', '23h59m59s'])
})

test.run()
