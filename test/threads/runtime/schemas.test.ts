import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, collect, open, worker } from '../../support/system.js'

test.after.each(cleanUp)

for (const library of ['valibot', 'zod', 'arktype']) {
  test(`with a schema of ${library}, what does not fit is dead with the path, and is never stored as a label`, async () => {
    const module = new URL(`../../fixtures/schemas.worker.js?library=${library}`, import.meta.url)
    const system = await open({ workers: [worker('a/x', { module })], tasks: { maxAttempts: 2, backoff: { initialMs: 1, maxMs: 1 } } })
    await system.load('data', [
      { id: 'fits', text: 'a' },
      { id: 'wrong task', text: 7 },
      { id: 'wrong answer', text: 'a', answer: { label: 'maybe' } },
    ])
    await system.start()
    const report = await system.done()
    assert.equal([report.results, report.dead], [1, 2])
    assert.is((await collect(system.results()))[0]?.key, 'fits')
    const dead = await collect(system.deadTasks())
    const task = dead.find(({ key }) => key === 'wrong task')
    assert.is(task?.error.code, 'TASK_INPUT_INVALID')
    assert.match(task?.error.message ?? '', /text: /)
    assert.is(task?.attempt, 1)
    const answer = dead.find(({ key }) => key === 'wrong answer')
    assert.is(answer?.error.code, 'TASK_OUTPUT_INVALID')
    assert.match(answer?.error.message ?? '', /label: /)
    assert.equal(answer?.value, { label: 'maybe' })
    assert.is(answer?.attempt, 2)
  })
}

test("ctx.input is what workerInput makes of the worker's input, and an input that does not fit declines with its places only", async () => {
  const module = new URL('../../fixtures/configured.worker.js', import.meta.url)
  const system = await open({
    workers: [
      worker('fits/x', { module, input: { model: 'big', apiKey: 'a secret key' } }),
      worker('wrong/x', { module, input: { model: 'big', apiKey: 12_345_678 } }),
      worker('none/x', { module }),
    ],
  })
  await system.load('data', [{ id: 'a' }])
  await system.start()
  const { results, incomplete } = await system.done()
  assert.is(results, 1)
  assert.equal((await collect(system.results()))[0]?.value, { atSetup: 'BIG', atTask: 'BIG', size: 7 })
  assert.equal(
    ['wrong/x', 'none/x'].map((id) => system.worker(id).status().reason),
    [
      'declined: its input does not fit the workerInput of its module: apiKey',
      'declined: its input does not fit the workerInput of its module: (root)',
    ],
  )
  assert.equal(incomplete.map(({ worker }) => worker).sort(), ['none/x', 'wrong/x'])
  assert.not.match(JSON.stringify([system.status(), await system.history()]), /12345678|secret/)
  // A corrected input needs no reset.
  await system.update('wrong/x', { input: { model: 'big', apiKey: 'another' } })
  await system.start('wrong/x')
  await system.done()
  assert.is(system.worker('wrong/x').status().state, 'completed')
})

test.run()
