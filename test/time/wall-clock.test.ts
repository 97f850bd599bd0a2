import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WallClock } from '../../src/time/wall-clock.js'

const hour = 3_600_000

test('a time is shown as the wall clock will show it, also after that was set; a small difference changes nothing', () => {
  let [steady, wall] = [1_000, 1_400]
  const told: number[] = []
  const clock = new WallClock({ steady: () => steady, wall: () => wall, onSet: (by) => told.push(by) })
  assert.equal([clock.shownAt(5_000), clock.timeOf(5_000)], [5_000, 5_000])
  steady += 10
  wall += hour
  assert.equal([clock.shownAt(5_000), clock.timeOf(5_000 + hour + 390)], [5_000 + hour + 390, 5_000])
  wall += 900
  assert.is(clock.shownAt(5_000), 5_000 + hour + 390)
  wall -= 3 * hour
  clock.look()
  clock.look()
  assert.equal(told, [hour + 390, 900 - 3 * hour])
})

test('a clock that was set before it is looked at for the first time was not set', () => {
  const clock = new WallClock({ steady: () => 0, wall: () => hour, onSet: () => assert.unreachable() })
  assert.is(clock.shownAt(1), hour + 1)
})

test.run()
