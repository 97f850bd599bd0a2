import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { additionOf, changesOf, removalOf, type Settings } from '../../../src/http/dashboard/data/members.js'

const settings: Settings = {
  enabled: true,
  target: null,
  delayMs: 0,
  instances: null,
  concurrency: 2,
  prefetch: 'auto',
  priority: 0,
  group: null,
  drainMs: 5_000,
  idleMs: 0,
}
/** What the form has before anything is changed. */
const form = {
  enabled: 'on',
  target: '',
  delayMs: '0',
  concurrency: '2',
  prefetch: 'auto',
  priority: '0',
  group: '',
  quota: '',
  drainMs: '5000',
  idleMs: '0',
  input: ' ',
}

test('a form changes only what was changed in it; what was emptied is back at its default', () => {
  assert.equal(changesOf(settings, form), {})
  const { enabled: _, ...disabled } = form
  assert.equal(changesOf(settings, { ...disabled, target: '7', prefetch: '3', group: 'few', quota: 'key-2', drainMs: '' }), {
    enabled: false,
    target: 7,
    prefetch: 3,
    group: 'few',
    quota: 'key-2',
    drainMs: null,
  })
  assert.equal(changesOf(settings, { ...form, input: '{"apiKey": "sk-1"}' }), { input: { apiKey: 'sk-1' } })
})

test('an input that is no JSON object is refused without being quoted', () => {
  for (const input of ['{"apiKey": sk-123}', '[1]', 'sk-123', 'null']) {
    assert.throws(
      () => changesOf(settings, { ...form, input }),
      ({ message }: Error) => /JSON object is needed/.test(message) && !message.includes('sk-1'),
    )
  }
})

test('a worker is added with what was given, and as the other one is for the rest', () => {
  assert.equal(additionOf({ id: ' b/x ', like: 'a/x', quota: '', input: '', start: 'on' }), {
    id: 'b/x',
    like: 'a/x',
    options: {},
    persist: false,
  })
})

test('it is said what a removal leaves undone, and what it keeps', () => {
  const progress = { done: 86, dead: 1, total: 301, leased: 0, retrying: 0 }
  assert.is(
    removalOf({ id: '1/friendly', progress, threadId: 4 }),
    '1/friendly leaves the system once its tasks in hand are finished; its thread ends. ' +
      'Left undone: 214 tasks, until a worker is added for its lane again. Kept in the store: 86 results, 1 dead task.',
  )
  assert.is(removalOf({ id: 'a/x', progress: null, threadId: null }), 'a/x leaves the system.')
})

test.run()
