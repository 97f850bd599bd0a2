import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, items, open, worker } from '../support/system.js'

test.after.each(cleanUp)

test('a worker in a process of its own labels a dataset', async () => {
  const system = await open({ workers: [worker('a/x', { isolation: 'process' })] })
  await system.load('data', items(200))
  await system.start()
  const report = await system.done()
  assert.is(report.results, 200)
})

test.run()
