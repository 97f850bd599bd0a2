import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, temporaryFolder } from '../support/system.js'
import { describeViolations, summary } from './report.js'
import { soak } from './soak.js'

test.after.each(cleanUp)

test('under random faults of threads, store and host nothing is lost, doubled, exceeded or leaked', async () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`  seed ${seed}`)
  const report = await soak({ seed, minutes: 0.35, workers: 12, folder: temporaryFolder() })
  console.log(`  ${summary(report)}`)
  assert.is(report.violations.length, 0, describeViolations(report, seed))
  assert.ok(Object.keys(report.failures).length > 0, 'no thread failed: the soak has shown nothing')
  assert.ok(report.hosts >= 2, 'no host was killed')
})

test.run()
