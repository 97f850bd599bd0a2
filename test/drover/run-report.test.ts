import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exitCodeOf } from '../../src/drover/exit-code.js'
import { describeWait, isOver, isWaiting, reportOf, type WorkerFacts } from '../../src/drover/run-report.js'
import { laneEnd } from '../../src/machines/lane-end.js'
import { atOnce } from '../../src/time/turns.js'

const facts = (more: Partial<WorkerFacts> = {}): WorkerFacts => ({
  id: 'a/x',
  state: 'running',
  reason: 'ready',
  actor: false,
  enabled: true,
  dataset: 'data',
  wanted: true,
  settled: false,
  laneDone: false,
  left: 5,
  idle: false,
  waitsForHand: false,
  heldBy: null,
  neverLoaded: false,
  loadedInstead: null,
  results: 9,
  dead: 0,
  ...more,
})
const done = facts({ id: 'done/x', state: 'completed', settled: true, laneDone: true, left: 0 })
const spent = facts({ id: 'spent/x', state: 'paused', reason: 'spent', waitsForHand: true })
const paused = facts({ id: 'paused/x', state: 'paused', reason: 'paused' })
const parked = facts({ id: 'parked/x', state: 'parked', reason: 'spent until noon' })
const queued = facts({ id: 'queued/x', state: 'queued' })
const held = facts({ id: 'held/x', state: 'queued', heldBy: 'held by another host: pid 1' })
const idle = facts({ id: 'idle/x', laneDone: true, idle: true, left: 0 })
const empty = facts({ id: 'empty/x', state: 'completed', settled: true, neverLoaded: true, left: 0 })
const misspelt = facts({ ...empty, id: 'misspelt/x', dataset: 'messages', loadedInstead: 'mesages' })

for (const [what, workers, over, attended = over] of [
  ['nobody is left', [done], true],
  ['somebody works', [done, facts()], false],
  ['a thread has nothing to do any more', [done, idle], true],
  ['a budget is spent', [done, spent], true, false],
  ['others queue behind a spent budget', [spent, queued], true, false],
  ['somebody queues', [done, queued], false],
  ['somebody has paused a worker', [done, paused], false],
  ['somebody has paused a worker whose lane has nothing left', [facts({ ...paused, laneDone: true })], true],
  ['one waits for its quota', [spent, parked], false],
  ['another host holds one', [held], false],
  ['a dataset was never loaded', [done, empty], false],
  ['a dataset was never loaded, and one of nearly its name was instead', [done, misspelt], true, false],
  [
    'one waits in line for a dataset of which nearly the name was loaded',
    [done, facts({ ...misspelt, state: 'queued', settled: false })],
    true,
    false,
  ],
  ['one of nearly the name of a missing dataset was loaded, and somebody works', [facts(), misspelt], false],
] as [string, WorkerFacts[], boolean, boolean?][]) {
  test(`where ${what} the run is ${over ? 'over' : 'not over'}${attended === over ? '' : ', unless a person could lift that'}`, () => {
    assert.is(isOver(workers, false), over)
    assert.is(isOver(workers, true), attended)
  })
}

test('the reason for waiting is one line, by reason, and only if nothing moves', () => {
  const described = (workers: WorkerFacts[]) => {
    const wait = atOnce(describeWait(workers))
    assert.is(atOnce(isWaiting(workers)), wait !== null)
    return wait
  }
  assert.is(described([done]), null)
  assert.is(described([parked, facts()]), null)
  const more = Array.from({ length: 5 }, (_, n) => facts({ ...parked, id: `p${n}` }))
  assert.equal(described([done, ...more]), { needsHand: false, text: 'p0, p1, p2 and 2 more (parked: spent until noon)' })
  assert.equal(described([held, paused])?.text, 'held/x (held by another host: pid 1); paused/x (paused: paused)')
  assert.equal(
    [held, paused, spent, empty].map((one) => described([one])?.needsHand),
    [false, true, true, true],
  )
})

test('why 5,000 workers wait is put into words for 500 at a time, and whether they wait at all without words', () => {
  let [read, looked] = [0, 0]
  const counted = Array.from({ length: 5_000 }, (_, n) =>
    Object.defineProperties(facts({ ...parked, id: `p${n}` }), {
      reason: { get: () => `since ${read++}` },
      settled: { get: () => looked++ < 0 },
    }),
  )
  const looking = isWaiting(counted)
  let looks = looking.next()
  let pieces = 0
  for (; !looks.done; looks = looking.next()) assert.ok(looked <= ++pieces * 500, `${looked} in ${pieces} pieces`)
  assert.is(pieces, 10)
  assert.equal([looks.value, looked, read], [true, 5_000, 0])
  const description = describeWait(counted)
  for (pieces = 1; !description.next().done; pieces++) assert.ok(read <= pieces * 500, `${read} in ${pieces} pieces`)
  assert.is(read, 5_000)
})

test('a report is ok only if nothing is incomplete, dead or interrupted, and its exit code says which', () => {
  for (const [workers, more, ok, code] of [
    [[done, idle], {}, true, 0],
    [[{ ...done, dead: 1 }], {}, false, 3],
    [[{ ...done, dead: 1 }, parked], {}, false, 1],
    [[done], { interrupted: true }, false, 1],
    [[done, empty], {}, false, 1],
    [[done], { unused: [{ dataset: 'mesages', items: 2 }] }, true, 4],
    [[done], { unused: [{ dataset: 'mesages', items: 0 }] }, true, 0],
    [[{ ...done, dead: 1 }], { unused: [{ dataset: 'mesages', items: 2 }] }, false, 3],
    [[facts({ enabled: false, state: 'idle', settled: true })], {}, true, 0],
  ] as [WorkerFacts[], object, boolean, number][]) {
    const report = { ...reportOf(workers, { interrupted: false, unused: [], ...more }), errors: [] }
    assert.equal([report.ok, exitCodeOf(report)], [ok, code])
  }
})

test('an incomplete worker has a reason', () => {
  const stopped = facts({ id: 's', state: 'stopped', reason: 'the key is gone\nsecond line', settled: true })
  const { incomplete, ...lists } = reportOf([held, empty, misspelt, stopped, spent, parked], { interrupted: false, unused: [] })
  assert.equal(
    incomplete.map(({ worker, why }) => [worker, why]),
    [
      ['held/x', 'held by another host: pid 1'],
      ['empty/x', 'its dataset was never loaded'],
      ['misspelt/x', 'its dataset "messages" was never loaded, but "mesages" was: did you mean "messages"?'],
      ['s', 'stopped: the key is gone'],
      ['spent/x', 'paused: spent'],
      ['parked/x', 'parked: spent until noon'],
    ],
  )
  assert.equal([lists.held, lists.stopped, lists.paused, lists.parked, lists.completed], [['held/x'], ['s'], ['spent/x'], ['parked/x'], []])
})

test('the end of a lane names its dead tasks and its target', () => {
  assert.is(laneEnd({ done: 57, dead: 0, target: null }), 'all tasks done')
  assert.is(laneEnd({ done: 57, dead: 43, target: null }), 'nothing left to do: 57 done, 43 dead')
  assert.is(laneEnd({ done: 50, dead: 0, target: 50 }), 'its target is reached: 50 done')
})

test.run()
