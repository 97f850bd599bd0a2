import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DroverError } from '../../src/errors.js'
import { validateConfig } from '../../src/options/validate.js'
import { quotas } from '../../src/quotas/presets.js'

/** Calls a preset as types do not allow it. */
function messageOf(name: keyof typeof quotas, limits: unknown): string {
  try {
    ;(quotas[name] as (limits: unknown) => unknown)(limits)
  } catch (error) {
    assert.ok(DroverError.is(error) && error.code === 'ARGUMENT_INVALID', String(error))
    return error.message
  }
  throw new Error('was taken')
}

test("Gemini's day begins at midnight Pacific, and its tokens are those of the input", () => {
  assert.equal(quotas.gemini({ rpm: 10, tpm: 250_000, rpd: 250 }), {
    requests: [
      { limit: 10, per: 'minute' },
      { limit: 250, per: 'day', timeZone: 'America/Los_Angeles' },
    ],
    inputTokens: { limit: 250_000, per: 'minute' },
  })
  assert.equal(quotas.gemini({ rpd: 20, timeZone: 'UTC' }), { requests: { limit: 20, per: 'day', timeZone: 'UTC' } })
})

test("OpenAI's and Groq's days slide", () => {
  const expected = {
    requests: [
      { limit: 500, per: 'minute' },
      { limit: 10_000, per: 86_400_000 },
    ],
    tokens: [
      { limit: 30_000, per: 'minute' },
      { limit: 900_000, per: 86_400_000 },
    ],
  }
  const limits = { rpm: 500, tpm: 30_000, rpd: 10_000, tpd: 900_000 }
  assert.equal(quotas.openai(limits), expected)
  assert.equal(quotas.groq(limits), expected)
  assert.equal(quotas.openai({ rpm: 3 }), { requests: { limit: 3, per: 'minute' } })
})

test("Anthropic's requests are a bucket with a second's share of a minute, unless told", () => {
  assert.equal(quotas.anthropic({ rpm: 50, itpm: 30_000, otpm: 8_000 }), {
    requests: { limit: 50, per: 'minute' },
    inputTokens: { limit: 30_000, per: 'minute' },
    outputTokens: { limit: 8_000, per: 'minute' },
    burst: 1,
  })
  assert.is(quotas.anthropic({ rpm: 4_000 }).burst, 67)
  assert.is(quotas.anthropic({ rpm: 50, burst: 50 }).burst, 50)
  assert.equal(quotas.anthropic({ otpm: 8_000 }), { outputTokens: { limit: 8_000, per: 'minute' } })
})

test('every preset is a valid quota', () => {
  const checked = validateConfig({
    store: ':memory:',
    workers: [],
    quotas: {
      gemini: quotas.gemini({ rpm: 10, tpm: 250_000, rpd: 250 }),
      openai: quotas.openai({ rpm: 500, tpm: 30_000, rpd: 10_000, tpd: 900_000 }),
      anthropic: quotas.anthropic({ rpm: 50, itpm: 30_000, otpm: 8_000 }),
      groq: quotas.groq({ rpm: 30, rpd: 14_400, tpm: 6_000, tpd: 500_000 }),
    },
  })
  assert.ok(checked.ok)
})

test('a mistake is named, with the allowed values', () => {
  assert.is(messageOf('gemini', { rpm: 0 }), 'quotas.gemini: rpm: expected a whole number, at least 1, received 0')
  assert.is(messageOf('openai', { tpm: '30000' }), 'quotas.openai: tpm: expected a whole number, at least 1, received "30000"')
  assert.is(messageOf('groq', { rpm: 1.5 }), 'quotas.groq: rpm: expected a whole number, at least 1, received 1.5')
  assert.is(messageOf('openai', {}), 'quotas.openai: expected an object with at least one of rpm, tpm, rpd, tpd, received an empty object')
  assert.is(messageOf('openai', undefined), 'quotas.openai: expected an object with at least one of rpm, tpm, rpd, tpd, received undefined')
  assert.is(
    messageOf('gemini', { timeZone: 'UTC' }),
    'quotas.gemini: expected an object with at least one of rpm, tpm, rpd, received an object without them',
  )
  assert.is(
    messageOf('anthropic', { itmp: 5 }),
    'quotas.anthropic: itmp is not an option, known here: rpm, itpm, otpm, burst; did you mean itpm?',
  )
  assert.is(
    messageOf('gemini', { rpd: 1, timeZone: 'Pacific' }),
    'quotas.gemini: timeZone: expected an IANA time zone such as America/Los_Angeles, received "Pacific"',
  )
  assert.is(
    messageOf('anthropic', { rpm: 50, burst: 51 }),
    'quotas.anthropic: burst: expected a whole number, 1 to 50, the rpm, received 51',
  )
  assert.is(messageOf('anthropic', { itpm: 50, burst: 5 }), 'quotas.anthropic: burst: expected no value without rpm, received 5')
})

test('a key in the wrong place is not shown', () => {
  // As long as Gemini's, the shortest.
  const key = `AIza${'x'.repeat(35)}`
  assert.not.ok(messageOf('openai', { rpm: key }).includes(key))
  assert.not.ok(messageOf('openai', key).includes(key))
})

test.run()
