import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRedactor, findSecrets } from '../src/redact.js'

test('a given secret is struck out wherever it stands, whatever its length', () => {
  const redact = createRedactor(['pw'])
  assert.is(redact('pw and xpwx'), '[redacted] and x[redacted]x')
})

test('without secrets a text comes back as it is', () => {
  const text = 'nothing to hide'
  assert.is(createRedactor([])(text), text)
  assert.is(createRedactor([''], [{ apiKey: '' }])(text), text)
})

test('characters that mean something in a regular expression mean themselves in a secret', () => {
  for (const secret of ['a.*b+c', '(group)', '[set]-^$', 'back\\slash', 'a|b|c', '{1,2}/x']) {
    const redact = createRedactor([secret])
    assert.is(redact(`<${secret}>`), '<[redacted]>', secret)
  }
  assert.is(createRedactor(['a.c'])('abc'), 'abc')
})

test('a secret that begins another one leaves nothing of the longer one', () => {
  for (const order of [
    ['sk-123', 'sk-123-456'],
    ['sk-123-456', 'sk-123'],
  ]) {
    assert.is(createRedactor(order)('sk-123-456 sk-123 sk-12'), '[redacted] [redacted] sk-12')
  }
})

test('secrets that overlap leave nothing of either', () => {
  assert.is(createRedactor(['abcdef', 'defghi'])('xabcdefghix'), 'x[redacted]x')
  assert.is(createRedactor(['aa'])('aaaaa'), '[redacted]')
})

test('a secret is found as it looks inside JSON and inside a URL', () => {
  const secret = 'a"b\\c d&e'
  const redact = createRedactor([secret])
  assert.is(redact(JSON.stringify({ message: secret })), '{"message":"[redacted]"}')
  assert.is(redact(`https://host/?q=${encodeURIComponent(secret)}`), 'https://host/?q=[redacted]')
  assert.is(createRedactor(['lone\ud800surrogate'])('lone\ud800surrogate'), '[redacted]')
})

const secretNames = [
  'apiKey',
  'api_key',
  'API-KEY',
  'OPENAI_API_KEY',
  'openaiAPIKey',
  'key',
  'keys',
  'token',
  'accessToken',
  'APIToken',
  'secret',
  'clientSecret',
  'secret_access_key',
  'Password',
  'Authorization',
  'credential',
  'credentials',
]

for (const name of secretNames) {
  test(`a value under ${name} is a secret`, () => assert.equal(findSecrets({ [name]: 'value-1' }), ['value-1']))
}

for (const name of ['text', 'monkey', 'keyboard', 'tokenizer', 'tokens', 'maxTokens', 'model', 'passage']) {
  test(`a value under ${name} is none`, () => assert.equal(findSecrets({ [name]: 'value-1' }), []))
}

test('short values and values that are no strings are no secrets', () => {
  assert.equal(findSecrets({ token: 'five5', key: 123_456, secret: true, password: null }), [])
})

test('secrets are found at any depth, in arrays, maps and sets, and under what a secret name holds', () => {
  const input = {
    providers: [{ name: 'provider-1', auth: new Map([['token', 'in-a-map']]) }],
    credentials: { user: 'somebody', list: new Set(['in-a-set']) },
    apiKeys: ['first-key', 'second-key'],
  }
  assert.equal(findSecrets(input).sort(), ['first-key', 'in-a-map', 'in-a-set', 'second-key', 'somebody'])
})

test('the part of an authorization header behind the scheme is a secret of its own', () => {
  assert.equal(findSecrets({ authorization: 'Bearer abc-def' }).sort(), ['Bearer abc-def', 'abc-def'])
})

test('a cyclic input is searched once, and one that cannot be read is passed over', () => {
  const cyclic: Record<string, unknown> = { token: 'cyclic-token', bytes: new Uint8Array(10) }
  cyclic.self = cyclic
  cyclic.secret = cyclic
  assert.equal(findSecrets(cyclic), ['cyclic-token'])
  const hostile = {
    get token(): string {
      throw new Error('no')
    },
  }
  assert.equal(findSecrets(hostile), [])
  assert.equal(findSecrets(undefined), [])
})

test('a value met first under a harmless name is still found under a secret one', () => {
  const shared = { value: 'shared-value' }
  assert.equal(findSecrets({ a: shared, secret: shared }), ['shared-value'])
  assert.equal(findSecrets({ secret: shared, z: shared }), ['shared-value'])
})

test.run()
