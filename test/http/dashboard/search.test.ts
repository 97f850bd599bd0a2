import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findingsOf } from '../../../src/http/dashboard/data/search.js'

const places = [
  ['/', 'Overview'],
  ['/tasks', 'Tasks'],
  ['/quotas', 'Quotas'],
] as const
const workers = ['late/urgency', 'ann/late', 'bob/topic']
const found = (typed: string, keys: string[] = []) =>
  findingsOf({ typed, places, workers, tasks: keys.map((key) => ({ dataset: 'mails', key })) }).map(({ kind, text }) => `${kind} ${text}`)

test('an empty search offers the pages', () => {
  assert.equal(found(' '), ['page Overview', 'page Tasks', 'page Quotas'])
})

test('pages, workers and tasks are found in any case, what begins with the text first, an item of many lanes once', () => {
  assert.equal(found('LATE', ['m-late', 'm-late', 'm-later']), [
    'worker late/urgency',
    'worker ann/late',
    'task m-late',
    'task m-later',
    'tasks All tasks whose key contains LATE',
  ])
  assert.equal(found('tas'), ['page Tasks', 'page Quotas', 'tasks All tasks whose key contains tas'])
})

test('what is found leads to its page, whatever its name holds', () => {
  const tasks = [{ dataset: 'a/b', key: 'c?d' }]
  const [worker, task, all] = findingsOf({ typed: '?', places, workers: ['x?/y'], tasks })
  assert.is(worker?.to, '#/workers/x%3F%2Fy')
  assert.is(task?.to, '#/tasks/a%2Fb/c%3Fd')
  assert.is(all?.to, '#/tasks?search=%3F')
})

test('of each kind eight are enough', () => {
  const many = Array.from({ length: 1_000 }, (_, at) => `w-${at}`)
  assert.is(findingsOf({ typed: 'w', places, workers: many, tasks: [] }).length, 10)
})

test.run()
