import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inTurns, inTurnsAsync, mostInTurn, nextTurn } from '../../src/time/turns.js'

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
    await new Promise((resolve) => setImmediate(resolve))
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

test('what is for thousands is done for a few in each turn, in order; two such pieces of work share the turns', async () => {
  const done: number[] = []
  const items = [...Array(1_000).keys()]
  const turns = await byTurn((count) => Promise.all([inTurns(items, (i) => count(done.push(i))), inTurns(items, () => count())]))
  assert.equal(done, items)
  assert.ok(Math.max(...turns.slice(1)) <= 50, `in one turn ${Math.max(...turns.slice(1))} were done`)
})

test('what is for few is done at once', () => {
  const done: number[] = []
  void inTurns([...Array(mostInTurn).keys()], (i) => done.push(i))
  assert.is(done.length, mostInTurn)
})

test('where one of many fails, the others have their turn all the same, and the first failure is told', async () => {
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

test.run()
