import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DroverError } from '../../src/errors.js'
import { fakeProvider } from '../../src/testing.js'
import { cleanUp, open } from './support.js'

test.after.each(cleanUp)

const perDay = { limit: 1, per: 'day' }

test('every mistake in the options is named, with what is allowed', async () => {
  const cases: [options: object, message: string | RegExp][] = [
    [{ latency: 40 }, 'fakeProvider: latency is not an option; did you mean latencyMs?'],
    [{ latencyMs: -1 }, 'latencyMs expected milliseconds, at least 0, or a function, received -1'],
    [{ flavor: 'gemni' }, "flavor expected one of 'openai', 'groq', 'gemini', received \"gemni\"; did you mean 'gemini'?"],
    [{ limits: { requests: { limit: 0, per: 'minute' } } }, 'limits.requests.limit expected a whole number, at least 1, received 0'],
    [{ limits: { requests: [{ limit: 1, per: 'minute' }, { limit: 1 }] } }, /limits\.requests\[1\]\.per expected 'second', 'minute'/],
    [{ limits: { request: perDay } }, 'limits.request is not an option; did you mean requests?'],
    [{ limits: { requests: { ...perDay, kind: 'bucket' } } }, 'limits.requests.kind expected no value, because a day is a calendar period'],
    [{ limits: { requests: { ...perDay, timeZone: 'Mars' } } }, 'limits.requests.timeZone expected an IANA time zone'],
    [
      { limits: { tokens: { limit: 1, per: 'hour', timeZone: 'UTC' } } },
      'limits.tokens.timeZone expected no value, because only a day or a month',
    ],
    [
      { limits: { tokens: { limit: 1, per: 'hour', burst: 2 } } },
      "limits.tokens.burst expected no value, because only a limit of kind 'bucket'",
    ],
    [{ limits: { concurrency: 0 } }, 'limits.concurrency expected a whole number, at least 1, received 0'],
    [{ faults: [{ kind: 'timeout' }] }, 'faults[0] expected at least one of rate, times and when'],
    [{ faults: { kind: 'timeot', times: 1 } }, "did you mean 'timeout'?"],
    [{ faults: { kind: 'timeout', rate: 2 } }, 'faults.rate expected a number, 0 to 1, received 2'],
    [{ clock: Date }, 'clock expected a clock, such as simulatedClock() makes'],
    [{ keys: 'sk-1' }, 'keys expected a list of keys, or an object of { project } by key'],
    [{ port: 70_000, keepRequests: 0 }, /keepRequests .*; port .*|port .*; keepRequests .*/],
  ]
  for (const [options, message] of cases) {
    const error = await fakeProvider(options).then(
      (provider) => provider.close(),
      (thrown: unknown) => thrown,
    )
    assert.ok(DroverError.is(error) && error.code === 'ARGUMENT_INVALID', JSON.stringify(options))
    assert.match(error.message, message)
  }
})

test('a mistake at a key does not show it', async () => {
  for (const keys of [
    { 'sk-very-secret-1234': { projct: 'a' } },
    { 'sk-very-secret-1234': 'red' },
    ['', 'sk-very-secret'],
    [{ key: 'sk-very-secret' }],
  ]) {
    const error = (await fakeProvider({ keys } as never).catch((thrown: unknown) => thrown)) as Error
    assert.ok(DroverError.is(error))
    assert.match(error.message, 'keys')
    assert.not.match(error.message, 'very-secret')
  }
})

test('changes while it runs are checked in the same way, and an invalid one changes nothing', async () => {
  const { provider } = await open()
  assert.throws(() => provider.inject({ kind: 'html' }), 'provider.inject: expected at least one of rate, times and when')
  assert.throws(() => provider.set({ limits: { concurrency: 1.5 } }), 'provider.set: limits.concurrency expected a whole number')
  assert.throws(() => provider.set({ clock: null } as never), 'provider.set: clock is not an option')
})

test('a port that is taken is an error', async () => {
  const { provider } = await open()
  const error = await fakeProvider({ port: Number(new URL(provider.url).port) }).catch((thrown: NodeJS.ErrnoException) => thrown.code)
  assert.is(error, 'EADDRINUSE')
})

test.run()
