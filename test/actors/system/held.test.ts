/** A worker that another host holds: it waits, is taken over by itself when that host lets it go or is gone, and says so. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ControlOutcome } from '../../../src/index.js'
import { hostTtlMs } from '../../../src/store/contract/engine.js'
import { drive, endHosts } from '../../support/driven-hosts.js'
import { kill, said } from '../../support/kill-rounds.js'
import { canUnshare } from '../../support/namespaces.js'
import { cleanUp, collect, event, items, open, openWithParts, state, temporaryFolder, until, worker } from '../../support/system.js'

test.after.each(endHosts)
test.after.each(cleanUp)

const slow = { input: { everyMs: 20 } }

/** Another process that works on `a/x`, and a system here that has asked for it. */
async function waiting(orders: { hostTtlMs?: number } = {}, wrapper: string[] = []) {
  const store = join(temporaryFolder(), 'test.db')
  const host = drive({ store, workers: [{ id: 'a/x', dataset: 'data', ...slow }], load: { data: items(100) }, ...orders }, {}, wrapper)
  await said(host, 'a/x running')
  const system = await open({ store, concurrency: 1, workers: [worker('a/x', slow), worker('b/x', { dataset: 'others' })] })
  const [outcome] = (await system.start('a/x')) as [ControlOutcome]
  return { store, host, system, outcome }
}

test('a worker that another host holds waits without a slot, says for whom everywhere, and is taken over when that host is killed', async () => {
  const { host, system, outcome } = await waiting()
  const held = new RegExp(`held by another host: pid ${host.pid} on .*, since \\d{4}-`)
  assert.is(outcome.ok, true)
  assert.match(outcome.message, /^waits: held/)
  assert.match(outcome.message, held)
  const status = system.worker('a/x').status()
  assert.equal([status.state, status.heldBy?.pid], ['queued', host.pid])
  assert.match(status.reason, held)
  assert.equal(system.status().slots.used, 0)
  assert.match((await system.start('a/x'))[0]?.message ?? '', held)
  const warnings = system.logs({ limit: 100 }).filter(({ level, message }) => level === 'warn' && held.test(message))
  assert.is(warnings.length, 1)

  await system.load('others', items(3))
  await system.start('b/x')
  await state(system, 'b/x', 'completed')

  const done = system.done()
  const free = event(system, 'worker:holder:changed', ({ holder }) => holder === null)
  const failed = event(system, 'worker:failure:recorded')
  const killed = performance.now()
  await kill(host)
  await free
  assert.ok(performance.now() - killed < hostTtlMs * 0.8, 'it was taken over only when its signs of life had run out')
  assert.is(system.worker('a/x').status().heldBy, null)
  assert.is((await failed).failure.kind, 'orphaned')
  const report = await done
  assert.is(report.results, 103)
  assert.is((await collect(system.results({ domain: 'x', annotator: 'a' }))).length, 100)
})

test('a worker that waits for another host can be stopped, and is not taken over then', async () => {
  const { host, system } = await waiting()
  assert.is((await system.stop('a/x'))[0]?.state, 'stopped')
  await kill(host)
  await until(() => system.worker('a/x').status().heldBy === null, 'its status says that nobody holds it')
  assert.is(system.worker('a/x').status().state, 'stopped')
  assert.ok((await system.done()).stopped.includes('a/x'))
})

test('a worker that another host released in order is taken over in its state: a blacklisted one stays so', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const workers = [worker('a/x', slow), worker('b/x', slow), worker('c/x', slow)]
  const first = await open({ store, workers })
  await first.load('data', items(100))
  await first.start()
  await state(first, 'c/x', 'running')
  const { system: second } = await openWithParts({ store, workers })
  await second.start()
  assert.equal(second.status().states, { queued: 3 })

  await first.blacklist('a/x', 'it lies')
  await first.stop('b/x')
  await state(second, 'a/x', 'blacklisted')
  assert.is(second.worker('a/x').status().reason, 'it lies')
  await state(second, 'b/x', 'running')
  await first.done()
  await state(second, 'c/x', 'completed')
  assert.is((await second.done()).results, 200 + (second.worker('a/x').status().progress?.done ?? 0))
})

test("with onHeld: 'refuse' a start is refused, and the status does not say for ever who held it", async () => {
  const store = join(temporaryFolder(), 'test.db')
  const host = drive({ store, workers: [{ id: 'a/x', dataset: 'data', ...slow }], load: { data: items(100) } })
  await said(host, 'a/x running')
  const system = await open({ store, onHeld: 'refuse', workers: [worker('a/x')] })
  const [outcome] = (await system.start()) as [ControlOutcome]
  assert.is(outcome.ok, false)
  assert.match(outcome.message, /^held by another host: pid/)
  assert.equal([system.worker('a/x').status().state, system.worker('a/x').status().heldBy?.pid], ['idle', host.pid])
  await kill(host)
  await until(() => system.worker('a/x').status().heldBy === null, 'its status says that nobody holds it')
  assert.is(system.worker('a/x').status().state, 'idle')
  assert.is((await system.start())[0]?.ok, true)
  assert.is((await system.done()).results, 100)
})

const alone = ['--pid', '--fork', '--mount-proc', '--kill-child=KILL']
const inContainers = canUnshare(alone) ? test : test.skip

inContainers(
  'a container that is killed with -9 and run once more finishes what the first one had, when that one has given no sign of life',
  async () => {
    const ttlMs = 8_000
    const container = ['unshare', ...alone]
    const store = join(temporaryFolder(), 'test.db')
    const orders = { store, hostTtlMs: ttlMs, workers: [{ id: 'a/x', dataset: 'data', ...slow }], load: { data: items(100) } }
    const first = drive(orders, {}, container)
    await said(first, 'a/x running')
    await kill(first)
    const killed = performance.now()
    const second = drive(orders, {}, container)
    const started = said<{ at: string; outcomes: ControlOutcome[] }>(second, 'started')
    const done = said<{ at: string; report: { results: number } }>(second, 'done')
    const isOver = (): boolean => performance.now() - killed > ttlMs * 0.7
    const { message } = (await started).outcomes[0] as ControlOutcome
    // On a busy machine it is known to be gone by then.
    assert.ok(/^waits: held by another host: pid 1 on /.test(message) || isOver(), message)
    assert.is((await done).report.results, 100)
    assert.ok(isOver(), 'it was taken although its holder might have been there')
  },
)

test.run()
