import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TaskRecord } from '../../../src/http/contract/task.js'
import { byCode, nameOf } from '../../../src/http/dashboard/data/error-groups.js'
import { labelTable, readingOf } from '../../../src/http/dashboard/data/labels.js'
import { callsFor, describe, laneKey, listOf, matching, momentOf, possibleIn, shownOf } from '../../../src/http/dashboard/data/tasks.js'

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
  assert.equal(possibleIn(['retrying', 'done']), ['retry', 'redo', 'drop', 'priority'])
  assert.equal(possibleIn(['done', 'leased']), ['redo'])
  assert.equal(possibleIn(['leased']), [])
})

test('an address becomes the list and the filter of all that match, with what only dead tasks have only for those', () => {
  const query = { state: 'dead', search: 'm-1', dataset: 'mails', code: 'E', after: '3.1.x', page: '2' }
  assert.equal(listOf(query), { dataset: 'mails', search: 'm-1', state: 'dead', code: 'E' })
  assert.equal(matching(query), { dataset: 'mails', search: 'm-1', code: 'E', states: ['dead'] })
  assert.equal(matching({ ...query, state: 'done' }), { dataset: 'mails', search: 'm-1', states: ['done'] })
  assert.equal(matching({ key: 'm-17', state: 'odd' }), { keys: ['m-17'] })
  assert.equal(matching({}), {})
})

test('an address is said in words', () => {
  assert.is(describe({}), 'all tasks')
  assert.is(describe({ state: 'dead', dataset: 'mails', prefix: 'm-' }), 'all dead tasks of dataset mails whose key begins with m-')
  assert.is(describe({ state: 'dead', kind: 'poison', error: 'e1' }, 'E_LUCK: no luck'), 'all poison tasks with the error E_LUCK: no luck')
})

test('the number that match is that of the state, or of all states', () => {
  const counts = { waiting: 1, leased: 2, retrying: 3, done: 4, dead: 50, dropped: 6 }
  assert.is(shownOf(counts, { state: 'dead' }), 50)
  assert.is(shownOf(counts, {}), 60)
})

test('errors come by code, the most frequent first, with the number of all their tasks', () => {
  const group = (id: string, code: string, count: number) => ({
    id,
    code,
    count,
    message: id,
    where: null,
    workers: [],
    lastAt: 0,
    example: null,
  })
  const codes = byCode([group('a', 'X', 5), group('b', 'Y', 4), group('c', 'Y', 7)])
  assert.equal(
    codes.map(({ code, count, groups }) => [code, count, groups.map(({ id }) => id)]),
    [
      ['Y', 11, ['c', 'b']],
      ['X', 5, ['a']],
    ],
  )
  assert.is(nameOf({ code: 'X', message: 'X' }), 'X')
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
