import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { StartOrder } from '../../../src/machines/supervision/start-order.js'
import type { SiblingPhase } from '../../../src/machines/supervision/strategies.js'
import { Tree } from '../../../src/machines/supervision/tree.js'
import type { SupervisorNode, TreeNode } from '../../../src/options/tree.js'

const worker = (id: string): TreeNode => ({ worker: id, mode: 'permanent', significant: false })
const supervisor = (id: string, strategy: SupervisorNode['strategy'], children: TreeNode[]): SupervisorNode => ({
  id,
  strategy,
  intensity: { restarts: 3, withinMs: 5_000 },
  mode: 'permanent',
  significant: false,
  autoShutdown: 'never',
  children,
})

/** 200 workers, and 20 supervisors of ten, under one. */
function grow() {
  const names = Array.from({ length: 400 }, (_, n) => `w${n}`)
  const tens = Array.from({ length: 20 }, (_, n) =>
    supervisor(`ten${n}`, 'rest-for-one', names.slice(200 + n * 10, 210 + n * 10).map(worker)),
  )
  const tree = new Tree([supervisor('all', 'one-for-one', [...names.slice(0, 200).map(worker), ...tens])])
  const phases = new Map<string, SiblingPhase>(names.map((name) => [name, 'wanted']))
  const admitted: string[] = []
  let asked = 0
  const order = new StartOrder({
    tree,
    phase: (name) => {
      asked++
      return phases.get(name) as SiblingPhase
    },
    admit: (name) => {
      phases.set(name, 'starting')
      admitted.push(name)
    },
  })
  const cost = (work: () => void): number => {
    asked = 0
    work()
    return asked
  }
  return { names, tree, phases, admitted, order, cost }
}

test('while one worker keeps hundreds under nested supervisors from starting, a look asks for little more than its phase', () => {
  const { names, order, phases, admitted, cost } = grow()
  for (const name of names) order.request(name)
  assert.equal(admitted, ['w0'])
  const asked = cost(() => order.look())
  // For the first in each of the 21 lines, at two supervisors each.
  assert.ok(asked <= 42, `${asked} phases`)
  for (const [n, name] of names.entries()) {
    assert.is(admitted.at(-1), name)
    phases.set(name, 'up')
    const looked = cost(() => order.look())
    assert.ok(looked <= 4 * names.length, `${looked} phases after ${n}`)
  }
  assert.equal(admitted, names)
})

test('a worker that kept others from starting and was removed keeps them no more', () => {
  const { names, order, phases, tree, admitted } = grow()
  for (const name of names) order.request(name)
  order.look()
  phases.delete('w0')
  tree.remove('w0')
  order.look()
  assert.equal(admitted, ['w0', 'w1'])
})

test.run()
