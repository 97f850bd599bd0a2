import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, temporaryFolder } from '../support/system.js'
import { describeViolations, summary } from './report.js'
import { soak } from './soak.js'

test.after.each(cleanUp)

test('under random faults of threads, store and host nothing is lost, doubled, exceeded or leaked', async () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`  seed ${seed}`)
  const report = await soak({ seed, minutes: 0.33, workers: 12, folder: temporaryFolder() })
  console.log(`  ${summary(report)}`)
  assert.is(report.violations.length, 0, describeViolations(report, seed))
  const seen = Object.keys(report.failures).length
  assert.ok(seen >= 2, `only ${seen} kinds of failure: the soak has shown little`)
  assert.ok(report.hosts >= 2, 'no host was killed')
})

test.run()
