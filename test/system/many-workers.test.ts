import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, open, worker } from '../support/system.js'

test.after.each(cleanUp)

test('4,000 workers that never ran are closed sooner than they were opened: the time does not grow with their square', async () => {
  const began = performance.now()
  const system = await open({ workers: Array.from({ length: 4_000 }, (_, i) => worker(`w${i}/x`)) })
  const opened = performance.now()
  await system.close()
  const [openMs, closeMs] = [opened - began, performance.now() - opened].map(Math.round) as [number, number]
  assert.ok(closeMs < 1.5 * openMs, `opened within ${openMs} ms, closed within ${closeMs} ms`)
})

test.run()
