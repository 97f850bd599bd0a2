/**
 * Whatever is done to tasks, in whatever order: they are where a simple model has them, come in the order in which it has them, and the
 * store's counters are right.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TaskState } from '../../src/store/contract/single-tasks.js'
import type { Outcome } from '../../src/store/contract/tasks.js'
import { openSqliteEngine } from '../../src/store/sqlite/engine.js'
import { keepEvents } from './support/contract.js'
import { assertConsistent } from './support/counters.js'
import { boom } from './support/desk.js'
import { newFolder } from './support/folders.js'
import { newStore } from './support/new-store.js'
import { TaskModel } from './support/task-model.js'
import { type Step, steps } from './support/task-steps.js'
import { World } from './support/world.js'

/** The store's own check is made after so many steps, and after the last. */
const checkEvery = 12
const why = { name: 'Dropped', message: 'why' }
const states: readonly TaskState[] = ['waiting', 'leased', 'retrying', 'done', 'dead']

function run(sequence: readonly Step[]): void {
  const { folder, remove } = newFolder()
  const file = join(folder, 'drover.db')
  const world = new World()
  newStore(file)
  const engine = openSqliteEngine({ file, durability: 'process', keepEvents, now: world.now, isGone: world.isGone })
  try {
    const model = new TaskModel()
    const fences = new Map<string, number>()
    const requests = new Map<string, number>()
    const tokens = new Map<string, number>()
    let calls = 0
    engine.join({ host: world.host(1) })

    const declare = (name: string): void => {
      engine.declare({ workers: [{ worker: `${name}/x`, lane: { dataset: 'data', annotator: name, domain: 'x', target: null } }] })
      const reply = engine.acquire({ worker: `${name}/x`, host: 'host-1' })
      if ('fence' in reply) fences.set(name, reply.fence)
      model.declare(name)
    }
    const exchange = (name: string, outcomes: Outcome[], want: number): string[] => {
      const request = (requests.get(name) ?? 0) + 1
      requests.set(name, request)
      const { leases } = engine.exchange({ worker: `${name}/x`, fence: fences.get(name) as number, request, outcomes, want })
      for (const [index, token] of leases.tokens.entries()) tokens.set(`${name} ${leases.keys[index]}`, token)
      const releases = leases.keys.map((key) => model.releases(name, key))
      assert.equal(leases.releases, releases, 'how often they were given back')
      return leases.keys
    }
    const filterOf = (name: string | null) => ({ dataset: 'data', ...(name !== null && { annotator: name }) })

    const apply = (step: Step): void => {
      switch (step.do) {
        case 'load': {
          const items = step.priorities.map((priority, index) => ({ key: `k${model.items.length + index}`, data: '1', priority }))
          engine.enqueue({ dataset: 'data', items, onConflict: 'error' })
          model.load(items)
          return
        }
        case 'declare':
          if (!model.lanes.has(step.lane)) declare(step.lane)
          return
        case 'claim':
          assert.equal(exchange(step.lane, [], step.want), model.claim(step.lane, step.want, world.now()), 'what a claim hands out')
          return
        case 'settle': {
          const leased = model.keysIn(step.lane, 'leased')
          const key = leased[step.pick % Math.max(1, leased.length)]
          if (key === undefined) return
          const token = tokens.get(`${step.lane} ${key}`) as number
          if (step.how === 'complete') exchange(step.lane, [{ do: 'complete', token, value: '1' }], 0)
          else if (step.how === 'release') exchange(step.lane, [{ do: 'release', token, inMs: step.inMs ?? 0 }], 0)
          else if (step.how === 'later') exchange(step.lane, [{ do: 'release', token, inMs: step.inMs ?? 0, later: true }], 0)
          else exchange(step.lane, [{ do: 'fail', token, error: boom, retryInMs: step.inMs }], 0)
          model.settle(step.lane, key, step.how, step.inMs, world.now())
          return
        }
        case 'drop': {
          const { lane, state, keys, limit } = step
          const { count } = engine.drop({ filter: filterOf(lane), keys, state, error: why, limit })
          assert.is(count, model.drop(lane, state, keys, limit), 'how many were dropped')
          return
        }
        case 'prioritise': {
          const { count } = engine.prioritise({ filter: filterOf(step.lane), keys: step.keys, priority: step.priority })
          assert.is(count, model.prioritise(step.lane, step.keys, step.priority), 'how many have another priority')
          return
        }
        case 'promote':
          assert.is(
            engine.promote({ filter: filterOf(step.lane), keys: step.keys }).count,
            model.promote(step.lane, step.keys, world.now()),
          )
          return
        case 'redrive':
          assert.is(engine.redrive({ filter: filterOf(step.lane), keys: step.keys }).redriven, model.redrive(step.lane, step.keys))
          return
        case 'redo': {
          const { keys, again } = step
          const call = `call ${calls++}`
          const { count } = engine.redo({ filter: filterOf(step.lane), keys, call })
          assert.is(count, model.redo(step.lane, keys), 'how many are done again')
          if (again) assert.is(engine.redo({ filter: filterOf(step.lane), keys, call }).count, count, 'how many the repeat tells')
          return
        }
        case 'reset':
          engine.reset({ worker: `${step.lane}/x`, host: 'host-1', data: true })
          model.reset(step.lane)
          return
        case 'abandon':
          engine.abandon({
            worker: `${step.lane}/x`,
            fence: fences.get(step.lane) as number,
            abandoned: { working: [], finished: [] },
            error: boom,
            poisonAfter: 9,
            maxAttempts: 9,
          })
          model.abandon(step.lane)
          declare(step.lane)
          return
        case 'advance':
          world.advance(step.ms)
      }
    }

    const lists = [...states, undefined]
    /** A state of the tasks, or all: the next one after each step, by pages; and another one at once. */
    const compare = (n: number, pageSize: number): void => {
      compareList(lists[n % lists.length], pageSize)
      compareList(lists[(n + lists.length / 2) % lists.length], 1_000)
    }
    const compareList = (state: TaskState | undefined, limit: number): void => {
      for (const name of model.lanes.keys()) {
        const seen: object[] = []
        let after: string | null = null
        do {
          const page = engine.tasks({ filter: { worker: `${name}/x` }, ...(state && { state }), after, limit })
          seen.push(
            ...page.rows.map(({ key, state: is, priority, attempts, failures }) => ({ key, state: is, priority, attempts, failures })),
          )
          after = page.next
        } while (after !== null)
        assert.equal(seen, model.listed(name, state), `tasks of ${name}, ${state ?? 'all'}`)
      }
    }

    declare('a')
    declare('b')
    for (const [n, step] of sequence.entries()) {
      if ('lane' in step && step.lane !== null && step.do !== 'declare' && !model.lanes.has(step.lane)) continue
      apply(step)
      compare(n, step.pageSize)
      // Costs more than all the rest; what is wrong once stays so.
      if (n % checkEvery === 0) assertConsistent(file)
    }
    for (const state of lists) compareList(state, 1_000)
    for (const { key } of model.items) {
      for (const { annotator, pastResults } of engine.task({ dataset: 'data', key }).detail?.tasks ?? [])
        assert.is(pastResults, model.pastResults(annotator, key), 'how many results were set aside')
    }
    assertConsistent(file)
  } finally {
    engine.close()
    remove()
  }
}

test('after any moves of tasks, they are in their place, and are handed out in order', () => {
  fc.assert(fc.property(steps, run), { numRuns: 60, includeErrorInReport: true })
})

test.run()
