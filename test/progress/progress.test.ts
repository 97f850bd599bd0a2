import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SystemStatus, WorkerStatus } from '../../src/actors/system/status.js'
import { Events } from '../../src/events/emitter.js'
import type { DroverEvents } from '../../src/events/event-map.js'
import { writeTerminal } from '../../src/logs/terminal.js'
import type { WorkerState } from '../../src/machines/lifecycle/states.js'
import { pictureOf, type Viewed } from '../../src/progress/picture.js'
import { type Progress, showProgress } from '../../src/progress/progress.js'
import { formatDuration, progressLine, progressRows } from '../../src/progress/rows.js'
import { atOnce } from '../../src/time/turns.js'

function workerAt(id: string, state: WorkerState, changes: Partial<WorkerStatus> = {}): WorkerStatus {
  const [annotator = id, domain = id] = id.split('/')
  return {
    id,
    annotator,
    domain,
    dataset: 'messages',
    quotas: [],
    enabled: true,
    state,
    activity: state === 'running' ? 'working' : null,
    reason: 'ready',
    since: 0,
    progress: { done: 100, dead: 0, total: 1_000, leased: 0, retrying: 0 },
    ratePerMinute: 600,
    failuresPerMinute: 0,
    errorRate: 0,
    lastError: null,
    breaker: null,
    beatEveryMs: 30_000,
    beatAgeMs: null,
    pid: null,
    threadId: null,
    heapUsed: null,
    restarts: 0,
    lastFailure: null,
    until: null,
    heldBy: null,
    instances: null,
    ...changes,
  }
}

function statusOf(workers: WorkerStatus[], changes: Partial<SystemStatus> = {}): SystemStatus {
  const states: SystemStatus['states'] = {}
  for (const { state } of workers) states[state] = (states[state] ?? 0) + 1
  return {
    state: 'open',
    states,
    workers,
    pools: [],
    done: 1_234,
    dead: 0,
    total: 12_000,
    ratePerMinute: 5_600,
    etaMs: 115_000,
    slots: { limit: 10, used: 1, queued: 0, groups: {} },
    ...changes,
  }
}

const viewOf = (status: () => SystemStatus): Viewed => ({
  get size() {
    return status().workers.length
  },
  *glances() {
    yield* status().workers
  },
  worker: (id) => status().workers.find((worker) => worker.id === id) ?? null,
  sums: status,
})

const rowsOf = (status: SystemStatus, limit: number, now = 0) =>
  progressRows(
    atOnce(
      pictureOf(
        viewOf(() => status),
        limit,
      ),
    ),
    now,
  )

interface Bench {
  status: SystemStatus
  events: Events
  /** What was written on the terminal, in pieces. */
  written: string[]
  terminal: { isTTY: boolean; columns: number; rows: number; write: (text: string) => void }
  tick: (() => void) | null
  /** A tick, and what follows it. */
  ticked: () => Promise<void>
  show: () => Progress
}

const test = suite<Bench>('progress')

test.before.each((bench) => {
  bench.status = statusOf([workerAt('1/urgency', 'running'), workerAt('2/urgency', 'queued')])
  bench.events = new Events((_name, error) => {
    throw error
  })
  bench.written = []
  bench.terminal = { isTTY: false, columns: 120, rows: 24, write: (text) => bench.written.push(text) }
  bench.tick = null
  bench.ticked = async () => {
    bench.tick?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  bench.show = () =>
    showProgress(
      {
        view: viewOf(() => bench.status),
        on: (name, listener) => bench.events.on(name, listener as (payload: DroverEvents[typeof name]) => void),
        off: (name, listener) => bench.events.off(name, listener as (payload: DroverEvents[typeof name]) => void),
      },
      {
        terminal: bench.terminal,
        now: () => Date.parse('2025-11-01T12:00:05.000Z'),
        every: (_ms, tick) => {
          bench.tick = tick
          return () => {
            bench.tick = null
          }
        },
      },
    )
})

const changed = (worker: string, to: WorkerState, reason: string) => ({ worker, from: 'running' as const, to, reason, at: 0 })

test('without a TTY there is a line at once, one at each tick that has news, and one at the end', async (bench) => {
  const progress = bench.show()
  await bench.ticked()
  bench.status = { ...bench.status, done: 6_000 }
  await bench.ticked()
  bench.status = { ...bench.status, done: 12_000, etaMs: null, ratePerMinute: 0 }
  progress.stop()
  assert.equal(bench.written, [
    '12:00:05 1,234 of 12,000 done (10 %), 5,600/min, 1 min 55 s left; 1 running, 1 queued\n',
    '12:00:05 6,000 of 12,000 done (50 %), 5,600/min, 1 min 55 s left; 1 running, 1 queued\n',
    '12:00:05 12,000 of 12,000 done (100 %); 1 running, 1 queued\n',
  ])
})

test('without a TTY the changes of state that matter have a line of their own', (bench) => {
  const progress = bench.show()
  bench.written.length = 0
  bench.events.emit('worker:state:changed', changed('1/urgency', 'queued', 'started'))
  bench.events.emit('worker:state:changed', changed('1/urgency', 'crashed', 'exit: code 3\nand more'))
  bench.events.emit('worker:state:changed', changed('2/urgency', 'completed', 'nothing left'))
  progress.stop()
  assert.equal(bench.written, ['12:00:05 1/urgency: crashed (exit: code 3)\n', '12:00:05 2/urgency: completed (nothing left)\n'])
})

for (const to of ['closed', 'failed'] as const) {
  test(`it stops by itself when the system is ${to}, and leaves no timer and no listener`, (bench) => {
    bench.show()
    bench.events.emit('system:state:changed', { from: 'open', to: 'closing', at: 0 })
    assert.ok(bench.tick)
    bench.events.emit('system:state:changed', { from: 'closing', to, at: 0 })
    assert.is(bench.tick, null)
    bench.written.length = 0
    bench.events.emit('worker:state:changed', changed('1/urgency', 'crashed', 'exit'))
    assert.equal(bench.written, [])
  })
}

test('shown for a system that is closed already, it says where things stand and ends', (bench) => {
  bench.status = { ...bench.status, state: 'closed' }
  const progress = bench.show()
  progress.stop()
  assert.is(bench.tick, null)
  assert.is(bench.written.length, 1)
})

test('on a TTY there is a bar for the system and one for each lane', async (bench) => {
  bench.terminal.isTTY = true
  const progress = bench.show()
  bench.status = statusOf([workerAt('1/urgency', 'running', { progress: { done: 500, dead: 2, total: 1_000, leased: 0, retrying: 0 } })])
  bench.written.length = 0
  await bench.ticked()
  const picture = bench.written.join('')
  assert.match(picture, /all +█+░+ 1,234\/12,000 +5,600\/min +1 min 55 s +1 running/)
  assert.match(picture, /1\/urgency █{15}░{15} 500\/1,000 \+2 dead +600\/min +50 s +running/)
  progress.stop()
  progress.stop()
})

test('a line of log goes above the bars while they are up, and straight to the terminal after', async (bench) => {
  bench.terminal.isTTY = true
  const progress = bench.show()
  bench.written.length = 0
  writeTerminal(bench.terminal, 'a line of log\n')
  assert.equal(bench.written, [])
  await bench.ticked()
  const line = bench.written.indexOf('a line of log\n')
  assert.ok(line !== -1 && line < bench.written.findIndex((text) => text.startsWith('all')))
  writeTerminal(bench.terminal, 'another one\n')
  progress.stop()
  assert.ok(bench.written.includes('another one\n'))
  bench.written.length = 0
  writeTerminal(bench.terminal, 'last\n')
  assert.equal(bench.written, ['last\n'])
})

test('no line is wider than the terminal, and no more rows are drawn than it has', async (bench) => {
  const many = (count: number) => statusOf(Array.from({ length: count }, (_, n) => workerAt(`annotator-${n}/urgency`, 'running')))
  bench.terminal = { ...bench.terminal, isTTY: true, columns: 40, rows: 12 }
  bench.status = many(100)
  const progress = bench.show()
  for (const [rows, columns] of [
    [12, 40],
    [6, 30],
    [20, 100],
  ] as const) {
    Object.assign(bench.terminal, { rows, columns })
    await bench.ticked()
    bench.written.length = 0
    await bench.ticked()
    const drawn = bench.written.filter((text) => /[a-z]/.test(text) && !text.startsWith('\u001b'))
    assert.ok(drawn.length <= rows - 2, `${drawn.length} rows drawn, ${rows} there`)
    assert.ok(
      drawn.every((text) => text.length <= columns),
      drawn.join('\n'),
    )
    assert.match(drawn.at(-1) ?? '', /^and \d+ more/)
  }
  progress.stop()
})

test('if not all lanes fit, those that need a look or live come first, in their declared order', () => {
  const status = statusOf([
    workerAt('1/a', 'completed'),
    workerAt('2/a', 'running'),
    workerAt('3/a', 'queued'),
    workerAt('4/a', 'stuck'),
    workerAt('5/a', 'completed'),
  ])
  const { lanes, rest } = rowsOf(status, 4)
  assert.equal(
    lanes.map((row) => row.name),
    ['2/a', '4/a'],
  )
  assert.is(rest, 'and 3 more: 1 queued, 2 completed')
  assert.is(rowsOf(status, 6).rest, '')
})

test('a lane says what it waits for, how often it was restarted, and why it was given up', () => {
  const factsOf = (worker: WorkerStatus) => rowsOf(statusOf([worker]), 10, 1_000).lanes[0]?.facts ?? ''
  assert.match(factsOf(workerAt('1/a', 'running', { activity: 'waiting' })), /running, waiting$/)
  assert.match(factsOf(workerAt('1/a', 'backoff', { until: 5_000, restarts: 2 })), /backoff for 4 s, 2 restarts$/)
  assert.match(factsOf(workerAt('1/a', 'parked', { until: 0 })), /parked for 0 s$/)
  assert.match(factsOf(workerAt('1/a', 'blacklisted', { reason: 'failed 4 times\nstack' })), /blacklisted: failed 4 times$/)
  assert.is(factsOf(workerAt('1/a', 'running', { progress: null })), 'running')
})

test('an empty or idle system is no division by zero', () => {
  assert.is(progressLine(statusOf([], { done: 0, total: 0, ratePerMinute: 0, etaMs: null })), '0 of 0 done')
})

for (const [ms, text] of [
  [0, '0 s'],
  [45_400, '45 s'],
  [60_000, '1 min'],
  [200_000, '3 min 20 s'],
  [3_599_600, '1 h'],
  [7_500_000, '2 h 5 min'],
  [97_200_000, '1 d 3 h'],
] as const) {
  test(`${ms} ms is ${text}`, () => assert.is(formatDuration(ms), text))
}

test.run()
