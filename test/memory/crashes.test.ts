import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CrashReading } from '../../bench/memory/crashes.js'
import { measured } from './support.js'

test('crashes in a row leave no thread, port, timer, listener, open file or memory behind', async () => {
  const readings = await measured<CrashReading[]>('crashes.js', { crashes: 80, readings: 4 })
  const [, second, , last] = readings as [CrashReading, CrashReading, CrashReading, CrashReading]
  assert.ok(last.crashes >= 80)
  assert.equal(last.resources, second.resources)
  assert.is(last.files, second.files)
  assert.is(last.listeners, second.listeners)
  // The store's.
  assert.is(last.threads, 1)
  // The first crashes also leave what V8 compiled. What is kept on purpose is bounded, but not yet full: the latest log records, and a thousand restarts.
  const each = (last.heap - second.heap) / (last.crashes - second.crashes)
  assert.ok(each < 10_000, `each crash left ${Math.round(each)} bytes`)
})

test.run()
