import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askAll } from '../../src/actors/supervisor/ask-all.js'
import { inTurns, inTurnsAsync, mostInTurn, nextTurn, shareOfTurn } from '../../src/time/turns.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await turn()
}

/** How much of something is done in each turn of the event loop, until the work is over. */
async function byTurn(work: (count: (done?: unknown) => void) => Promise<unknown>): Promise<number[]> {
  const turns: number[] = []
  let [now, over] = [0, false]
  const done = work(() => {
    now++
  }).then(() => {
    over = true
  })
  while (!over) {
    turns.push(now)
    now = 0
    await turn()
  }
  await done
  return [...turns, now]
}

test('of many starts that are due at once each has a turn of the event loop, in order', async () => {
  const started: number[] = []
  const turns = await byTurn((count) => Promise.all(Array.from({ length: 50 }, (_, i) => nextTurn().then(() => count(started.push(i))))))
  assert.ok(Math.max(...turns) <= 1, `${Math.max(...turns)} in one turn`)
  assert.equal(started, [...Array(50).keys()])
})

test('work for thousands is done for a few in each turn, in order; two such works share the turns', async () => {
  const done: number[] = []
  const items = [...Array(1_000).keys()]
  const turns = await byTurn((count) => Promise.all([inTurns(items, (i) => count(done.push(i))), inTurns(items, () => count())]))
  assert.equal(done, items)
  assert.ok(Math.max(...turns.slice(1)) <= mostInTurn, `in one turn ${Math.max(...turns.slice(1))} were done`)
})

test('work for few is done at once', () => {
  const done: number[] = []
  void inTurns([...Array(mostInTurn).keys()], (i) => done.push(i))
  assert.is(done.length, mostInTurn)
})

test('of a call for few some are done at once, of one for thousands none in the turn of the call, and a later call to one finds it done', async () => {
  for (const [count, atOnce] of [
    [100, mostInTurn],
    [5_000, 0],
  ] as const) {
    const done: number[] = []
    const workers = Array.from({ length: count }, (_, n) => {
      const owed: (() => void)[] = []
      const catchUp = (): void => {
        for (const act of owed.splice(0)) act()
      }
      return { n, owe: (act: () => void) => void owed.push(act), catchUp }
    })
    const asked = askAll(workers, ({ n }) => done.push(n))
    assert.is(done.length, atOnce)
    workers[count - 1]?.catchUp()
    assert.is(done.at(-1), count - 1)
    await asked
    assert.is(done.length, count)
  }
})

test('if one of many fails, the others still have their turn, and the first failure is thrown', async () => {
  let done = 0
  const work = inTurnsAsync([...Array(200).keys()], async (i) => {
    done++
    if (i === 10 || i === 150) throw new Error(`${i} failed`)
  })
  await work.then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, '10 failed'),
  )
  assert.is(done, 200)
})

test('of hundreds, few begin in each turn, and no more are under way together than may be', async () => {
  for (const [atOnce, most] of [
    [undefined, mostInTurn],
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

test('hundreds of calls for a share of a turn continue a few at a time, in the order of calls', async () => {
  await turns(2)
  const came: number[] = []
  for (let n = 0; n < 180; n++) void shareOfTurn().then(() => came.push(n))
  const after: number[] = []
  await Promise.resolve()
  for (let n = 0; n < 8; n++) {
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
