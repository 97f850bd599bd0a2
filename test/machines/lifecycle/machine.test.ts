import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freshMemory, type LifecycleEvent, type WorkerMemory } from '../../../src/machines/lifecycle/contract.js'
import type { WorkerState } from '../../../src/machines/lifecycle/states.js'
import { policies } from '../../../src/options/restart-policies.js'
import { asked, begin, down } from './support/lifecycle.js'

test('a worker goes from idle over queued and starting to running', () => {
  const { path, effects, run } = begin()
  run()
  assert.equal(path, ['idle', 'queued', 'starting', 'running'])
  assert.equal(effects, ['requestSlot', 'spawn'])
})

test('the default policy restarts at once, after 2 s, after 4 s, and then blacklists', () => {
  const { clock, path, run, send } = begin()
  run()
  path.length = 0
  send(down())
  assert.equal(path, ['crashed', 'starting'])
  send('READY', down())
  assert.is(path.at(-1), 'backoff')
  clock.increment(1_999)
  assert.is(path.at(-1), 'backoff')
  clock.increment(1)
  assert.is(path.at(-1), 'queued')
  send('SLOT', 'READY', down())
  clock.increment(3_999)
  assert.is(path.at(-1), 'backoff')
  clock.increment(1)
  send('SLOT', 'READY', down())
  assert.is(path.at(-1), 'blacklisted')
})

test('failures before ready count as restarts too', () => {
  const { clock, path, send } = begin()
  send('START', 'SLOT', down('start-error', null), down('start-error', null))
  clock.increment(2_000)
  send('SLOT', down('start-error', null))
  clock.increment(4_000)
  send('SLOT', down('start-error', null))
  assert.is(path.at(-1), 'blacklisted')
})

test('30 s up forget the restarts before, 29.999 s do not', () => {
  for (const [uptime, restarts] of [
    [30_000, 1],
    [29_999, 3],
  ] as const) {
    const { clock, run, send, memory } = begin()
    run()
    send(down(), 'READY', down())
    clock.increment(2_000)
    send('SLOT', 'READY', down('exit', uptime))
    assert.is(memory().restarts.length, restarts, `uptime ${uptime}`)
  }
})

test('time spent in backoff does not age restarts out of their window', () => {
  const policy = { maxRestarts: 3, withinMs: 5_000, backoff: { immediate: 0, initialMs: 60_000, factor: 1, maxMs: 60_000 } }
  const { clock, path, run, send } = begin({ policy })
  run()
  for (let crash = 0; crash < 4; crash++) {
    send(down())
    clock.increment(60_000)
    send('SLOT', 'READY')
  }
  assert.is(path.at(-1), 'blacklisted')
})

test('a thread that is not ready in time is killed with evidence, and that is a failure', () => {
  const { clock, path, effects, send } = begin()
  send('START', 'SLOT')
  clock.increment(30_000)
  assert.is(path.at(-1), 'stuck')
  assert.is(effects.at(-1), 'kill start-timeout with evidence')
  send(down('start-timeout', null))
  assert.equal(path.slice(-2), ['crashed', 'starting'])
})

test('the start timeout no longer applies once the worker is ready', () => {
  const { clock, path, run } = begin()
  run()
  clock.increment(600_000)
  assert.is(path.at(-1), 'running')
})

test('a stuck worker is killed with evidence and restarted', () => {
  const { path, effects, run, send, failures } = begin()
  run()
  send({ type: 'STUCK', kind: 'heartbeat-lost', message: 'no beat' })
  assert.is(effects.at(-1), 'kill heartbeat-lost with evidence')
  send(down('heartbeat-lost'))
  assert.equal(path.slice(-3), ['stuck', 'crashed', 'starting'])
  assert.is(failures.length, 1)
})

test('an end that was asked for is no failure', () => {
  const { path, effects, run, send, memory } = begin()
  run()
  send('STOP', asked)
  assert.equal(path.slice(-2), ['stopping', 'stopped'])
  assert.ok(effects.includes('finish 10000'))
  assert.is(memory().lastFailure, null)
  assert.is(effects.at(-1), 'releaseSlot')
})

test('a crash while stopping ends in stopped', () => {
  const { path, run, send } = begin()
  run()
  send('STOP', down())
  assert.is(path.at(-1), 'stopped')
})

test('a thread that cannot be ended blacklists its worker at once, also while stopping', () => {
  const { path, run, send, failures } = begin()
  run()
  send('STOP', down('unkillable'))
  assert.is(path.at(-1), 'blacklisted')
  assert.is(failures[0]?.kind, 'unkillable')
})

test('a stop in backoff is final: no restart comes after it', () => {
  const { clock, path, run, send } = begin()
  run()
  send(down(), 'READY', down(), 'STOP')
  clock.increment(600_000)
  assert.is(path.at(-1), 'stopped')
})

test('a start in backoff restarts at once', () => {
  const { path, run, send } = begin()
  run()
  send(down(), 'READY', down(), 'START')
  assert.is(path.at(-1), 'queued')
})

test('a blacklisted worker does not start until it is reset', () => {
  const { path, run, send, memory } = begin({ policy: { maxRestarts: 0 } })
  run()
  send(down())
  assert.is(path.at(-1), 'blacklisted')
  send('START', 'RESUME', 'MORE')
  assert.is(path.at(-1), 'blacklisted')
  send('RESET')
  assert.is(path.at(-1), 'idle')
  assert.equal(memory().restarts, [])
})

test('a temporary worker is stopped by its first failure', () => {
  const { path, run, send } = begin({ policy: policies.never })
  run()
  send(down())
  assert.is(path.at(-1), 'stopped')
})

test('a paused worker that crashes comes back paused', () => {
  const { path, run, send } = begin()
  run()
  send('PAUSE', down(), 'READY')
  assert.equal(path.slice(-4), ['paused', 'crashed', 'starting', 'paused'])
})

test('a pause before the thread is ready takes effect when it is; a resume takes it back', () => {
  const one = begin()
  one.send('START', 'PAUSE', 'SLOT', 'READY')
  assert.is(one.path.at(-1), 'paused')
  const other = begin()
  other.send('START', 'PAUSE', 'SLOT', 'RESUME', 'READY')
  assert.is(other.path.at(-1), 'running')
})

test('a worker whose tasks are done drains its thread and completes; more work wakes it', () => {
  const { path, effects, run, send } = begin()
  run()
  send('COMPLETE')
  assert.is(effects.at(-1), 'finish 10000')
  send(asked)
  assert.is(path.at(-1), 'completed')
  send('MORE')
  assert.is(path.at(-1), 'queued')
})

test('work that comes while a finished worker drains is not forgotten', () => {
  const { path, run, send } = begin()
  run()
  send('COMPLETE', 'MORE', asked)
  assert.is(path.at(-1), 'queued')
})

test('a parked worker gives its slot back and wakes by itself at the deadline', () => {
  const { clock, path, effects, run, send } = begin()
  run()
  send({ type: 'PARK', until: clock.now() + 3_600_000, reason: 'quota is spent' }, asked)
  assert.is(path.at(-1), 'parked')
  assert.is(effects.at(-1), 'releaseSlot')
  clock.increment(3_599_999)
  assert.is(path.at(-1), 'parked')
  clock.increment(1)
  assert.is(path.at(-1), 'queued')
})

test('a worker that pauses by itself gives its slot back, and queues for one again when it is resumed', () => {
  const spent: LifecycleEvent = { type: 'PAUSE', byItself: true, reason: 'spent' }
  const byHand: LifecycleEvent = { type: 'PAUSE', reason: 'by hand' }
  for (const [events, end] of [
    [[asked], 'paused'],
    [[asked, 'RESUME'], 'running'],
    [['RESUME', asked], 'running'],
    [['MORE', asked], 'running'],
    [[asked, byHand], 'paused'],
    [[asked, byHand, 'RESUME'], 'running'],
    [[byHand, asked, 'RESUME'], 'running'],
    [[asked, 'START'], 'paused'],
    [[asked, 'RESTART'], 'running'],
    [[asked, byHand, 'RESTART'], 'paused'],
    [[asked, 'STOP'], 'stopped'],
    [['STOP', asked, 'RESUME'], 'stopped'],
    [[asked, 'UNWANTED', 'RESUME'], 'paused'],
    [[asked, { type: 'BLACKLIST', why: 'bad key' }], 'blacklisted'],
    [[down()], 'running'],
  ] as [LifecycleEvent[], WorkerState][]) {
    const { path, effects, run, send } = begin()
    run()
    send(spent)
    assert.equal([path.at(-1), effects.at(-1)], ['running', 'finish 10000'], 'it drains')
    send(...events)
    assert.is(effects.includes('releaseSlot'), path.includes('paused') || end === 'stopped', JSON.stringify(events))
    if (path.at(-1) === 'queued') send('SLOT')
    if (path.at(-1) === 'starting') send('READY')
    assert.is(path.at(-1), end, JSON.stringify(events))
  }
})

test('a parked worker wakes by the clock that comes first to where it was set to wake, wherever the wall clock stood then', () => {
  const hour = 3_600_000
  for (const [before, after, wakes] of [
    [0, 0, hour],
    [0, 2 * hour, 5_000],
    [2 * hour, 2 * hour, hour],
    [-2 * hour, -2 * hour, hour],
    [2 * hour, 0, hour],
    [-2 * hour, 0, 5_000],
  ]) {
    let ahead = before as number
    const { clock, path, run, send } = begin({ ahead: () => ahead })
    run()
    send({ type: 'PARK', until: clock.now() + hour, reason: 'quota is spent' }, asked)
    ahead = after as number
    let slept = 0
    for (; path.at(-1) === 'parked'; slept += 5_000) clock.increment(5_000)
    assert.is(slept, wakes, `${before}, then ${after}`)
  }
})

test('a wait longer than the longest timer is slept in pieces', () => {
  const { clock, path, run, send } = begin()
  const month = 31 * 86_400_000
  run()
  send({ type: 'PARK', until: clock.now() + month, reason: 'quota is spent' }, asked)
  clock.increment(2 ** 31 - 1)
  assert.is(path.at(-1), 'parked')
  clock.increment(month - (2 ** 31 - 1))
  assert.is(path.at(-1), 'queued')
})

test('a worker that another host holds waits in the queue without a slot; where it is refused it goes back to idle', () => {
  const held = 'held by another host'
  for (const asked of ['SLOT', null] as const) {
    const { path, effects, send, memory } = begin()
    send('START', ...(asked ? [asked] : []), { type: 'HELD', reason: held })
    // Asked for its slot once more it is told so again.
    if (asked) send({ type: 'HELD', reason: held })
    assert.is(path.at(-1), 'queued')
    assert.is(effects.at(-1), 'releaseSlot')
    assert.is(memory().reason, held)
    send('STOP')
    assert.is(path.at(-1), 'stopped')
  }
  const { path, effects, send } = begin()
  send('START', 'SLOT', { type: 'REFUSED', reason: held })
  assert.is(path.at(-1), 'idle')
  assert.is(effects.at(-1), 'releaseSlot')
})

test('the state that another host left is restored: a blacklisting stays, a wait continues, counters too', () => {
  const restart = { at: 0, startup: false }
  const left = (state: WorkerState, more: Partial<WorkerMemory> = {}): LifecycleEvent => ({
    type: 'ADOPT',
    left: { state, memory: { ...freshMemory, restarts: [restart], ...more } },
    reason: 'let go',
  })
  for (const [state, more, then] of [
    ['blacklisted', {}, 'blacklisted'],
    ['backoff', { until: 4_000 }, 'backoff'],
    ['parked', { until: 4_000 }, 'parked'],
    ['stopped', {}, 'queued'],
    ['completed', {}, 'queued'],
    ['idle', {}, 'queued'],
  ] as const) {
    const { path, send, memory } = begin()
    send('START', { type: 'HELD', reason: 'held by another host' }, left(state, more), 'START')
    assert.is(path.at(-1), then)
    assert.is(memory().restarts.length, 1)
  }
})

test('a restart by hand stops, starts, and counts as nothing', () => {
  const { path, run, send, memory } = begin()
  run()
  send('RESTART', asked)
  assert.equal(path.slice(-2), ['stopping', 'queued'])
  assert.is(memory().restartCount, 0)
})

test('the state of an earlier host survives: blacklisted stays, backoff waits until its deadline, counters continue', () => {
  const blacklisted = begin({ restored: { state: 'blacklisted', memory: freshMemory } })
  blacklisted.send('START')
  assert.equal(blacklisted.path, ['blacklisted'])

  const restart = { at: 0, startup: false }
  const backoff = begin({ restored: { state: 'backoff', memory: { ...freshMemory, restarts: [restart, restart], until: 4_000 } } })
  backoff.send('START')
  assert.is(backoff.path.at(-1), 'backoff')
  backoff.clock.increment(4_000)
  backoff.send('SLOT', 'READY', down(), 'READY')
  assert.is(backoff.memory().restarts.length, 3)

  const late = begin({ restored: { state: 'backoff', memory: { ...freshMemory, until: -1 } } })
  late.send('START')
  assert.is(late.path.at(-1), 'queued')

  const running = begin({ restored: { state: 'running', memory: freshMemory } })
  assert.equal(running.path, ['idle'])
})

test('a recycled worker drains, keeps its slot, and starts again; it counts as no restart', () => {
  const { effects, memory, path, run, send } = begin()
  run()
  send({ type: 'RECYCLE', reason: '5 tasks done' }, { type: 'RECYCLE', reason: 'told twice' }, 'COMPLETE', 'MORE')
  assert.is(effects.at(-1), 'finish 10000')
  send(asked)
  assert.equal([path.slice(-2), memory().reason], [['running', 'queued'], 'recycled: 5 tasks done'])
  assert.not.ok(effects.includes('releaseSlot'))
  send('SLOT', 'READY')
  assert.equal([path.at(-1), memory().restartCount, memory().restarts], ['running', 0, []])
})

test('a recycled worker that fails while it drains has failed', () => {
  const { path, run, send } = begin()
  run()
  send({ type: 'RECYCLE', reason: '5 tasks done' }, down())
  assert.equal(path.slice(-2), ['crashed', 'starting'])
})

test('ten minutes of a worker that crashes every 40 s never blacklist it', () => {
  const { clock, path, run, send } = begin()
  run()
  for (let at = 0; at < 600_000; at += 40_000) {
    clock.increment(40_000)
    send(down('uncaught-error', 40_000), 'READY')
  }
  assert.is(path.at(-1), 'running')
  assert.not.ok(path.includes('backoff'))
})

test('a thread with nothing left to do stays for so long, and then its worker is completed', () => {
  const { clock, path, effects, actor, run, send, memory } = begin({ idleMs: 5_000 })
  run()
  send({ type: 'COMPLETE', reason: 'nothing left to do: 5 done, 1 dead' })
  assert.equal(actor.getSnapshot().value, { live: { running: 'idle' } })
  assert.is(memory().reason, 'nothing left to do: 5 done, 1 dead')
  clock.increment(4_999)
  // Asked again, and found empty again: that makes it stay no longer.
  send('MORE', 'COMPLETE')
  assert.not(effects.includes('finish 10000'))
  clock.increment(1)
  assert.is(effects.at(-1), 'finish 10000')
  send(asked)
  assert.is(path.at(-1), 'completed')
})

test('work that comes in time is done by the thread that is there, and the wait begins anew after it', () => {
  const { clock, actor, effects, run, send } = begin({ idleMs: 5_000 })
  run()
  send('COMPLETE')
  clock.increment(4_000)
  send('MORE', 'WORKING')
  assert.equal(actor.getSnapshot().value, { live: { running: 'working' } })
  clock.increment(60_000)
  send('COMPLETE')
  clock.increment(4_999)
  assert.not(effects.includes('finish 10000'))
  assert.is(effects.filter((effect) => effect === 'spawn').length, 1)
})

test('an idle thread ends at once if another worker waits for its slot, or if it is stopped', () => {
  for (const [event, end] of [
    ['YIELD', 'completed'],
    ['STOP', 'stopped'],
  ] as const) {
    const { path, run, send } = begin({ idleMs: 5_000 })
    run()
    send('COMPLETE', event, asked)
    assert.is(path.at(-1), end)
  }
})

test.run()
