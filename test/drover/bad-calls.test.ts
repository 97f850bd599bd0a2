/** Values that make no sense, from user code in a worker: each harms its own attempt, and nothing else. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type BadCall, calls, values } from '../fixtures/bad-calls.worker.js'
import { cleanUp, collect, event, open, worker } from '../support/system.js'

test.after.each(cleanUp)

const module = new URL('../fixtures/bad-calls.worker.js', import.meta.url)

test('a value that makes no sense fails the attempt that gave it, by name, and harms neither its worker nor its quota', async () => {
  const system = await open({
    workers: [worker('a/x', { module, quota: 'key', concurrency: 4 })],
    quotas: { key: { tokens: { limit: 1_000_000, per: 'hour' }, requests: { limit: 1_000_000, per: 'hour' } } },
    tasks: { maxAttempts: 1 },
  })
  let failed = 0
  system.on('worker:failure:recorded', () => failed++)
  const tasks = Object.keys(calls).flatMap((call) =>
    Object.keys(values).map(
      (value): BadCall => ({ id: `${call}|${value}`, call: call as BadCall['call'], value: value as BadCall['value'] }),
    ),
  )
  // Last, and first: it goes on as if nothing had been.
  await system.load('data', [...tasks, { id: 'well', call: 'none', value: 'NaN' }])
  await system.start()
  const { results, dead } = await system.done()
  assert.equal([results, dead, failed], [1, tasks.length, 0], `done: ${(await collect(system.results())).map(({ key }) => key)}`)
  for (const { key, error } of await collect(system.deadTasks())) {
    const [field = ''] = key.split('|')
    assert.is(error.code, 'ARGUMENT_INVALID', `${key}: ${error.message}`)
    assert.ok(error.message.startsWith(`${field} must be`) && error.message.includes(', got '), error.message)
  }
  const { windows, blockedUntil } = await system.quota('key').status()
  const used = Object.fromEntries(windows.map((window) => [window.unit, window.used]))
  const granted = tasks.filter(({ call }) => call !== 'estimate.tokens').length + 1
  assert.equal([used, blockedUntil], [{ tokens: 0, requests: granted }, null])
})

test('a call that used more than its bucket takes in within ages harms no host: its worker parks for a year', async () => {
  const system = await open({
    workers: [worker('a/x', { module: new URL('../fixtures/caller.worker.js', import.meta.url), quota: 'key' })],
    quotas: { key: { tokens: { limit: 1, per: 'hour', burst: 1 } } },
  })
  const parked = event(system, 'worker:state:changed', ({ to }) => to === 'parked')
  await system.load('data', [{ id: 'huge', used: { tokens: 1e12 } }, { id: 'next' }])
  await system.start()
  await parked
  const { until } = system.worker('a/x').status()
  const [window] = (await system.quota('key').status()).windows
  for (const at of [until, window?.resetsAt]) assert.ok(Math.abs((at ?? 0) - Date.now() - 365 * 86_400_000) < 2 * 3_600_000, `${at}`)
})

test('a block in the host is checked too, and a block is lifted by hand: waiting calls continue', async () => {
  const system = await open({
    workers: [worker('a/x', { module, quota: 'key' })],
    quotas: { key: { requests: { limit: 10, per: 'minute' } } },
  })
  const quota = system.quota('key')
  for (const retryAfterMs of [...Object.values(values), 1e15, undefined] as never[]) {
    const error = await quota.penalize({ retryAfterMs }).catch((thrown: { code: string; message: string }) => thrown)
    assert.is(error?.code, 'ARGUMENT_INVALID')
    assert.match(error?.message ?? '', /^retryAfterMs must be a number of milliseconds, 0 to 31536000000 \(a year\), got /)
  }
  for (const call of [() => quota.penalize(null as never), () => quota.retire('' as never), () => quota.history({ since: '5' as never })]) {
    assert.is(((await call().catch((error: unknown) => error)) as { code: string }).code, 'ARGUMENT_INVALID')
  }
  assert.is((await quota.status()).blockedUntil, null)
  await quota.penalize({ retryAfterMs: 365 * 86_400_000 })
  await system.load('data', [{ id: 'well', call: 'none', value: 'NaN' }])
  const parked = event(system, 'worker:state:changed', ({ to }) => to === 'parked')
  await system.start()
  await parked
  await quota.unblock()
  assert.is((await system.done()).results, 1)
})

test.run()
