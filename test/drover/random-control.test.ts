import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { randomControl } from '../support/random-control.js'
import { cleanUp, temporaryFolder } from '../support/system.js'

test.after.each(cleanUp)

for (const seed of [1, 2, 3]) {
  test(`whatever is asked of a system whenever, it is answered, a stop is a stop, and nothing is left behind (seed ${seed})`, async () => {
    const { wrong } = await randomControl(seed, 40, join(temporaryFolder(), 'disk'))
    assert.equal(wrong, [])
  })
}

test.run()
