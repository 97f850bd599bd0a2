import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ControlOutcome } from '../../../src/index.js'
import { refused } from '../../support/refused.js'
import { cleanUp, event, items, open, quick, state, temporaryFolder, worker } from '../../support/system.js'

test.after.each(cleanUp)

test('given up by hand, a running worker finishes what it has in hand and stays down, also under the next system', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const options = { store, workers: [worker('a/x', { input: { everyMs: 5 } }), worker('b/x')] }
  const first = await open(options)
  await first.load('data', items(100))
  await first.start()
  await state(first, 'a/x', 'running')
  const [outcome] = (await first.blacklist('a/x', 'its labels are useless')) as [ControlOutcome]
  assert.equal([outcome.ok, outcome.state], [true, 'blacklisted'])
  const report = await first.done()
  assert.equal([report.blacklisted, report.completed], [['a/x'], ['b/x']])
  const [entry] = first.blacklisted()
  assert.equal([entry?.worker, entry?.reason, entry?.until, entry?.lastFailure], ['a/x', 'its labels are useless', null, null])
  assert.is(first.worker('a/x').status().progress?.leased, 0)
  await first.close()

  const second = await open(options)
  assert.is(second.blacklisted()[0]?.reason, 'its labels are useless')
  const [refused] = (await second.start('a/x')) as [ControlOutcome]
  assert.is(refused.ok, false)
  await second.reset('a/x')
  await second.start('a/x')
  assert.is((await second.done()).results, 200)
})

test('when it is answered, a blacklisting is in the store: a host that is killed right after has not forgotten it', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const system = await open({ store, workers: [worker('a/x', { input: { everyMs: 5 } })] })
  await system.load('data', items(100))
  await system.start()
  await state(system, 'a/x', 'running')
  await system.blacklist('a/x', 'its labels are useless')
  // Read in the same turn, with nothing in between that would wait for the store.
  const db = new Database(store, { readonly: true })
  assert.is(db.prepare('SELECT state FROM worker').pluck().get(), 'blacklisted')
  db.close()
})

test('a reason is not optional', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await refused(system.blacklist('a/x', ''), 'ARGUMENT_INVALID')
})

test('done() waits for a worker on parole, and close() does not', async () => {
  const policy = { maxRestarts: 0, parole: { afterMs: 300 } }
  const system = await open({ workers: [worker('a/x')], restart: policy, tasks: { poisonAfter: 9, maxAttempts: 9 } })
  await system.load(
    'data',
    items(3, (i) => (i === 1 ? { do: 'exit', times: 1 } : {})),
  )
  let blacklistings = 0
  system.on('worker:state:changed', ({ to }) => void (to === 'blacklisted' && blacklistings++))
  await system.start()
  const report = await system.done()
  assert.equal([report.completed, report.results, blacklistings], [['a/x'], 3, 1])

  const other = await open({
    workers: [worker('a/x', { input: { setup: 'throw' } })],
    restart: { maxRestarts: 0, parole: { afterMs: 3_600_000 } },
  })
  await other.load('data', items(1))
  await other.start()
  await state(other, 'a/x', 'blacklisted')
  assert.ok((other.blacklisted()[0]?.until ?? 0) > Date.now() + 3_500_000)
  await other.close()
  assert.is(other.status().state, 'closed')
})

test('done() waits no more for a worker on parole once it is stopped', async () => {
  const restart = { maxRestarts: 0, parole: { afterMs: 3_600_000 } }
  const system = await open({ workers: [worker('a/x', { input: { setup: 'throw' } })], restart })
  await system.load('data', items(1))
  await system.start()
  await state(system, 'a/x', 'blacklisted')
  const done = system.done()
  await system.stop('a/x')
  assert.equal((await done).blacklisted, ['a/x'])
})

for (const [answer, bystander] of [
  ['stop', 'stopped'],
  ['keep', 'completed'],
] as const) {
  test(`an escalated failure with onEscalation '${answer}' leaves the other worker ${bystander}`, async () => {
    const rules = [{ when: { exitCode: 3 }, do: 'escalate', why: 'the disk is full' } as const]
    const system = await open({
      onEscalation: answer,
      workers: [worker('bad/x', { restart: { rules } }), worker('good/x', { dataset: 'calm', input: { everyMs: 10 } })],
    })
    await system.load(
      'data',
      items(3, (i) => (i === 1 ? { do: 'exit' } : {})),
    )
    await system.load('calm', items(200))
    const escalated = event(system, 'system:failure:escalated')
    await system.start()
    assert.equal({ ...(await escalated), at: 0 }, { worker: 'bad/x', supervisor: null, reason: 'the disk is full', answer, at: 0 })
    const report = await system.done()
    assert.equal(report[bystander], bystander === 'stopped' ? ['bad/x', 'good/x'] : ['good/x'])
    assert.is(system.worker('bad/x').status().reason, 'the disk is full')
    if (answer === 'stop') assert.is(system.worker('good/x').status().reason, 'bad/x escalated: the disk is full')
  })
}

test('a permanent run() that returns is restarted within its limits, each time torn down; a transient one is completed', async () => {
  const notes = join(temporaryFolder(), 'notes')
  const module = new URL('../../fixtures/run-in-shifts.worker.mjs', import.meta.url)
  const system = await open({
    workers: [
      { id: 'loop/permanent', module, input: { notes }, restart: { mode: 'permanent', maxRestarts: 2, backoff: { immediate: 9 } } },
      { id: 'loop/transient', module, input: { notes: `${notes}-2` } },
    ],
  })
  await system.start()
  const report = await system.done()
  assert.equal([report.blacklisted, report.completed], [['loop/permanent'], ['loop/transient']])
  assert.is(readFileSync(notes, 'utf8'), 'runs\nteardown\n'.repeat(3))
  assert.is(readFileSync(`${notes}-2`, 'utf8'), 'runs\nteardown\n')
  const { kind, message } = system.worker('loop/permanent').status().lastFailure ?? {}
  assert.equal([kind, message], ['exit', 'run() returned, and its restart mode is permanent'])
})

test('a rule gives a worker that ran out of memory more heap, and it gets through', async () => {
  const heap = (megabytes: number) => ({ maxOldGenerationSizeMb: megabytes, maxYoungGenerationSizeMb: 8 })
  const system = await open({
    heartbeat: { ...quick, timeoutMs: 20_000, progressTimeoutMs: 20_000 },
    workers: [
      worker('a/x', {
        resourceLimits: heap(24),
        restart: { rules: [{ when: { kind: 'out-of-memory' }, do: 'restart', atMost: 1, resourceLimits: heap(200) }] },
      }),
    ],
  })
  await system.load(
    'data',
    items(2, () => ({ do: 'hold', ms: 60 })),
  )
  await system.start()
  const report = await system.done()
  assert.is(report.results, 2)
  assert.is(system.worker('a/x').status().restarts, 1)
  assert.is(system.worker('a/x').status().lastFailure?.kind, 'out-of-memory')
})

test('a rule that throws is reported by an event, and the policy continues without it', async () => {
  const broken = () => {
    throw new TypeError('a rule with a mistake')
  }
  const system = await open({ workers: [worker('a/x')], restart: broken })
  await system.load(
    'data',
    items(2, (i) => (i === 0 ? { do: 'exit', times: 1 } : {})),
  )
  const told = event(system, 'policy:rule:failed')
  await system.start()
  const { worker: id, error } = await told
  assert.equal([id, error.name, error.message], ['a/x', 'TypeError', 'a rule with a mistake'])
  assert.is((await system.done()).results, 2)
})

test.run()
