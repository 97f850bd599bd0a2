import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DroverError } from '../../src/errors.js'
import { type MatrixOptions, matrix } from '../../src/options/matrix.js'
import { validateConfig } from '../../src/options/validate.js'
import { moduleFile } from './fixture.js'

test('every annotator works on every domain, annotator by annotator', () => {
  const workers = matrix({
    annotators: ['1', 2],
    domains: ['urgency', 'tone'],
    worker: (annotator) => ({ module: moduleFile, quota: `key-${annotator}` }),
  })
  assert.equal(workers, [
    { id: 'annotator-1/urgency', annotator: '1', domain: 'urgency', module: moduleFile, quota: 'key-1' },
    { id: 'annotator-1/tone', annotator: '1', domain: 'tone', module: moduleFile, quota: 'key-1' },
    { id: 'annotator-2/urgency', annotator: '2', domain: 'urgency', module: moduleFile, quota: 'key-2' },
    { id: 'annotator-2/tone', annotator: '2', domain: 'tone', module: moduleFile, quota: 'key-2' },
  ])
  assert.ok(validateConfig({ store: ':memory:', quotas: { 'key-1': limit, 'key-2': limit }, workers }).ok)
})

const limit = { requests: { limit: 1, per: 'second' } }

test('a pair can be left out, and ids can be made another way', () => {
  const workers = matrix({
    annotators: ['a', 'b'],
    domains: ['x', 'y'],
    id: (annotator, domain) => `${domain}.${annotator}`,
    worker: (annotator, domain) => (annotator === 'b' && domain === 'y' ? null : { module: moduleFile }),
  })
  assert.equal(
    workers.map(({ id }) => id),
    ['x.a', 'y.a', 'x.b'],
  )
})

test('an annotator whose name cannot stand in an id is found when the configuration is checked', () => {
  const workers = matrix({ annotators: ['Annotator One'], domains: ['x'], worker: () => ({ module: moduleFile }) })
  const result = validateConfig({ store: ':memory:', workers })
  assert.equal(result.ok ? [] : result.issues.map(({ path }) => path), ['workers[0].id'])
})

test('an invalid matrix is refused at once', () => {
  const worker = () => ({ module: moduleFile })
  for (const options of [undefined, {}, { annotators: 'ab', domains: ['x'], worker }, { annotators: ['a'], domains: ['x'] }]) {
    assert.throws(
      () => matrix(options as unknown as MatrixOptions),
      (error: unknown) => DroverError.is(error) && error.code === 'ARGUMENT_INVALID',
    )
  }
})

test.run()
