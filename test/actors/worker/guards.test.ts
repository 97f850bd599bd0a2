import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createDrover, policies } from '../../../src/index.js'
import { refused } from '../../support/refused.js'
import { cleanUp, collect, items, open, openWithParts, puppet, state, temporaryFolder, worker } from '../../support/system.js'

test.after.each(cleanUp)

test("with onFull 'reject' a start that needs more slots than are free is refused as a whole", async () => {
  const system = await open({
    concurrency: 2,
    onFull: 'reject',
    workers: [worker('a/x', { input: { everyMs: 20 } }), worker('b/x'), worker('c/x')],
  })
  await system.load('data', items(10))
  await refused(system.start(), 'SLOTS_FULL', /^2 of 2 slots are free, 3 are needed for a\/x, b\/x, c\/x/)
  assert.equal(system.status().states, { idle: 3 })
  // The second one is asked for while the first is on its way.
  const [first, second] = await Promise.all([system.start('a/x'), system.start('b/x'), refused(system.start('c/x'), 'SLOTS_FULL', /c\/x/)])
  assert.equal([first[0]?.ok, second[0]?.ok], [true, true])
})

for (const [file, code] of [
  ['no-default', 'WORKER_MODULE_INVALID'],
  ['not-defined', 'WORKER_MODULE_INVALID'],
  ['throws', 'WORKER_MODULE_THREW'],
] as const) {
  test(`a worker module that is "${file}" is reported as ${code} and never counts as running`, async () => {
    const module = new URL(`../../fixtures/${file}.worker.mjs`, import.meta.url)
    const system = await open({ workers: [worker('a/x', { module })], restart: policies.never })
    await system.load('data', items(1))
    const states: string[] = []
    system.on('worker:state:changed', ({ to }) => states.push(to))
    await system.start()
    await system.done()
    const { lastFailure, state } = system.worker('a/x').status()
    assert.is(lastFailure?.kind, 'start-error')
    assert.is(lastFailure?.error?.code, code)
    assert.is(state, code === 'WORKER_MODULE_INVALID' ? 'blacklisted' : 'stopped')
    assert.not.ok(states.includes('running'))
  })
}

test('a listener that throws or rejects has no effect on others', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load('data', items(3))
  let heard = 0
  system.on('worker:state:changed', () => {
    throw new Error('a bad listener')
  })
  system.on('worker:state:changed', () => Promise.reject(new Error('another one')) as never)
  system.on('worker:state:changed', () => void heard++)
  await system.start()
  await system.done()
  assert.is(heard, 4)
  assert.ok(system.logs({ limit: 100 }).some(({ message }) => message.includes('listener of worker:state:changed threw')))
})

test('what throws on the way to a thread is a failure of the start, and the worker is started again', async () => {
  const { system, parts } = await openWithParts({ workers: [worker('a/x')] })
  await system.load('data', items(3))
  const { beatMemory } = parts
  const take = beatMemory.take.bind(beatMemory)
  beatMemory.take = () => {
    beatMemory.take = take
    throw new Error('no room')
  }
  const crashed = state(system, 'a/x', 'crashed')
  await system.start()
  await crashed
  assert.is((await system.done()).results, 3)
  const { lastFailure, restarts } = system.worker('a/x').status()
  assert.equal([lastFailure?.kind, lastFailure?.message, restarts], ['start-error', 'no room', 1])
  const failures = await system.failures()
  assert.equal(
    failures.map((each) => [each.worker, each.failure]),
    [['a/x', lastFailure]],
    'it is recorded as any other',
  )
  assert.ok(system.logs({ limit: 100 }).some(({ level, message }) => level === 'error' && message.startsWith('start-error: no room')))
})

test('what throws while a failure of the registry is told is a failure of the start, and no unhandled rejection', async () => {
  const { system, parts, opened } = await openWithParts({ workers: [worker('a/x')] })
  await system.load(
    'data',
    items(3, (i) => (i === 0 ? { do: 'exit' } : {})),
  )
  const { client } = parts.store
  const call = client.call.bind(client)
  const own = opened.managed.get('a/x')
  let acquired = 0
  client.call = ((op: 'acquire', request: never) => {
    if (op !== 'acquire' || ++acquired !== 2) return call(op, request)
    client.call = call
    own?.owe(() => {
      throw new Error('no luck')
    })
    return Promise.reject(new Error('the registry is away'))
  }) as typeof client.call
  const failures: unknown[] = []
  system.on('worker:state:changed', ({ to }) => to === 'crashed' && failures.push(own?.memory.lastFailure?.message))
  await system.start()
  assert.is((await system.done()).results, 2)
  assert.equal([acquired >= 2, failures.includes('no luck')], [true, true], `${failures}`)
})

test('close is memoised, ends everything, and what is called after it is refused', async () => {
  const system = await open({ workers: [worker('a/x', { input: { everyMs: 10 } })] })
  await system.load('data', items(500))
  await system.start()
  await state(system, 'a/x', 'running')
  const closing = system.close()
  assert.is(system.close(), closing)
  await closing
  assert.is(system.status().state, 'closed')
  await refused(system.start(), 'CLOSED')
  await refused(system.load('data', []), 'CLOSED')
})

test('done before start is an error, not a wait for ever', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await refused(system.done(), 'NOT_STARTED')
})

test('an unknown worker is refused with the likely one', async () => {
  const system = await open({ workers: [worker('annotator-1/urgency')] })
  await refused(system.start('annotator-1/urgancy'), 'WORKER_UNKNOWN', /did you mean "annotator-1\/urgency"/)
})

test('a configuration with mistakes creates nothing', async () => {
  const folder = temporaryFolder()
  const store = join(folder, 'data', 'test.db')
  await refused(createDrover({ store, workers: [{ id: 'a/x', module: puppet, dataset: 'data', target: -1 }] }), 'CONFIG_INVALID', /target/)
  assert.not.ok(existsSync(join(folder, 'data')))
})

test('a secret in the input reaches neither failures, nor dead tasks, nor the log, nor the store', async () => {
  const apiKey = 'sk-very-secret-0123456789'
  const folder = temporaryFolder()
  const store = join(folder, 'secret.db')
  const system = await open({
    store,
    workers: [worker('a/x', { input: { apiKey } })],
    tasks: { maxAttempts: 1 },
    log: { console: false, dir: join(folder, 'logs') },
  })
  await system.load(
    'data',
    items(2, (i) => ({ do: i === 0 ? 'throw' : 'log' })),
  )
  await system.start()
  await system.done()
  const [dead] = await collect(system.deadTasks())
  assert.match(dead?.error.message ?? '', /no luck with \[redacted\]/)
  await system.close()
  for (const file of [...readdirSync(folder, { recursive: true, withFileTypes: true })].filter((entry) => entry.isFile())) {
    const text = readFileSync(join(file.parentPath, file.name), 'latin1')
    assert.not.ok(text.includes(apiKey), `${file.name} has it`)
  }
})

test("a store in ':memory:' does all that a file does, but outlive its system", async () => {
  const system = await open({ store: ':memory:', workers: [worker('a/x')] })
  await system.load('data', items(50))
  await system.start()
  assert.is((await system.done()).results, 50)
  assert.is((await collect(system.results())).length, 50)
  assert.ok((await system.history()).length > 0)
})

test('leaving the scope of `await using` closes the system', async () => {
  const system = await open({ workers: [worker('a/x')] })
  {
    await using scoped = system
    await scoped.load('data', items(1))
  }
  assert.is(system.status().state, 'closed')
})

test.run()
