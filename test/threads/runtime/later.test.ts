/** Tasks that are given back for later: behind the others, after waits that grow. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PutOffResult, PutOffTask } from '../../fixtures/later.worker.js'
import { cleanUp, collect, open, worker } from '../../support/system.js'

test.after.each(cleanUp)

const module = new URL('../../fixtures/later.worker.js', import.meta.url)
const others = 200

async function run(first: Partial<PutOffTask>) {
  const system = await open({
    workers: [worker('a/x', { module, quota: 'key', prefetch: 0 })],
    quotas: { key: { concurrency: 1 } },
    tasks: { maxAttempts: 2, backoff: { initialMs: 20, factor: 2, maxMs: 60, jitter: 0 } },
  })
  const tasks: PutOffTask[] = [{ id: 'first', ...first }, ...Array.from({ length: others }, (_, index) => ({ id: `other-${index}` }))]
  await system.load('data', tasks)
  await system.start()
  const report = await system.done()
  assert.equal([report.results, report.dead], [others + 1, 0])
  const rows = await collect(system.results<PutOffResult>())
  const row = rows.find(({ key }) => key === 'first') as (typeof rows)[number]
  const { askedAt, othersDone } = row.value
  assert.is(row.attempt, 1, 'it cost an attempt')
  return { othersDone, waits: askedAt.slice(1).map((at, index) => at - (askedAt[index] as number)) }
}

test('a task that is refused again and again comes behind the others, after waits that grow up to a bound', async () => {
  const { othersDone, waits } = await run({ later: 5 })
  for (const [index, least] of [20, 40, 60, 60, 60].entries()) {
    assert.ok((waits[index] as number) >= least, `it waited ${waits} ms`)
  }
  for (let asked = 1; asked < 6; asked++) {
    const between = (othersDone[asked] as number) - (othersDone[asked - 1] as number)
    assert.ok(between > 0 || othersDone[asked] === others, `others done by then: ${othersDone}`)
  }
})

test('one that is to come back at once leaves every second place to the others', async () => {
  const { othersDone } = await run({ later: 50, retryInMs: 0 })
  for (let asked = 1; asked < othersDone.length; asked++) {
    assert.ok((othersDone[asked] as number) > (othersDone[asked - 1] as number), `others done by then: ${othersDone}`)
  }
})

test.run()
