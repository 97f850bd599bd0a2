/** No worker runs unless somebody has started it in this host, and nobody has stopped it since. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freshMemory, type LifecycleEvent } from '../../../src/machines/lifecycle/contract.js'
import type { WorkerState } from '../../../src/machines/lifecycle/states.js'
import { seededRandom } from '../../../src/testing/seeded-random.js'
import { asked, begin, down } from './support/lifecycle.js'

const resting: readonly (WorkerState | undefined)[] = ['idle', 'stopped', 'completed', 'blacklisted']
const nudges: LifecycleEvent[] = [{ type: 'MORE' }, { type: 'WAKE' }, { type: 'RESTART' }, { type: 'RESUME' }, { type: 'SLOT' }]

for (const left of resting as WorkerState[]) {
  test(`a worker that an earlier host left ${left} is set going by nothing but a start`, () => {
    const { path, effects, send } = begin({ restored: { state: left, memory: freshMemory } })
    for (const nudge of nudges) {
      send(nudge)
      assert.ok(resting.includes(path.at(-1)), `${nudge.type} led to ${path.at(-1)}`)
    }
    assert.not(effects.includes('requestSlot'))
  })
}

test('a completed worker that was not started here becomes idle when there is more to do, and waits for its start', () => {
  const { path, send, memory } = begin({ restored: { state: 'completed', memory: freshMemory } })
  send('MORE')
  assert.equal(path, ['completed', 'idle'])
  assert.is(memory().reason, 'more to do: start it')
  send('START')
  assert.is(path.at(-1), 'queued')
})

test('a completed worker that was started continues with new items, until it is stopped', () => {
  const { path, run, send } = begin()
  run()
  send('COMPLETE', asked, 'MORE')
  assert.is(path.at(-1), 'queued')
  send('SLOT', 'READY', 'COMPLETE', asked, 'STOP', 'MORE')
  assert.is(path.at(-1), 'idle')
  send('RESTART')
  assert.is(path.at(-1), 'idle')
})

test('a parked worker is woken when what it waits for is there, but not when its stop is announced', () => {
  const { path, run, send } = begin()
  run()
  send({ type: 'PARK', until: 5_000, reason: 'quota is spent' }, asked, 'WAKE')
  assert.is(path.at(-1), 'queued')
  send('SLOT', 'READY', { type: 'PARK', until: 5_000, reason: 'quota is spent' }, asked, 'UNWANTED', 'WAKE')
  assert.is(path.at(-1), 'parked')
  send('STOP', 'WAKE')
  assert.is(path.at(-1), 'stopped')
})

test('parole does not bring back a worker that was stopped before it was given up', () => {
  const { clock, path, send } = begin({ restored: { state: 'blacklisted', memory: { ...freshMemory, until: 1_000 } } })
  send('START', 'STOP')
  clock.increment(1_000)
  assert.is(path.at(-1), 'blacklisted')
})

test('after any events in any order, a stopped worker stays down until it is started', () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  const random = seededRandom(seed)
  const events: LifecycleEvent[] = [
    { type: 'START' },
    { type: 'STOP' },
    { type: 'STOP', drainMs: 0 },
    { type: 'RESET' },
    { type: 'BLACKLIST', why: 'by hand' },
    { type: 'RESTART' },
    { type: 'PAUSE' },
    { type: 'RESUME' },
    { type: 'MORE' },
    { type: 'WAKE' },
    { type: 'SLOT' },
    { type: 'READY' },
    { type: 'COMPLETE' },
    { type: 'PARK', until: 5_000, reason: 'quota is spent' },
    { type: 'RECYCLE', reason: 'old' },
    { type: 'STUCK', kind: 'heartbeat-lost', message: 'no beat' },
    down(),
    asked,
  ]
  for (let life = 0; life < 300; life++) {
    const { clock, path, actor, send } = begin({ policy: { parole: { afterMs: 2_000 } } })
    const told: string[] = []
    let wanted = false
    for (let step = 0; step < 60; step++) {
      const next = events[Math.floor(random() * events.length)] as LifecycleEvent
      const before = path.at(-1)
      // A worker that was given up takes no start; one that runs takes no reset.
      if (next.type === 'START' && !(before === 'blacklisted' && actor.getSnapshot().context.memory.until === null)) wanted = true
      if (next.type === 'STOP' || (next.type === 'RESET' && resting.includes(before))) wanted = false
      const entered = path.length
      send(next)
      if (random() < 0.1) clock.increment(1_000)
      told.push(`${next.type} -> ${path.at(-1)}`)
      if (wanted || path.at(-1) === 'stopping') continue
      const began = path.slice(entered).filter((state) => state === 'queued' || state === 'starting')
      assert.equal(began, [], `seed ${seed}: ${told.join(', ')}`)
    }
  }
})

test.run()
