import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'uvu'
import { applyPatch } from '../../../src/http/client/apply-patch.js'
import { keep } from '../../../src/http/client/same.js'
import type { LiveState } from '../../../src/http/contract/socket.js'
import { diff, type WholeState } from '../../../src/http/socket/diff.js'
import { closeSockets, follow, RawClient, serveSockets } from '../../support/sockets.js'
import { cleanUp, items, open, puppet, state, until, worker } from '../../support/system.js'

test.after.each(async () => {
  await closeSockets()
  await cleanUp()
})

/** Names that JavaScript has plans of its own for are among them. */
const id = fc.constantFrom('a/x', 'a/y', 'b/x', '__proto__', 'constructor', 'toString', '7')
const field = fc.oneof(
  fc.constantFrom('idle', 'running', null, 0, 1),
  fc.record({ done: fc.nat(2) }),
  fc.array(fc.nat(1), { maxLength: 2 }),
)
const row = fc.record({ state: field, progress: field, until: field })
const byId = fc.uniqueArray(fc.tuple(id, row), { selector: ([name]) => name, maxLength: 5 }).map((rows) => Object.fromEntries(rows))
const facts = fc.record({ state: field, since: fc.nat(2) })
const unique = { selector: ({ id }: { id: string }) => id, maxLength: 6 }
/** Workers at the top and below a supervisor, each name once. */
const tree = fc.uniqueArray(fc.record({ id, facts, below: fc.boolean() }), unique).map((nodes) => {
  const [above, below] = [nodes.filter((node) => !node.below), nodes.filter((node) => node.below)]
  const workers = (some: typeof nodes) => some.map(({ id, facts: { state } }) => ({ worker: id, state }))
  const [first, ...others] = above
  return first ? [{ supervisor: first.id, ...first.facts, children: workers(below) }, ...workers(others)] : workers(below)
})
const whole = fc.record({
  overview: fc.record({ states: fc.dictionary(id, fc.nat(2)), done: fc.nat(2), attention: fc.array(field, { maxLength: 2 }) }),
  workers: byId,
  tree,
  quotas: byId,
}) as unknown as fc.Arbitrary<WholeState>

const overTheWire = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T
/** fast-check makes objects without a prototype too. */
const plain = (value: unknown): string => JSON.stringify(value, (_key, inner: unknown) => (isRecord(inner) ? sorted(inner) : inner))
const isRecord = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
const sorted = (value: object): object => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))

test('a patch makes of a state what the next state says, whatever changed', () => {
  fc.assert(
    fc.property(fc.array(whole, { minLength: 2, maxLength: 6 }), (states) => {
      let told: LiveState = overTheWire(states[0] as WholeState)
      for (const [at, after] of states.slice(1).entries()) {
        const before = states[at] as WholeState
        const patch = diff(before, after)
        if (patch) told = applyPatch(told, overTheWire(patch))
        assert.equal(plain(told), plain(after))
        assert.equal(patch === null, plain(before) === plain(after))
      }
    }),
    { numRuns: 500 },
  )
})

test('a patch, and a fresh state, leave what did not change as it is', () => {
  fc.assert(
    fc.property(whole, whole, (before, after) => {
      const state = overTheWire(before) as LiveState
      const text = JSON.stringify(state)
      const patched = applyPatch(state, diff(before, after) ?? {})
      const joined = keep(state, overTheWire(after))
      assert.equal(plain(joined), plain(after))
      for (const next of [patched, joined])
        for (const name of Object.keys(after.workers)) {
          const [was, is] = [own(state.workers, name), own(next.workers, name)]
          if (was !== undefined && plain(was) === plain(is)) assert.equal(was, is)
        }
      assert.equal(JSON.stringify(state), text, 'nothing was changed in place')
      assert.equal(keep(state, overTheWire(state)), state)
    }),
    { numRuns: 500 },
  )
})

function own(record: object | undefined, name: string): unknown {
  return record && Object.getOwnPropertyDescriptor(record, name)?.value
}

test('under changes of every kind, patches add up to what a fresh connection is shown', async () => {
  const system = await open({ workers: [worker('a/0'), worker('a/1'), worker('a/2')], concurrency: 2 })
  const { url } = await serveSockets(system)
  /** What the patches made of the state, by their number. */
  const known = new Map<number, object>()
  const followed = await follow(new RawClient(url, 'protocol=2&tree=patches'), ({ seq, data }) => known.set(seq, data))
  if (!known.has(followed.seq)) known.set(followed.seq, followed.data)
  const steps: (() => Promise<unknown>)[] = [
    () => system.load('data', items(200)),
    () => system.start('a/0'),
    () => system.pause('a/0'),
    () => system.add({ id: 'b/0', module: puppet, dataset: 'data' }),
    () => system.start(),
    () => system.resume('a/0'),
    () => system.add({ id: 'group', children: [worker('b/1')], strategy: 'one-for-all' }),
    () => system.load('data', [{ id: 'bad', do: 'give up' }]),
    () => system.blacklist('a/1', 'enough'),
    () => system.start('b/1'),
    () => system.remove('b/0'),
    () => system.update('a/2', { priority: 3 }),
    () => state(system, 'a/0', 'completed'),
    () => system.reset('a/1', { data: true }),
    () => system.stop(),
    () => system.remove('group'),
  ]
  for (const step of steps) {
    await step()
    const other = new RawClient(url)
    const fresh = await other.next('state')
    other.socket.close()
    await until(() => known.has(fresh.seq), 'the patches have come')
    assert.deepEqual(known.get(fresh.seq), fresh.data)
  }
  await until(() => followed.seq > 0 && followed.data.workers?.['b/1'] === undefined, 'the last change has come')
})

test.run()
