import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TaskRecord } from '../../../src/http/contract/task.js'
import { labelTable, readingOf } from '../../../src/http/dashboard/data/labels.js'
import { callsFor, countsOf, laneKey, momentOf, possibleIn } from '../../../src/http/dashboard/data/tasks.js'

const task = (key: string, annotator: string, more: Partial<TaskRecord> = {}): TaskRecord => ({
  key,
  dataset: 'mails',
  annotator,
  domain: 'urgency',
  worker: null,
  state: 'dead',
  priority: 0,
  attempts: 1,
  failures: 1,
  kind: 'failed',
  error: null,
  at: null,
  ...more,
})

test('a selection becomes one call for each lane, so that the same key in another lane is left alone', () => {
  assert.equal(callsFor([task('a', '1'), task('b', '1'), task('a', '2')]), [
    { dataset: 'mails', annotator: '1', domain: 'urgency', keys: ['a', 'b'] },
    { dataset: 'mails', annotator: '2', domain: 'urgency', keys: ['a'] },
  ])
})

test('tasks whose names run together differently are not the same', () => {
  assert.is.not(laneKey(task('b/c', 'a')), laneKey(task('c', 'a/b')))
})

test('only what some of the tasks allow is offered', () => {
  assert.equal(possibleIn(['dead']), ['redrive', 'drop'])
  assert.equal(possibleIn(['retrying', 'done']), ['retry', 'drop', 'priority'])
  assert.equal(possibleIn(['done', 'leased']), [])
})

test('waiting tasks are what is in no other state', () => {
  const dataset = (name: string) => ({ name, items: 10, lanes: 2, done: 5, dead: 2, leased: 1, retrying: 3, total: 20 })
  assert.equal(countsOf([dataset('a'), dataset('b')]), { waiting: 18, leased: 2, retrying: 6, done: 10, dead: 4 })
  assert.is(countsOf([dataset('a'), dataset('b')], 'b').waiting, 9)
})

test('the time of a task says what it means in its state', () => {
  assert.equal(momentOf(task('a', '1', { state: 'retrying', at: 5 })), { word: 'due', at: 5 })
  assert.is(momentOf(task('a', '1', { state: 'leased' })), null)
})

test('labels become rows, the most frequent first, with shares of each annotator', () => {
  const labels = [
    { annotator: '10', label: 'high', count: 1 },
    { annotator: '2', label: 'high', count: 2 },
    { annotator: '2', label: 'low', count: 6 },
  ]
  assert.equal(labelTable({ labels }), {
    annotators: ['2', '10'],
    rows: [
      { label: 'low', counts: [6, 0], shares: [75, 0], total: 6 },
      { label: 'high', counts: [2, 1], shares: [25, 100], total: 3 },
    ],
    totals: [8, 1],
  })
})

test('alpha is read by the bounds of its author', () => {
  assert.equal([0.8, 0.7, 0.3, -0.1].map(readingOf), ['reliable', 'for tentative conclusions', 'low', 'no better than chance'])
  assert.match(readingOf(null), 'not known')
})

test.run()
