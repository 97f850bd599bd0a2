import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { href, match, parseHash, pathOf } from '../../../src/http/dashboard/routing/address.js'

test('an address is read back as it was written, whatever a name holds', () => {
  for (const name of ['annotator-1/urgency', 'a?b#c', 'ünï', '%2F', '..', '<b>', 'a b&c=d']) {
    const { path, query } = parseHash(href(pathOf('workers', name), { search: name, page: 2 }))
    assert.equal(match('/workers/:id', path), { id: name })
    assert.equal(query, { search: name, page: '2' })
  }
})

test('empty parts are left out of an address', () => {
  assert.is(href('/workers', { state: '', annotator: null, domain: undefined, page: 0 }), '#/workers?page=0')
  assert.is(href('/'), '#/')
})

test('no hash, and one without its slash, lead somewhere', () => {
  assert.equal(parseHash(''), { path: '/', query: {} })
  assert.equal(parseHash('#workers/'), { path: '/workers', query: {} })
})

test('a path of another length, another word, or one that cannot be decoded does not match', () => {
  assert.is(match('/workers/:id', '/workers'), null)
  assert.is(match('/workers/:id', '/workers/'), null)
  assert.is(match('/workers/:id', '/workers/a/b'), null)
  assert.is(match('/workers/:id', '/tasks/a'), null)
  assert.is(match('/workers/:id', '/workers/%E0%A4%A'), null)
  assert.equal(match('/tasks/:dataset/:key', '/tasks/a%2Fb/c'), { dataset: 'a/b', key: 'c' })
})

test.run()
