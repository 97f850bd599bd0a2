import { syncBuiltinESMExports } from 'node:module'
import workerThreads, { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, items, open, until, worker } from '../../support/system.js'

test.after.each(cleanUp)

test('of threads that are due at once no two are made in one turn of the event loop, and timers have their turn in between', async () => {
  const count = 8
  const system = await open({ workers: Array.from({ length: count }, (_, n) => worker(`w${n}/x`)), concurrency: count })
  await system.load('data', items(1))
  let [turn, over] = [0, false]
  const look = (): void => {
    turn++
    if (!over) setImmediate(look)
  }
  setImmediate(look)
  const notes: ({ turn: number } | 'timer')[] = []
  class Noted extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args)
      notes.push({ turn })
      setTimeout(() => notes.push('timer'), 1)
      // The timer is due before the turn is over.
      for (const until = performance.now() + 3; performance.now() < until; );
    }
  }
  workerThreads.Worker = Noted
  syncBuiltinESMExports()
  try {
    await system.start()
    await until(() => notes.length >= count * 2, 'all threads are made')
  } finally {
    over = true
    workerThreads.Worker = Worker
    syncBuiltinESMExports()
  }
  const turns = notes.flatMap((note) => (note === 'timer' ? [] : [note.turn]))
  assert.is(new Set(turns).size, count, `made in the turns ${turns}`)
  assert.equal(
    notes.map((note) => (note === 'timer' ? 'timer' : 'thread')),
    Array.from({ length: count }, () => ['thread', 'timer']).flat(),
  )
})

test.run()
