import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { spawnTurn } from '../../src/actors/spawn-turns.js'

test('of many starts that are due at once each has a turn of the event loop, in order', async () => {
  const started: number[] = []
  const most: number[] = []
  const all = Array.from({ length: 50 }, (_, i) => spawnTurn().then(() => started.push(i)))
  for (let before = 0; started.length < all.length; before = started.length) {
    await new Promise((resolve) => setImmediate(resolve))
    most.push(started.length - before)
  }
  assert.ok(Math.max(...most) <= 1, `${Math.max(...most)} in one turn`)
  assert.equal(started, [...all.keys()])
})

test.run()
