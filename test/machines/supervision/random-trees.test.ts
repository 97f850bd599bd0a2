import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RestartWindow } from '../../../src/machines/supervision/restart-window.js'
import type { RestartMode } from '../../../src/options/restart.js'
import { isSupervisor, type SupervisorNode, type TreeNode, workersOf } from '../../../src/options/tree.js'
import { grow, sup, type WorkerSpec } from './support/tree.js'

const mode = fc.constantFrom<RestartMode>('permanent', 'transient', 'temporary')
const backoffMs = fc.constantFrom(0, 0, 300, 20_000)
let made = 0

interface Shape {
  node: SupervisorNode
}

/** A tree of some depth whose ids are its own. */
const shape: fc.Memo<Shape> = fc.memo((depth) => {
  const worker = fc.record({ mode, initialMs: backoffMs }).map(({ mode: its, initialMs }): WorkerSpec => {
    const backoff = { immediate: 0, initialMs, maxMs: initialMs }
    return {
      id: `w${made++}`,
      mode: its,
      policy: { mode: its, backoff, maxRestarts: Number.POSITIVE_INFINITY, resetAfterMs: Number.POSITIVE_INFINITY },
    }
  })
  const child =
    depth > 1 ? fc.oneof({ weight: 2, arbitrary: worker }, { weight: 1, arbitrary: shape(depth - 1).map(({ node }) => node) }) : worker
  return fc
    .record({
      strategy: fc.constantFrom('one-for-one', 'one-for-all', 'rest-for-one'),
      mode,
      restarts: fc.nat(3),
      children: fc.array(child, { minLength: 1, maxLength: 4 }),
    })
    .map(({ strategy, mode: its, restarts, children }) => ({
      node: sup(`s${made++}`, { strategy, mode: its, intensity: { restarts, withinMs: 1_000 } } as Partial<SupervisorNode>, children),
    }))
})

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('crash' as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('return' as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('spend' as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resume' as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop all' as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('update' as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('more' as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('start' as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail to start' as const), at: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('be stubborn' as const), at: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), at: fc.nat(3_000) }) },
)

function supervisorsOf(node: TreeNode): SupervisorNode[] {
  return isSupervisor(node) ? [node, ...node.children.flatMap(supervisorsOf)] : []
}

test('after any events a tree comes to rest, no worker runs below a supervisor that is down, and every worker can be started again', () => {
  let wentDown = 0
  fc.assert(
    fc.property(shape(3), fc.array(step, { maxLength: 25 }), fc.integer({ min: 1, max: 8 }), ({ node }, steps, slots) => {
      const t = grow([node], { slots })
      const all = workersOf(node)
      /** Stopped by hand, and not started since. */
      const stopped = new Set<string>()
      t.start()
      for (const { do: what, at } of steps) {
        const id = all[at % all.length] as string
        if (what === 'stop') stopped.add(id)
        if (what === 'stop all') for (const each of all) stopped.add(each)
        if (what === 'start') stopped.delete(id)
        const isUp = t.state(id) === 'running'
        if (what === 'crash' && isUp) t.crash(id)
        else if (what === 'return' && isUp) t.returns(id)
        else if (what === 'spend' && isUp) t.tell(id, { type: 'PAUSE', byItself: true, reason: 'its budget is spent' })
        else if (what === 'resume') t.tell(id, { type: 'RESUME' })
        else if (what === 'stop') t.stop(id)
        else if (what === 'stop all') t.stop()
        else if (what === 'update' && t.state(id) !== 'queued') t.tell(id, { type: 'RESTART', reason: 'its options were changed' })
        else if (what === 'more') t.tell(id, { type: 'MORE' })
        else if (what === 'start') t.start(id)
        else if (what === 'restart' && isUp) t.tell(id, { type: 'RESTART' })
        else if (what === 'fail to start') t.failsToStart.set(id, 1 + (at % 2))
        else if (what === 'be stubborn') t.stubborn.add(id)
        else if (what === 'wait') t.clock.increment(at)
        assert.ok(t.slots.used <= slots, 'more slots are used than there are')
        for (const each of stopped) {
          assert.not.ok(['queued', 'backoff', 'parked'].includes(t.state(each)), `${each} was stopped, and is ${t.state(each)}`)
        }
      }
      t.stubborn.clear()
      for (let i = 0; i < 20; i++) {
        t.clock.increment(10_000)
        for (const id of all) if (t.state(id) === 'paused') t.tell(id, { type: 'RESUME' })
      }
      for (const each of stopped) {
        assert.ok(
          ['stopped', 'completed', 'idle'].includes(t.state(each)),
          `${each} was stopped and not started since, and is ${t.state(each)}`,
        )
      }
      for (const each of supervisorsOf(node)) {
        assert.ok(['up', 'down'].includes(t.state(each.id)), `${each.id} is ${t.state(each.id)} for ever`)
        if (t.state(each.id) !== 'down') continue
        wentDown++
        const live = workersOf(each).filter(
          (id) =>
            t.state(id) === 'running' &&
            supervisorsOf(each).every((below) => !workersOf(below).includes(id) || t.state(below.id) === 'down'),
        )
        assert.equal(live, [], `live below ${each.id}, which is down`)
      }
      assert.is(t.escalations.length > 0, t.escalated(), 'a topmost supervisor goes down with an escalation')
      if (slots >= all.length) {
        // One that had completed, was stopped, and has more to do is idle until somebody starts it.
        for (const id of all) {
          const rests = ['running', 'stopped', 'completed', ...(stopped.has(id) ? ['idle'] : [])]
          assert.ok(rests.includes(t.state(id)), `${id} is ${t.state(id)} for ever`)
        }
      }
      // Those that had slots leave them to the others in turn.
      t.failsToStart.clear()
      t.start()
      for (let i = 0; i < all.length + 1; i++) {
        t.clock.increment(30_000)
        for (const id of all) if (slots < all.length && t.state(id) === 'running') t.tell(id, { type: 'COMPLETE' })
      }
      for (const id of all) assert.is(t.state(id), slots < all.length ? 'completed' : 'running')
    }),
    { numRuns: 400 },
  )
  assert.ok(wentDown > 20, `only ${wentDown} supervisors went down: the test does not test that`)
})

test('no worker comes back below a supervisor that gives up while one below it is being restarted', () => {
  const none = { restarts: 0, withinMs: 1_000 }
  const inner = sup('inner', { intensity: none }, ['a'])
  const middle = sup('middle', { strategy: 'one-for-all', intensity: { restarts: 1, withinMs: 1_000 } }, ['b', inner])
  const t = grow([sup('top', { intensity: none }, [middle, 'c'])], { slots: 2 })
  t.start()
  // Once b has left its slot to it: then middle restarts inner, and top gives up in between.
  t.failsToStart.set('c', 1)
  t.crash('a')
  for (let i = 0; i < 20; i++) t.clock.increment(10_000)
  assert.equal([t.state('top'), t.state('inner'), t.up()], ['down', 'down', ''])
  t.start()
  assert.is(t.up(), 'b a')
})

test('a tree that is stopped in the middle of anything is down within one drain after another, and stays down', () => {
  fc.assert(
    fc.property(shape(3), fc.array(step, { maxLength: 15 }), fc.array(step, { maxLength: 10 }), ({ node }, before, after) => {
      const t = grow([node])
      const all = workersOf(node)
      t.start()
      const play = (steps: typeof before, only: string[]): void => {
        for (const { do: what, at } of steps) {
          const id = all[at % all.length] as string
          if (!only.includes(what)) continue
          if (what === 'crash' && t.state(id) === 'running') t.crash(id)
          else if (what === 'return' && t.state(id) === 'running') t.returns(id)
          else if (what === 'update') t.tell(id, { type: 'RESTART' })
          else if (what === 'more') t.tell(id, { type: 'MORE' })
          else if (what === 'stop') t.stop(id)
          else if (what === 'start') t.start(id)
          else if (what === 'be stubborn') t.stubborn.add(id)
          else if (what === 'wait') t.clock.increment(at)
        }
      }
      play(before, ['crash', 'return', 'update', 'more', 'stop', 'start', 'be stubborn', 'wait'])
      t.stop()
      play(after, ['crash', 'return', 'update', 'more', 'wait'])
      for (let i = 0; i < all.length; i++) t.clock.increment(5_000)
      for (const id of all) assert.ok(['stopped', 'completed', 'idle'].includes(t.state(id)), `${id} is ${t.state(id)}`)
      play(after, ['update', 'more'])
      t.clock.increment(3_600_000)
      for (const id of all) assert.ok(['stopped', 'completed', 'idle'].includes(t.state(id)), `later ${id} is ${t.state(id)}`)
      assert.is(t.slots.used, 0)
    }),
    { numRuns: 200 },
  )
})

// Found by the test above: who had run to its end below a supervisor that went down for good was restarted with the others.
test('a worker that has run to its end below a supervisor that is down for good is not restarted with those above', () => {
  const below = sup('below', { mode: 'temporary', intensity: { restarts: 0, withinMs: 1_000 } }, [
    'fails',
    { id: 'returns', mode: 'transient' },
  ])
  const t = grow([sup('top', { strategy: 'one-for-all' }, ['first', sup('between', {}, [below])])])
  t.start()
  t.returns('returns')
  t.crash('fails')
  assert.is(t.state('below'), 'down')
  t.crash('first')
  assert.equal([t.state('first'), t.state('below'), t.state('returns')], ['running', 'down', 'completed'])
})

test('a supervisor whose child fails as soon as it is up gives up, for any intensity and any waits', () => {
  const anyInt = (max: number) => fc.integer({ min: 1, max })
  fc.assert(
    fc.property(
      fc.nat(20),
      anyInt(100_000),
      fc.nat(1_000_000),
      fc.double({ min: 1, max: 4, noNaN: true }),
      (restarts, withinMs, initialMs, factor) => {
        const policy = { maxRestarts: Number.POSITIVE_INFINITY, backoff: { immediate: 0, initialMs, factor, maxMs: 2 ** 30 } }
        const t = grow([sup('s', { intensity: { restarts, withinMs } }, [{ id: 'a', policy }, 'b'])])
        t.start()
        for (let i = 0; i <= restarts; i++) {
          assert.is(t.state('s'), 'up')
          t.crash('a')
          if (t.state('a') === 'backoff') t.clock.increment(2 ** 30)
        }
        assert.is(t.state('s'), 'down')
      },
    ),
    { numRuns: 200 },
  )
})

test('time passes for a child only while nothing makes it wait', () => {
  const window = new RestartWindow({ restarts: 1, withinMs: 1_000 })
  assert.is(window.add('a', 0), null)
  window.waits('a', true, 0)
  window.waits('a', true, 50_000)
  window.waits('a', false, 100_000)
  assert.is(window.count(100_500), 1)
  assert.is(window.add('b', 100_500), 2)
  assert.is(window.count(101_000), 2)
  assert.is(window.count(101_001), 1)
  window.forget('b')
  assert.is(window.count(101_001), 0)
})

test.run()
