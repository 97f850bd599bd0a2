import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { firstLine } from '../../../src/http/dashboard/data/brief.js'
import { answersOf, inAWord, type LaneTask, laneOf, wordOf } from '../../../src/http/dashboard/data/task-grid.js'
import { gridOf } from '../../../src/http/dashboard/data/workers.js'

const lane = (annotator: string, domain: string, more: Partial<LaneTask> = {}): LaneTask => ({
  key: 'm-1',
  dataset: 'mails',
  annotator,
  domain,
  worker: null,
  state: 'waiting',
  priority: 0,
  attempts: 0,
  failures: 0,
  kind: null,
  error: null,
  at: null,
  result: null,
  pastResults: 0,
  ...more,
})
const done = (annotator: string, domain: string, result: unknown): LaneTask => lane(annotator, domain, { state: 'done', result })

test('an item is a grid of annotators and questions, with a hole where there is no lane', () => {
  const { domains, rows } = gridOf([lane('1', 'urgency'), lane('1', 'topic'), lane('2', 'topic')])
  assert.equal(domains, ['urgency', 'topic'])
  assert.equal(
    rows.map(({ annotator, cells }) => [annotator, ...cells.map(({ length }) => length)]),
    [
      ['1', 1, 1],
      ['2', 0, 1],
    ],
  )
})

test('the lane that is looked at is that of the address, else a dead one, else one to be tried again, else the first', () => {
  const [first, again, dead] = [lane('1', 'x'), lane('2', 'x', { state: 'retrying' }), lane('3', 'x', { state: 'dead' })] as const
  assert.is(laneOf([first, again, dead], { annotator: '2', domain: 'x' }), again)
  assert.is(laneOf([first, again, dead], { annotator: '2', domain: 'gone' }), dead)
  assert.is(laneOf([first, again], {}), again)
  assert.is(laneOf([first], {}), first)
  assert.is(laneOf([], {}), undefined)
})

test('a result is told in a word, whatever it is', () => {
  const told: [result: unknown, word: string][] = [
    [{ label: 'spam', sure: 0.9 }, 'spam'],
    [{ mood: 'glad' }, 'glad'],
    [{ a: 1, b: 2 }, '{"a":1,"b":2}'],
    ['spam', 'spam'],
    [['a', 'b'], '["a","b"]'],
    [null, 'null'],
    [0, '0'],
    [{}, '{}'],
  ]
  for (const [result, word] of told) assert.is(inAWord(result), word)
  assert.is(inAWord({ text: 'x'.repeat(5_000) }).length, 60)
})

test('a lane shows its result, or what it failed with, or nothing beside its state', () => {
  assert.is(wordOf(done('1', 'x', { label: 'spam' })), 'spam')
  assert.is(wordOf(lane('1', 'x', { state: 'dead', error: { name: 'Error', code: 'E_LUCK', message: 'no luck' } })), 'E_LUCK: no luck')
  assert.is(wordOf(lane('1', 'x', { state: 'dead', error: { name: 'TaskError', code: 'HOPELESS', message: 'HOPELESS' } })), 'HOPELESS')
  assert.is(wordOf(lane('1', 'x')), null)
})

test('answers are counted over all annotators, the most frequent first, and what is not done counts as none', () => {
  const tasks = [done('1', 'x', { label: 'ham' }), done('2', 'x', { label: 'spam' }), done('3', 'x', { label: 'spam' }), lane('4', 'x')]
  assert.equal(answersOf(tasks), [
    { word: 'spam', count: 2 },
    { word: 'ham', count: 1 },
  ])
})

test('of a message of many lines the first is shown, and that there is more', () => {
  assert.is(firstLine('no luck'), 'no luck')
  assert.is(firstLine('no luck\n  at a\n  at b'), 'no luck …')
  assert.is(firstLine('x'.repeat(5_000)).length, 160)
})

test.run()
