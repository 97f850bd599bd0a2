/** Asks between workers that are killed at random: each settles exactly once. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { actors } from '../../support/actors.js'
import { hangMs } from '../../support/hang.js'
import { cleanUp, open } from '../../support/system.js'

test.after.each(cleanUp)

/** Numbers from 0 to 1 that the seed decides. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

test('of 400 asks of the program and between workers, with kills at random, each settles once: with its own reply, or a reason', async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 100_000)
  const draw = random(seed)
  const restart = { maxRestarts: 1_000, backoff: { initialMs: 1, factor: 1, maxMs: 1 } }
  const ids = ['a', 'b', 'c']
  const system = await open({ restart, workers: [...actors(ids.slice(0, 2)), ...actors(['c'], { isolation: 'process' })] })
  await system.start()
  const one = (from: readonly string[]): string => from[Math.floor(draw() * from.length)] as string
  const outcomes: unknown[][] = []
  const asked: Promise<unknown>[] = []
  const allowed = ['WORKER_CRASHED', 'ASK_TIMEOUT', 'WORKER_DOWN', 'ASK_CYCLE']
  for (let n = 0; n < 400; n++) {
    const settlements: unknown[] = []
    outcomes.push(settlements)
    const to = one(ids)
    const call = one(['echo', 'relay', 'pause', 'relay', 'echo', 'exit', 'last'])
    const die = (call === 'exit' || call === 'last') && draw() > 0.3
    const ref = system.worker(to)
    const ask =
      call === 'relay'
        ? ref.ask('relay', [{ to: one(ids), name: one(['echo', 'echo', 'last']), body: n, options: { timeoutMs: 3_000 } }])
        : call === 'pause'
          ? ref.ask('pause', n % 7, { timeoutMs: 5_000 }).then(() => n)
          : die
            ? ref.ask(call, call === 'exit' ? 1 : n, { timeoutMs: 5_000 })
            : ref.ask('echo', n)
    asked.push(
      ask.then(
        (value) => settlements.push(value),
        (error) => settlements.push(error.code),
      ),
    )
    if (n % 10 === 9) await Promise.race([ask.catch(() => {}), new Promise((resolve) => setImmediate(resolve))])
  }
  let late: NodeJS.Timeout | undefined
  const hangs = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error(`seed ${seed}: ${outcomes.filter((each) => each.length === 0).length} asks hang`)), hangMs)
  })
  await Promise.race([Promise.all(asked), hangs])
  clearTimeout(late)
  for (const [n, settlements] of outcomes.entries()) {
    assert.is(settlements.length, 1, `seed ${seed}: ask ${n} settled ${settlements.length} times`)
    const [outcome] = settlements
    assert.ok(outcome === n || allowed.includes(String(outcome)), `seed ${seed}: ask ${n} settled with ${String(outcome)}`)
  }
  const crashed = outcomes.filter(([outcome]) => outcome === 'WORKER_CRASHED').length
  assert.ok(crashed > 0, `seed ${seed}: nothing was killed`)
  assert.ok(outcomes.some(([outcome], n) => outcome === n))
})

test.run()
