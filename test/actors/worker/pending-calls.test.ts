/** What is asked of hundreds of workers comes to each in its turn, and whatever else comes to one of them until then comes after it. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { OpenSystem } from '../../../src/actors/system/contract.js'
import { lookWhetherOver } from '../../../src/actors/worker/lane-check.js'
import type { ManagedWorker } from '../../../src/actors/worker/worker.js'
import type { Drover } from '../../../src/drover/drover.js'
import { type DroverOptions, supervisor, type WorkerOptions } from '../../../src/index.js'
import { cleanUp, event, items, openWithParts, state, temporaryFolder, worker } from '../../support/system.js'

test.after.each(cleanUp)

const caller = new URL('../../fixtures/caller.worker.js', import.meta.url)
const minute = { limit: 1_000, per: 'minute' } as const
/** Those that have their turn at once: what is asked of all comes to the ones after them later. */
const before = Array.from({ length: 55 }, (_, i) => worker(`before-${i}/x`, { dataset: 'none' }))
const late = ['late-0/x', 'late-1/x', 'late-2/x']
const spends = (more: Partial<WorkerOptions> = {}) => late.map((id) => worker(id, { module: caller, quota: 'key', ...more }))

async function opening(options: Partial<DroverOptions> & Pick<DroverOptions, 'workers'>) {
  const { system, opened } = await openWithParts({ store: ':memory:', ...options })
  const own = late.map((id) => opened.managed.get(id) as ManagedWorker)
  return { system, opened, own }
}

const statesOf = (system: Drover) => late.map((id) => system.worker(id).status().state)
const load = (system: Drover, used = {}) =>
  system.load(
    'data',
    items(6, () => ({ used })),
  )

/** Everything that was on its way has come. */
async function settle({ parts }: OpenSystem): Promise<void> {
  await parts.store.client.call('counts', { workers: late })
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
}

async function parked() {
  const told = await opening({ workers: [...before, ...spends()], quotas: { key: { requests: { limit: 1, per: 'hour' } } } })
  await load(told.system)
  await told.system.start(late)
  await Promise.all(late.map((id) => state(told.system, id, 'parked')))
  return told
}

async function spent() {
  const told = await opening({ workers: [...before, ...spends()], quotas: { key: { requests: minute, budget: { cost: 1 } } } })
  await load(told.system, { cost: 1 })
  await told.system.start(late)
  await Promise.all(late.map((id) => state(told.system, id, 'paused')))
  return told
}

test('a quota that grants again brings back no parked worker whose stop is still to have its turn', async () => {
  const { system, opened, own } = await parked()
  const stopped = system.stop()
  for (const each of own) each.quotaChanged()
  await stopped
  await settle(opened)
  assert.equal(statesOf(system), ['stopped', 'stopped', 'stopped'])
})

test('a lane with nothing left brings back no parked worker whose stop is still to have its turn', async () => {
  const { system, opened, own } = await parked()
  await system.setTarget(late, 0)
  for (const each of own) each.owe(() => each.stop({ type: 'STOP' }))
  await Promise.all(own.map((each) => lookWhetherOver(each)))
  await settle(opened)
  assert.equal(statesOf(system), ['stopped', 'stopped', 'stopped'])
})

test('a budget that is raised resumes no worker whose pause by hand is still to have its turn', async () => {
  const { system, opened, own } = await spent()
  const paused = system.pause()
  for (const each of own) each.quotaChanged()
  await paused
  await settle(opened)
  assert.equal(statesOf(system), ['paused', 'paused', 'paused'])
  assert.ok(own.every(({ pauseWanted, memory }) => pauseWanted && memory.paused !== null))
})

test('a worker that is paused by hand while its quota is looked at stays paused', async () => {
  const { system, opened } = await spent()
  const raised = opened.parts.config.quotas.map((quota) => ({ ...quota, windows: quota.windows.filter(({ per }) => per !== 'ever') }))
  await opened.parts.calls.call('declareQuotas', { quotas: raised })
  const looked = opened.parts.quotas.lookAgain()
  await system.pause(late)
  await looked
  await settle(opened)
  assert.equal(statesOf(system), ['paused', 'paused', 'paused'])
})

test('a load takes no slot for a worker whose stop is still to have its turn', async () => {
  const { system, opened, own } = await opening({ workers: [...before, ...late.map((id) => worker(id))] })
  await system.start()
  assert.equal(statesOf(system), ['queued', 'queued', 'queued'])
  const stopped = system.stop()
  opened.loaded.add('data')
  for (const each of own) each.seeLoad()
  await stopped
  await settle(opened)
  assert.equal([statesOf(system), system.status().slots.used], [['stopped', 'stopped', 'stopped'], 0])
})

test('a worker that another host lets go is not taken over when its stop is still to have its turn', async () => {
  for (const owed of ['before', 'after'] as const) {
    const store = join(temporaryFolder(), 'test.db')
    const workers = [...before, ...late.map((id) => worker(id))]
    const first = await opening({ store, workers })
    const { system, opened, own } = await opening({ store, workers })
    await first.system.start(late)
    const outcomes = await system.start(late)
    assert.ok(outcomes.every(({ message }) => message.startsWith('waits: held')))
    await first.system.stop(late)
    for (const each of own) {
      const owe = (): void => each.owe(() => each.stop({ type: 'STOP' }))
      if (owed === 'before') owe()
      each.seeHolder(null)
      if (owed === 'after') owe()
    }
    await Promise.all(own.map((each) => opened.until(() => !each.beingStarted)))
    for (const each of own) each.catchUp()
    await settle(opened)
    assert.equal(statesOf(system), ['stopped', 'stopped', 'stopped'], `owed ${owed} it is seen`)
  }
})

test('a stop in order, as it comes to a worker, does not cancel a start that was called after it and is still to have its turn', async () => {
  const children = late.map((id) => worker(id, { input: { everyMs: 20 } }))
  const { system, own } = await opening({ workers: [supervisor({ id: 's', strategy: 'rest-for-one', children })] })
  await system.load('data', items(5_000))
  await system.start()
  await Promise.all(own.map(({ id }) => state(system, id, 'running')))
  const [first] = own as [ManagedWorker]
  const down = event(system, 'worker:state:changed', ({ worker: id, to }) => id === first.id && to === 'stopped')
  const stopped = system.stop('s')
  const start = first.announceStart()
  await down
  assert.not.ok(start.cancelled)
  assert.is(await first.start(start), 'started')
  await stopped
})

test('no thread is made for a worker whose stop is still to have its turn', async () => {
  const { system, opened, own } = await opening({ workers: [...before, ...late.map((id) => worker(id))] })
  await load(system)
  const { beatMemory } = opened.parts
  const take = beatMemory.take.bind(beatMemory)
  let threads = 0
  beatMemory.take = () => {
    threads++
    return take()
  }
  system.on('worker:state:changed', ({ worker: id, to }) => {
    const one = own.find((each) => each.id === id)
    if (to === 'starting') one?.owe(() => one.stop({ type: 'STOP' }))
  })
  const stopped = late.map((id) => event(system, 'worker:state:changed', ({ worker: own, to }) => own === id && to === 'stopped'))
  await system.start(late)
  await Promise.all(stopped)
  assert.is(threads, 0)
})

test.run()
