import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inTurnsAsync, mostInTurn, shareOfTurn } from '../../src/time/turns.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await turn()
}

test('of hundreds, fifty begin in each turn, and no more are under way together than may be', async () => {
  for (const [atOnce, most] of [
    [undefined, 50],
    [500, 500],
  ] as const) {
    const under: (() => void)[] = []
    let [begun, inTurn, mostBegun, mostUnder] = [0, 0, 0, 0]
    const all = inTurnsAsync(
      Array.from({ length: 1_200 }, (_, n) => n),
      (n) => {
        begun++
        mostBegun = Math.max(mostBegun, ++inTurn)
        return new Promise<number>((resolve) => {
          under.push(() => resolve(n))
          mostUnder = Math.max(mostUnder, under.length)
        })
      },
      atOnce,
    )
    let over = false
    void all.then(() => {
      over = true
    })
    while (!over) {
      for (let n = 0; n < 30; n++) {
        inTurn = 0
        await turn()
      }
      // Nothing more begins until those that are under way are through.
      if (begun < 1_200) assert.is(under.length, most)
      for (const end of under.splice(0)) end()
    }
    assert.equal((await all).slice(0, 3), [0, 1, 2])
    assert.is(mostBegun, mostInTurn)
    assert.is(mostUnder, most)
  }
})

test('whoever asks for a share of a turn together with hundreds of others comes on fifty at a time, in the order of asking', async () => {
  await turns(2)
  const came: number[] = []
  for (let n = 0; n < 180; n++) void shareOfTurn().then(() => came.push(n))
  const after: number[] = []
  await Promise.resolve()
  for (let n = 0; n < 4; n++) {
    after.push(came.length)
    await turn()
  }
  after.push(came.length)
  assert.is(after.at(-1), 180)
  const steps = after.map((count, n) => count - (after[n - 1] ?? 0))
  assert.ok(
    steps.every((step) => step <= mostInTurn),
    `${steps}`,
  )
  assert.equal(
    came,
    [...came].sort((a, b) => a - b),
  )
})

test.run()
