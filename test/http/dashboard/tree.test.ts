import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TreeNode } from '../../../src/http/contract/tree.js'
import { move, rowsOf, statesBelow, supervisorsIn } from '../../../src/http/dashboard/data/tree.js'

const supervisor = (name: string, children: TreeNode[]) => ({
  supervisor: name,
  strategy: 'one-for-one',
  state: 'up',
  reason: '',
  since: 0,
  restarts: { count: 0, limit: 3, withinMs: 5_000 },
  children,
})
const inner = supervisor('inner', [
  { worker: 'a', state: 'running' },
  { worker: 'b', state: 'stuck' },
])
const outer = supervisor('outer', [inner, { worker: 'c', state: 'running' }])
const tree: TreeNode[] = [outer, { worker: 'd', state: 'idle' }]
const open = new Set<string>()

test('rows come top to bottom, without what is below a closed supervisor', () => {
  assert.equal(
    rowsOf(tree, open).map(({ id, level, place, siblings }) => [id, level, place, siblings]),
    [
      ['outer', 1, 1, 2],
      ['inner', 2, 1, 2],
      ['a', 3, 1, 2],
      ['b', 3, 2, 2],
      ['c', 2, 2, 2],
      ['d', 1, 2, 2],
    ],
  )
  assert.equal(
    rowsOf(tree, new Set(['inner'])).map(({ id }) => id),
    ['outer', 'inner', 'c', 'd'],
  )
  assert.equal(supervisorsIn(tree), ['outer', 'inner'])
})

test('arrow keys go through the tree as its pattern has it', () => {
  const rows = rowsOf(tree, open)
  const closed = new Set(['inner'])
  for (const [key, from, wanted] of [
    ['ArrowDown', 'inner', { to: 'a' }],
    ['ArrowUp', 'a', { to: 'inner' }],
    ['ArrowUp', 'outer', null],
    ['ArrowDown', 'd', null],
    ['Home', 'b', { to: 'outer' }],
    ['End', 'a', { to: 'd' }],
    ['ArrowRight', 'outer', { to: 'inner' }],
    ['ArrowRight', 'a', null],
    ['ArrowLeft', 'a', { to: 'inner' }],
    ['ArrowLeft', 'inner', { close: 'inner' }],
    ['ArrowLeft', 'd', null],
    ['x', 'a', null],
    ['ArrowDown', 'who is gone', { to: 'outer' }],
  ] as const)
    assert.equal(move(key, rows, from, open), wanted, `${key} at ${from}`)
  assert.equal(move('ArrowRight', rowsOf(tree, closed), 'inner', closed), { open: 'inner' })
  assert.equal(move('ArrowLeft', rowsOf(tree, closed), 'inner', closed), { to: 'outer' })
})

test('a supervisor knows the states of all workers below it', () => {
  assert.equal(statesBelow(outer), { running: 2, stuck: 1 })
})

test.run()
