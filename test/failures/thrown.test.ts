import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DroverError, toErrorRecord } from '../../src/errors.js'
import { createRedactor } from '../../src/redact.js'

test('texts of an error are bounded, its stack keeps its frames, and it does not repeat a long message', () => {
  const long = 'x'.repeat(3_000_000)
  const { message, stack, cause } = toErrorRecord(new Error(long, { cause: new Error(long) }))
  assert.match(message, /^x{16384} \[2983616 more characters\]$/)
  assert.match(stack ?? '', /^Error: \(3000000 characters\)\n +at .*thrown\.test\.ts/)
  assert.ok((cause?.message.length ?? 0) < 5_000)
  let chain: Error = new Error(long)
  for (let n = 0; n < 100; n++) chain = new Error(long, { cause: chain })
  assert.ok(JSON.stringify(toErrorRecord(chain)).length < 80_000)
  assert.ok(JSON.stringify(toErrorRecord(new DroverError('CLOSED', 'x', { details: { long } }))).length < 40_000)
})

test('a secret at the place where a text is cut is struck out as a whole', () => {
  const secret = 'sk-0123456789abcdef'
  const redact = createRedactor([secret])
  for (const before of [16_384 - 8, 990]) {
    const error = new Error(`${'x'.repeat(before)}${secret} and more ${'y'.repeat(20_000)}`, {
      cause: new Error(`${'x'.repeat(4_090)}${secret}`),
    })
    Object.assign(error, { name: `Error of ${secret}`, code: `E-${secret}` })
    assert.not.match(JSON.stringify(toErrorRecord(error, redact)), /sk-01/)
  }
})

test('of the answer that an error is about its status and its limits are kept, and nothing of the request', () => {
  const headers = { 'Retry-After': '7', 'x-ratelimit-remaining-tokens': '0', 'set-cookie': 'session=secret', 'x-request-id': 'r-1' }
  const config = { headers: { Authorization: 'Bearer sk-secret' }, data: '{"prompt":"sk-secret"}' }
  const axios = Object.assign(new Error('Request failed with status code 429'), {
    config,
    request: { headers: config.headers },
    response: { status: 429, headers, data: {}, config },
    toJSON: () => ({ message: '429', config }),
  })
  const record = toErrorRecord(axios)
  assert.equal(record.details, {
    status: 429,
    headers: { 'retry-after': '7', 'x-ratelimit-remaining-tokens': '0', 'x-request-id': 'r-1' },
  })
  assert.not.match(JSON.stringify(record), /secret/)
  assert.equal(toErrorRecord(Object.assign(new Error('no'), { status: 503 })).details, { status: 503 })
  assert.is(toErrorRecord(Object.assign(new Error('no'), { status: 'ready' })).details, undefined)
})

test('readable parts of an error are kept although others are not readable', () => {
  const error = new TypeError('kept')
  for (const field of ['stack', 'code', 'cause', 'response', 'status']) {
    Object.defineProperty(error, field, {
      get: () => {
        throw new Error('no')
      },
    })
  }
  assert.equal(toErrorRecord(error), { name: 'TypeError', message: 'kept' })
})

test.run()
