import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Reading } from '../../bench/memory/day.js'
import { measured } from './support.js'

const keepEvents = 2_000

test('events that go on for ever leave no growth in table, file or heap', async () => {
  const readings = await measured<Reading[]>('day.js', { events: 40_000, keepEvents, readings: 4 })
  assert.is(readings.length, 4)
  const [, second, , last] = readings as [Reading, Reading, Reading, Reading]
  // Old ones are removed in passing, after every 256 new ones.
  for (const { rows } of readings) assert.ok(rows >= keepEvents && rows < keepEvents + 256, `${rows} events are kept`)
  assert.ok(last.pageBytes <= second.pageBytes * 1.1, `the database grew from ${second.pageBytes} to ${last.pageBytes} bytes`)
  // 20,000 events lie between them.
  const growth = last.heap - second.heap
  assert.ok(growth < 600_000, `the heap grew by ${Math.round(growth / 1e3)} kB, ${Math.round(growth / 20_000)} bytes an event`)
})

test.run()
