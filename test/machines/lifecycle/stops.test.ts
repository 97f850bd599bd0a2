/** What is wanted of a worker, by hand and by its supervisor, apart from the state that it is in. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { LifecycleEvent } from '../../../src/machines/lifecycle/contract.js'
import { asked, begin, down } from './support/lifecycle.js'

/** What the system and a supervisor send of themselves. */
const internal: (LifecycleEvent | LifecycleEvent['type'])[] = [
  'RESTART',
  { type: 'RESTART', reason: 'its options were changed' },
  { type: 'RESTART', reason: 'started again by its supervisor', again: true },
  'MORE',
  'ALLOW',
  { type: 'GRANTED', inTurn: true },
  'SLOT',
  'READY',
  'RESUME',
]
const bySupervisor: LifecycleEvent = { type: 'STOP', reason: 's gave up', halt: true }
const again: LifecycleEvent = { type: 'RESTART', reason: 'its supervisor is up again', again: true }

test('nothing but a start by hand undoes a stop by hand, while the thread drains and afterwards', () => {
  for (const event of internal) {
    const draining = begin()
    draining.run()
    draining.send('STOP', event, asked)
    assert.is(draining.path.at(-1), 'stopped', `${JSON.stringify(event)} while it drains`)
    draining.send(event)
    assert.is(draining.path.at(-1), 'stopped', `${JSON.stringify(event)} when it is down`)
    draining.send('START')
    assert.is(draining.path.at(-1), 'queued')
  }
})

test('a stop while the thread is being replaced is a stop', () => {
  const { path, run, send } = begin()
  run()
  send('RESTART', 'STOP', asked)
  assert.is(path.at(-1), 'stopped')
})

test('a start by hand while the thread drains starts it again, also after restarts that came to nothing', () => {
  const { path, run, send } = begin()
  run()
  send('STOP', 'RESTART', 'START', asked)
  assert.is(path.at(-1), 'queued')
})

test('one whose stop is announced runs on, and is not brought back when it goes down before its turn', () => {
  const unwanted: LifecycleEvent = { type: 'UNWANTED' }
  const ends: Record<string, LifecycleEvent[]> = {
    'it crashes': [down()],
    'it is recycled': [{ type: 'RECYCLE', reason: '5 tasks done' }, asked],
    'its options are changed': [{ type: 'RESTART' }, { type: 'STOP' }, asked],
    'its quota is spent': [{ type: 'PARK', until: 60_000, reason: 'spent' }, asked],
  }
  for (const [what, events] of Object.entries(ends)) {
    const { path, memory, run, send, clock } = begin()
    run()
    send(unwanted)
    assert.is(path.at(-1), 'running')
    send(...events)
    assert.is(path.at(-1), 'stopped', what)
    assert.is(memory().restartCount, 0)
    clock.increment(600_000)
    assert.is(path.at(-1), 'stopped', what)
  }
})

test('a start by hand takes an announced stop back', () => {
  const { path, run, send } = begin()
  run()
  send({ type: 'UNWANTED' }, 'START', down())
  assert.is(path.at(-1), 'starting')
})

test('one that its supervisor took down is started by its supervisor, and by hand, and by nothing else', () => {
  const others = internal.filter((event) => typeof event === 'string' || !('again' in event))
  for (const while_ of ['draining', 'down'] as const) {
    const { path, run, send } = begin()
    run()
    send(bySupervisor, ...(while_ === 'down' ? [asked] : []), ...others, ...(while_ === 'down' ? [] : [asked]))
    assert.is(path.at(-1), 'stopped')
    send(again)
    assert.is(path.at(-1), 'queued')
  }
  const draining = begin()
  draining.run()
  draining.send(bySupervisor, again, asked)
  assert.is(draining.path.at(-1), 'queued')
})

test('a stop by hand counts also for one that its supervisor is taking down', () => {
  for (const order of [
    [bySupervisor, { type: 'STOP' }],
    [{ type: 'STOP' }, bySupervisor],
  ] as LifecycleEvent[][]) {
    const { path, run, send } = begin()
    run()
    send(...order, asked, again)
    assert.is(path.at(-1), 'stopped')
  }
})

test('a completed worker below a supervisor that is down takes up nothing new until that is up again', () => {
  const { path, run, send } = begin()
  run()
  send('COMPLETE', asked, bySupervisor, 'MORE')
  assert.is(path.at(-1), 'completed')
  send('ALLOW', 'MORE')
  assert.is(path.at(-1), 'queued')
})

test('a parole that ends while the supervisor is down begins when that is up again', () => {
  const parole = { maxRestarts: 0, parole: { afterMs: 60_000 } }
  const { clock, path, run, send } = begin({ policy: parole })
  run()
  send(down(), bySupervisor)
  clock.increment(60_000)
  assert.is(path.at(-1), 'blacklisted')
  send('ALLOW')
  assert.is(path.at(-1), 'queued')
  const stopped = begin({ policy: parole })
  stopped.run()
  stopped.send(down(), 'STOP')
  stopped.clock.increment(60_000)
  stopped.send('ALLOW')
  assert.is(stopped.path.at(-1), 'blacklisted')
})

test('a worker that declines its start is down without a failure, and only a start by hand asks it again', () => {
  const { effects, failures, memory, path, send } = begin()
  send('START', 'SLOT', { type: 'DECLINED', reason: 'no key' }, asked)
  assert.equal([path.at(-1), memory().reason, failures.length], ['stopped', 'declined: no key', 0])
  assert.is(effects.at(-1), 'releaseSlot')
  send(...internal)
  assert.is(path.at(-1), 'stopped')
  send('START')
  assert.is(path.at(-1), 'queued')
})

test('a pause takes effect whatever state it meets, and a resume takes it back', () => {
  const before: Record<string, (LifecycleEvent | LifecycleEvent['type'])[]> = {
    'while its thread is replaced': ['START', 'SLOT', 'READY', 'RESTART', 'PAUSE', asked],
    'while it is recycled': ['START', 'SLOT', 'READY', { type: 'RECYCLE', reason: '5 tasks done' }, 'PAUSE', asked],
    'in backoff': ['START', 'SLOT', 'READY', down(), 'READY', down(), 'PAUSE', 'START'],
    'before it is started': ['START', 'SLOT', 'READY', 'STOP', asked, 'PAUSE', 'START'],
    'while it starts': ['START', 'SLOT', 'PAUSE', down('start-error', null), down('start-error', null), 'START'],
  }
  for (const [when, events] of Object.entries(before)) {
    const paused = begin()
    paused.send(...events, 'SLOT', 'READY')
    assert.is(paused.path.at(-1), 'paused', when)
    const at = events.indexOf('PAUSE') + 1
    const resumed = begin()
    resumed.send(...events.slice(0, at), 'RESUME', ...events.slice(at), 'SLOT', 'READY')
    assert.is(resumed.path.at(-1), 'running', when)
  }
})

test('a pause outlives what a supervisor does, and not a stop by hand', () => {
  const halted = begin()
  halted.run()
  halted.send('PAUSE', bySupervisor, asked, again, 'SLOT', 'READY')
  assert.is(halted.path.at(-1), 'paused')
  const stopped = begin()
  stopped.run()
  stopped.send('PAUSE', 'STOP', asked, 'START', 'SLOT', 'READY')
  assert.is(stopped.path.at(-1), 'running')
})

test.run()
