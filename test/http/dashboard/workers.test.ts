import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Worker } from '../../../src/http/contract/worker.js'
import { drawing, nodeHeight, nodeWidth, places, waysTaken } from '../../../src/http/dashboard/data/lifecycle.js'
import { silenceOf } from '../../../src/http/dashboard/data/silence.js'
import {
  countStates,
  gridOf,
  matching,
  neverFailed,
  shareOf,
  sorted,
  states,
  toneOfWorker,
  troubleOf,
} from '../../../src/http/dashboard/data/workers.js'
import { workerStates } from '../../../src/machines/lifecycle/states.js'

function worker(id: string, more: Partial<Worker> = {}): Worker {
  const [annotator = '', domain = ''] = id.split('/')
  const progress = { done: 0, dead: 0, total: 10, leased: 0, retrying: 0 }
  const nothing = {
    activity: null,
    pid: null,
    threadId: null,
    lastFailure: null,
    until: null,
    heldBy: null,
    instances: null,
    dataset: 'data',
    failuresPerMinute: 0,
    errorRate: null,
    beatEveryMs: 30_000,
    lastError: null,
    breaker: null,
  }
  return {
    id,
    annotator,
    domain,
    enabled: true,
    state: 'idle',
    reason: '',
    since: 0,
    progress,
    ratePerMinute: 0,
    restarts: 0,
    ...nothing,
    ...more,
  }
}
const ids = (workers: readonly Worker[]): string[] => workers.map(({ id }) => id)

const all = [
  worker('a2/x', { state: 'running', ratePerMinute: 5 }),
  worker('a10/x', { state: 'stuck' }),
  worker('a2/y', { ratePerMinute: 9 }),
]

test('every state of a worker has its place in lists and in the drawing', () => {
  assert.equal([...states].sort(), Object.keys(workerStates).sort())
  assert.equal(Object.keys(places).sort(), Object.keys(workerStates).sort())
})

test('all conditions of a query hold; several states mean any of them', () => {
  assert.equal(ids(matching(all, { state: 'running,stuck' })), ['a2/x', 'a10/x'])
  assert.equal(ids(matching(all, { state: 'running,stuck', annotator: 'a10' })), ['a10/x'])
  assert.equal(ids(matching(all, { search: 'A2/' })), ['a2/x', 'a2/y'])
  assert.equal(ids(matching(all, { state: 'running', domain: 'x' }, 'state')), ['a2/x', 'a10/x'])
  assert.equal(countStates(all), { running: 1, stuck: 1, idle: 1 })
})

test('workers are sorted by number within their names, down by a minus, and stay as configured for what is unknown', () => {
  assert.equal(ids(sorted(all, 'id')), ['a2/x', 'a2/y', 'a10/x'])
  assert.equal(ids(sorted(all, '-rate')), ['a2/y', 'a2/x', 'a10/x'])
  assert.is(sorted(all, 'constructor'), all)
  assert.is(sorted(all), all)
})

const lane = (done: number, dead: number) => ({ done, dead, total: 100, leased: 0, retrying: 0 })
const lastError = { id: 'e', code: 'QUOTA', message: 'no quota', where: null, count: 57, at: 0 }

test('a lane whose tasks all fail is a warning and 0 % done, and its worker says what its tasks died of', () => {
  const failing = worker('a/x', { state: 'running', progress: lane(0, 57), errorRate: 1, lastError })
  assert.is(shareOf(failing), 0)
  assert.equal([toneOfWorker(failing), troubleOf(failing)], ['warn', '100 % of attempts fail'])
  assert.match(neverFailed(failing), 'its tasks did: 57 times QUOTA: no quota')
  // It stays one after the minute of the rate, and in its last state.
  const ended = worker('a/x', { state: 'completed', progress: lane(0, 100), lastError })
  assert.equal([toneOfWorker(ended), troubleOf(ended)], ['warn', '100 tasks given up'])
  const mostly = worker('a/x', { state: 'running', progress: lane(90, 3), errorRate: 0.1 })
  assert.equal([toneOfWorker(mostly), troubleOf(mostly), neverFailed(worker('a/x'))], ['ok', null, 'It never failed'])
})

test('progress is sorted by what is done: what was given up is not', () => {
  const lost = worker('lost', { progress: lane(0, 100) })
  const done = worker('done', { progress: lane(1, 0) })
  assert.equal(ids(sorted([lost, done], '-progress')), ['done', 'lost'])
})

test('a thread that misses its beats is a warning long before it is stuck, by its own interval', () => {
  const hung = worker('a/x', { state: 'running', beatEveryMs: 30_000 })
  const after = (beatAgeMs: number | null, of = hung) => [toneOfWorker(of, { beatAgeMs }), troubleOf(of, { beatAgeMs })]
  assert.equal(after(45_000), ['ok', null])
  assert.equal(after(61_000), ['warn', 'no beat for 1 min 1 s'])
  assert.equal(after(null), ['ok', null])
  // A short interval: a busy host may be late by seconds.
  assert.equal(after(2_000, { ...hung, beatEveryMs: 100 }), ['ok', null])
  assert.equal(after(6_000, { ...hung, beatEveryMs: 100 }), ['warn', 'no beat for 6 s'])
  // An import takes its time, and has a limit of its own; what is worse stays so.
  assert.equal(after(90_000, { ...hung, state: 'starting' }), ['busy', null])
  assert.is(after(90_000, { ...hung, state: 'stuck' })[0], 'bad')
  const beats = { 'a/x': { beatAgeMs: 61_000, heapUsed: null }, 'b/x': { beatAgeMs: 1, heapUsed: null } }
  const [told, ...more] = silenceOf([hung, { ...hung, id: 'b/x' }], beats)
  assert.equal([told?.severity, told?.workers, more.length], ['warning', ['a/x'], 0])
  assert.match(told?.message ?? '', /^1 worker has missed beats/)
})

test('the grid has a cell for each pair, empty ones and ones with several too', () => {
  const { domains, rows } = gridOf([...all, worker('twin', { annotator: 'a2', domain: 'x' })])
  assert.equal(domains, ['x', 'y'])
  assert.equal(
    rows.map(({ annotator, cells }) => [annotator, cells.map(ids)]),
    [
      ['a2', [['a2/x', 'twin'], ['a2/y']]],
      ['a10', [['a10/x'], []]],
    ],
  )
})

test('transitions are listed from the latest on, unusual ones too', () => {
  const ways = waysTaken([
    { from: 'stopping', to: 'queued' },
    { from: 'running', to: 'stopping' },
  ])
  const taken = ways.filter(({ taken }) => taken > 0).map(({ from, to, taken }) => `${taken} ${from} ${to}`)
  assert.equal(taken.sort(), ['1 stopping queued', '2 running stopping'])
  assert.ok(ways.every(({ path }) => /^M[\d.-]+ [\d.-]+[LQ][\d. -]+$/.test(path)))
})

test('no state lies upon another, nor beyond the drawing', () => {
  const all = Object.entries(places)
  for (const [name, [x, y]] of all) {
    assert.ok(
      x - nodeWidth / 2 >= 0 && x + nodeWidth / 2 <= drawing.width && y - nodeHeight / 2 >= 0 && y + nodeHeight / 2 <= drawing.height,
      name,
    )
    for (const [other, [x2, y2]] of all)
      assert.ok(name === other || Math.abs(x - x2) > nodeWidth || Math.abs(y - y2) > nodeHeight, `${name} on ${other}`)
  }
})

test.run()
