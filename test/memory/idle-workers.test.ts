import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Memory } from '../../bench/memory/growth-of.js'
import { measured } from './support.js'

/** Measured: 6.5 kB. */
const mostPerWorker = 10_000

test('a worker that is declared and never started takes a few kilobytes', async () => {
  const few = await measured<Memory>('idle.js', { declared: 2, live: 2 })
  const many = await measured<Memory>('idle.js', { declared: 502, live: 2 })
  const each = (many.heap - few.heap) / 500
  assert.ok(each < mostPerWorker, `${Math.round(each)} bytes a worker`)
})

test.run()
