import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { storedEvents } from '../../../src/events/stored-events.js'
import type { ControlOutcome } from '../../../src/http/contract/log.js'
import { brief } from '../../../src/http/dashboard/data/brief.js'
import { hindrance, outcomeOf } from '../../../src/http/dashboard/data/control.js'
import { eventGroups, sentenceOf } from '../../../src/http/dashboard/data/event-types.js'
import { atLeast, joined } from '../../../src/http/dashboard/data/tail.js'

const outcome = (worker: string, ok: boolean, message: string): ControlOutcome => ({
  worker,
  annotator: '1',
  domain: 'urgency',
  state: 'running',
  ok,
  message,
})

test('an action that a state does not allow is not offered, with the reason', () => {
  assert.is(hindrance('resume', { states: ['running'] }), 'Resume: not while running')
  assert.is(hindrance('resume', { states: ['paused'] }), null)
  assert.is(hindrance('reset', { states: ['blacklisted'] }), null)
})

test('a selection is offered what one of them can do', () => {
  assert.is(hindrance('start', { states: ['running', 'stopped'] }), null)
  assert.is(hindrance('start', { states: ['running', 'paused'] }), 'Start: no selected worker is in a state that allows it')
})

test('without known states every action is offered', () => {
  assert.is(hindrance('start', {}), null)
  assert.is(hindrance('start', { states: [] }), null)
})

test('the outcome of a call is a sentence, with the reason of the first refusal', () => {
  assert.is(outcomeOf('pause', [outcome('a', true, 'paused')]), 'a: paused')
  assert.is(outcomeOf('pause', [outcome('a', true, 'paused'), outcome('b', true, 'paused')]), 'Pause: 2 workers')
  assert.is(outcomeOf('pause', [outcome('a', true, 'paused'), outcome('b', false, 'not running')]), 'Pause: 1 of 2 workers; b: not running')
  assert.is(outcomeOf('pause', []), 'Pause: no worker was selected')
})

test('the events to choose from are those that the event log keeps', () => {
  assert.equal(eventGroups.flatMap(([, types]) => types).sort(), [...storedEvents].sort())
})

test('an event says what it is about in a line', () => {
  assert.is(sentenceOf('worker:state:changed', { from: 'running', to: 'stuck', reason: 'no beat' }), 'running → stuck: no beat')
  assert.is(sentenceOf('worker:failure:recorded', { failure: { kind: 'exit', message: 'code 3' } }), 'exit: code 3')
  assert.is(
    sentenceOf('http:control:done', { action: 'workers.stop', who: 'local', outcome: 'ok', status: 200 }),
    'workers.stop by local: ok (200)',
  )
  assert.is(
    sentenceOf('dataset:load:finished', { dataset: 'd', added: 200_000, updated: 1, known: 0 }),
    'd: 200,000 added, 1 updated, 0 known',
  )
  assert.is(sentenceOf('host:work:recovered', { workers: ['a'], leases: 2_000 }), '1 worker and 2,000 leases taken back')
  assert.is(sentenceOf('unheard:of:event', null), '')
})

test('loaded and live rows appear once each, in order', () => {
  const row = (seq: number) => ({ seq })
  const rows = joined([row(1), row(2)], [row(2), row(3)], 10, ({ seq }) => seq)
  assert.equal(rows, [row(1), row(2), row(3)])
  assert.equal(
    joined([row(1), row(2)], [row(3)], 2, ({ seq }) => seq),
    [row(2), row(3)],
  )
  assert.equal(
    joined([], [row(3)], 2, ({ seq }) => seq),
    [row(3)],
  )
})

test('a level lets worse ones through', () => {
  assert.ok(atLeast('error', 'warn'))
  assert.not(atLeast('info', 'warn'))
})

test('long values are cut', () => {
  assert.is(brief({ a: 1 }), '{"a":1}')
  assert.is(brief('x'.repeat(200)).length, 120)
})

test.run()
