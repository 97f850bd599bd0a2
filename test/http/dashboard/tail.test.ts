import assert from 'node:assert/strict'
import { test } from 'uvu'
import { newerRows } from '../../../src/http/dashboard/data/tail.js'

test('a held list says of each newer row, a live one only when all that it shows is old', () => {
  const most = 200
  assert.equal(newerRows({ last: 10, seen: 10, held: true, most }), 0)
  assert.equal(newerRows({ last: 11, seen: 10, held: true, most }), 1)
  assert.equal(newerRows({ last: 6_000, seen: 200, held: false, most }), 5_800)
  assert.equal(newerRows({ last: 400, seen: 200, held: false, most }), 0)
  assert.equal(newerRows({ last: 401, seen: 200, held: false, most }), 201)
  // More came since the log was looked at.
  assert.equal(newerRows({ last: 10, seen: 300, held: true, most }), 0)
})

test.run()
