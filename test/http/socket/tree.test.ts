/** The tree over the WebSocket: as patches for whoever understands them, whole for whoever does not, and nothing for all others. */
import assert from 'node:assert/strict'
import { test } from 'uvu'
import type { Drover } from '../../../src/drover/drover.js'
import { applyPatch } from '../../../src/http/client/apply-patch.js'
import type { TreeNode } from '../../../src/http/contract/tree.js'
import { treeDiff } from '../../../src/http/socket/tree-diff.js'
import type { WorkerState } from '../../../src/machines/lifecycle/states.js'
import { closeSockets, follow, RawClient, serveSockets } from '../../support/sockets.js'
import { cleanUp, open, until, worker } from '../../support/system.js'

test.after.each(async () => {
  await closeSockets()
  await cleanUp()
})

const many = (length: number) => Array.from({ length }, (_, n) => worker(`w${n}/x`))

/** Counts how often the tree is looked at. */
function countTrees(system: Drover): { looks: number } {
  const counted = { looks: 0 }
  const { tree } = system
  system.tree = () => {
    counted.looks++
    return tree.call(system)
  }
  return counted
}

test('of a tree of 300 workers, whoever understands patches gets the one that changed, and whoever does not gets all of it', async () => {
  const system = await open({ workers: [{ id: 'group', children: many(300) }] })
  const { url } = await serveSockets(system)
  const [patched, whole] = [new RawClient(url, 'protocol=2&topics=tree&tree=patches'), new RawClient(url, 'protocol=2&topics=tree')]
  await Promise.all([patched.next('state'), whole.next('state')])
  await system.blacklist('w7/x', 'enough')
  const patch = await patched.next('patch', ({ data }) => data.tree !== undefined)
  assert.deepEqual(patch.data, { tree: { 'w7/x': { state: 'blacklisted' } } })
  assert.ok(JSON.stringify(patch).length < 150)
  const { data } = await whole.next('patch', ({ data }) => data.tree !== undefined)
  const [group] = Array.isArray(data.tree) ? data.tree : []
  assert.ok(group && 'children' in group)
  assert.equal(group.children.length, 300)
  assert.deepEqual(group.children[7], { worker: 'w7/x', state: 'blacklisted' })
})

test('a patch of the tree leaves the nodes that it does not name as they are, and names no others', () => {
  const node = (worker: string, state: WorkerState): TreeNode => ({ worker, state })
  const group = (supervisor: string, children: TreeNode[], count = 0): TreeNode => {
    const restarts = { count, limit: 3, withinMs: 60_000 }
    return { supervisor, strategy: 'one-for-one', state: 'up', reason: '', since: 1, restarts, children }
  }
  const before = [
    group('a', [group('b', [node('b/1', 'idle'), node('b/2', 'idle')]), node('a/1', 'idle')]),
    group('c', [node('c/1', 'idle')]),
  ]
  const after = [
    group('a', [group('b', [node('b/1', 'idle'), node('b/2', 'running')]), node('a/1', 'idle')], 1),
    group('c', [node('c/1', 'idle')]),
  ]
  const patch = treeDiff(before, after)
  assert.deepEqual(patch, { a: { restarts: { count: 1, limit: 3, withinMs: 60_000 } }, 'b/2': { state: 'running' } })
  const { tree = [] } = applyPatch({ tree: before }, { tree: patch ?? {} })
  assert.deepEqual(tree, after)
  assert.equal(tree[1], before[1])
  const [a, b] = [tree[0], before[0]].map((node) => (node && 'children' in node ? node.children : []))
  assert.notEqual(a?.[0], b?.[0])
  assert.equal(a?.[1], b?.[1])
  assert.equal(treeDiff(before, structuredClone(before)), null)
  // The same names, but at other places.
  assert.equal(treeDiff(before, after.toReversed())?.length, 2)
})

test('a node that came or went is told with the whole tree', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url } = await serveSockets(system)
  const followed = await follow(new RawClient(url, 'protocol=2&topics=tree&tree=patches'))
  await system.add({ id: 'group', children: [worker('b/x')] })
  await until(() => JSON.stringify(followed.data.tree).includes('b/x'), 'it is told of')
  await system.blacklist('b/x', 'enough')
  await until(() => JSON.stringify(followed.data.tree).includes('blacklisted'), 'what is below it changes')
  await system.remove('group')
  await until(() => !JSON.stringify(followed.data.tree).includes('b/x'), 'it is gone')
  const fresh = await new RawClient(url, 'protocol=2&topics=tree').next('state')
  assert.deepEqual(followed.data, fresh.data)
})

test('the tree is looked at only while a connection has it, and is then as it is', async () => {
  const system = await open({ workers: [worker('a/x'), worker('b/x')] })
  const { url, hub } = await serveSockets(system)
  const counted = countTrees(system)
  const client = new RawClient(url, 'protocol=2&topics=workers&tree=patches')
  await client.next('state')
  await system.blacklist('a/x', 'enough')
  await client.next('patch', ({ data }) => data.workers?.['a/x']?.state === 'blacklisted')
  assert.equal(counted.looks, 0)
  client.send({ type: 'subscribe', topics: ['tree'] })
  const { data } = await client.next('state')
  assert.deepEqual(
    data.tree?.map((node) => node.state),
    ['blacklisted', 'idle'],
  )
  client.send({ type: 'subscribe', topics: ['workers'] })
  await client.next('state')
  const { looks } = counted
  await system.blacklist('b/x', 'enough')
  await client.next('patch', ({ data }) => data.workers?.['b/x']?.state === 'blacklisted')
  assert.equal(counted.looks, looks)
  assert.equal(hub.size, 1)
})

test('a connection that comes back is given the missed patches of the tree, or a whole tree if it does not understand them', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url } = await serveSockets(system)
  // Looks on, so that the changes have numbers.
  await follow(new RawClient(url, 'protocol=2&topics=tree&tree=patches'))
  const first = new RawClient(url, 'protocol=2&topics=tree')
  const { epoch } = await first.next('hello')
  const { seq } = await first.next('state')
  await system.blacklist('a/x', 'enough')
  await first.next('patch', ({ data }) => data.tree !== undefined)
  const since = `since=${epoch}.${seq}`
  const patched = new RawClient(url, `protocol=2&topics=tree&tree=patches&${since}`)
  assert.equal((await patched.next('hello')).resumed, true)
  assert.deepEqual((await patched.next('patch', ({ data }) => data.tree !== undefined)).data.tree, { 'a/x': { state: 'blacklisted' } })
  const whole = new RawClient(url, `protocol=2&topics=tree&${since}`)
  assert.equal((await whole.next('hello')).resumed, true)
  const { data } = await whole.next('patch', ({ data }) => data.tree !== undefined)
  assert.deepEqual(data.tree, [{ worker: 'a/x', state: 'blacklisted' }])
})

test.run()
