import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Drover, DroverError } from '../../../src/index.js'
import { cleanUp, isolations, items, open, until, worker } from '../../support/system.js'

test.after.each(cleanUp)

/** How each ended: its code, or 'taken'. */
async function counted(profiles: Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const outcome of await Promise.allSettled(profiles)) {
    const how = outcome.status === 'fulfilled' ? 'taken' : DroverError.is(outcome.reason) ? outcome.reason.code : String(outcome.reason)
    counts[how] = (counts[how] ?? 0) + 1
  }
  return counts
}

async function running(count: number, isolation: 'thread' | 'process'): Promise<{ system: Drover; ids: string[] }> {
  const ids = Array.from({ length: count }, (_, i) => `w${i}/x`)
  const system = await open({ workers: ids.map((id) => worker(id, { isolation, input: { everyMs: 20 } })) })
  await system.load('data', items(10_000))
  await system.start()
  await until(() => ids.every((id) => system.worker(id).status().state === 'running'), 'all are running')
  return { system, ids }
}

for (const isolation of isolations) {
  test(`one profile of a ${isolation} is taken at a time, however many ask, and the worker can be stopped after it`, async () => {
    const { system } = await running(1, isolation)
    const ask = (n: number): Promise<unknown>[] => Array.from({ length: n }, () => system.profile('w0/x', { ms: 200 }))
    assert.equal(await counted(ask(100)), { taken: 1, PROFILE_RUNNING: 99 })
    assert.equal(await counted(ask(1)), { taken: 1 })
    const last = counted(ask(1))
    await system.stop('w0/x')
    await last
    assert.equal([system.worker('w0/x').status().state, await system.failures()], ['stopped', []])
  })
}

test('no more than four profiles are taken at a time', async () => {
  const { system, ids } = await running(6, 'thread')
  assert.equal(await counted(ids.map((id) => system.profile(id, { ms: 200 }))), { taken: 4, PROFILES_FULL: 2 })
})

test.run()
