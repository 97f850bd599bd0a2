import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, open, worker } from '../support/system.js'

test.after.each(cleanUp)

test('4,000 workers that never ran are closed sooner than they were opened: the work does not grow with their square', async () => {
  const began = process.cpuUsage()
  const system = await open({ workers: Array.from({ length: 4_000 }, (_, i) => worker(`w${i}/x`)) })
  const opened = process.cpuUsage(began)
  const before = process.cpuUsage()
  await system.close()
  const closed = process.cpuUsage(before)
  // Of processors, not of a clock: a busy machine changes nothing.
  assert.ok(closed.user < 1.5 * opened.user, `opened in ${opened.user} us, closed in ${closed.user} us`)
})

test.run()
