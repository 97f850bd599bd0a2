import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { measured } from './support.js'

interface Growth {
  peakGrowth: number
  heapGrowthAfter: number
}

test('a load of 300 MB from a stream takes no more memory than its batches and caches', async () => {
  // V8 gives a heap that makes garbage a nursery of up to 100 MB, by version; this keeps it out of what is measured.
  const { peakGrowth, heapGrowthAfter } = await measured<Growth>('load.js', { items: 200_000, bytes: 1_500 }, ['--max-semi-space-size=1'])
  assert.ok(peakGrowth < 150e6, `grew by ${Math.round(peakGrowth / 1e6)} MB at most`)
  assert.ok(heapGrowthAfter < 3e6, `${Math.round(heapGrowthAfter / 1e3)} kB of heap are left`)
})

test.run()
