import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hostile } from '../fixtures/hostile.worker.js'
import { cleanUp, collect, open, worker } from '../support/system.js'

test.after.each(cleanUp)

const module = new URL('../fixtures/hostile.worker.js', import.meta.url)

test('any value that a task throws or returns fails only its attempt, and the worker continues', async () => {
  const system = await open({ workers: [worker('a/x', { module })], tasks: { maxAttempts: 1 } })
  await system.load(
    'data',
    Object.keys(hostile).map((id) => ({ id })),
  )
  await system.start()
  const report = await system.done()
  assert.equal(await system.failures(), [], 'no failure of the worker')
  const dead = await collect(system.deadTasks())
  const alive = (await collect(system.results())).map(({ key }) => key)
  assert.equal([report.dead, alive], [Object.keys(hostile).length - 1, ['a log of it all']])
  const errors = Object.fromEntries(dead.map(({ key, error }) => [key, error]))
  const told = (key: string): string => `${errors[key]?.name}: ${errors[key]?.message}`
  assert.is(told('a symbol'), 'NonError: Symbol(thrown)')
  assert.is(told('a BigInt'), 'NonError: 1')
  assert.is(told('a revoked proxy'), 'NonError: [unreadable]')
  assert.is(told('a toJSON that throws null'), 'TaskError: the result cannot be written as JSON: null')
  assert.is(errors['a raw getter that throws']?.code, 'E_GETTER')
  assert.is(errors['a message getter that throws']?.code, 'E_GETTER')
  assert.is(errors['a fake DroverError with circular details']?.details?.self, '[seen above]')
  assert.is(told('a TaskError with a cause that is no error'), 'TaskError: E_TASK')
  assert.ok(JSON.stringify(errors['a message of 3 MB']).length < 40_000, 'it is bounded')
  assert.match(errors['a message of 3 MB']?.stack ?? '', /hostile\.worker\.ts/)

  const [line] = system.logs({ annotator: 'a', domain: 'x', limit: 100 }).filter(({ level }) => level === 'error')
  assert.is(line?.message, '{}')
  const { error, ...rest } = line?.fields ?? {}
  assert.is((error as { code?: string }).code, 'E_LOGGED')
  assert.equal(rest, { proxy: '[unreadable]', big: '1', n: 1 })
})

test('an unreadable error is an ordinary failure of the worker: in setup, and in ctx.fail', async () => {
  const system = await open({
    workers: [
      worker('a/x', { module, input: { setup: 'a revoked proxy' } }),
      worker('b/x', { module, input: { setup: 'a fake DroverError with circular details' } }),
      worker('c/x', { module }),
    ],
    restart: { maxRestarts: 0 },
  })
  await system.load('data', [{ id: 'a revoked proxy, failed' }])
  await system.start()
  await system.done()
  const failures = Object.fromEntries((await system.failures()).map(({ worker, failure }) => [worker, failure]))
  const told = ['a/x', 'b/x', 'c/x'].map((id) => [failures[id]?.kind, failures[id]?.message])
  assert.equal(told, [
    ['start-error', '[unreadable]'],
    ['start-error', 'E_FAKE'],
    ['uncaught-error', '[unreadable]'],
  ])
})

test.run()
