/** Calls that wait for a store which cannot be written: how each of them ends. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DroverError } from '../../src/index.js'
import { Interruption } from '../../src/store/interrupted-by-signal.js'
import { WriteRetry } from '../../src/store/write-retry.js'

/** Calls that end when they are told to. */
function scene() {
  const ending = new AbortController()
  const said: string[] = []
  const say = (message: string): void => void said.push(message)
  const writeRetry = new WriteRetry({ ending: ending.signal, isFinal: () => false, log: { warn: say, info: say } })
  const tried: { resolve: (value: string) => void; reject: (error: Error) => void }[] = []
  let onTry = (): void => {}
  return {
    ending,
    said,
    wait: () => writeRetry.wait,
    tried,
    call: (signal?: AbortSignal) =>
      writeRetry
        .through(
          'start',
          () =>
            new Promise<string>((resolve, reject) => {
              tried.push({ resolve, reject })
              onTry()
            }),
          signal,
        )
        .catch((error: unknown) => error),
    /** Settles at the next attempt. */
    retried: () =>
      new Promise<void>((resolve) => {
        onTry = resolve
      }),
  }
}

const full = (): DroverError => new DroverError('STORE_FAILED', 'the disk is full')

test('a call that is being tried when the system closes is rejected with CLOSED, like a waiting one', async () => {
  const { ending, said, tried, call } = scene()
  const [trying, waiting] = [call(), call()]
  tried[1]?.reject(full())
  await new Promise(setImmediate)
  ending.abort()
  tried[0]?.reject(full())
  for (const one of [trying, waiting]) {
    const error = (await one) as DroverError
    assert.equal([error.code, (error.cause as DroverError).code], ['CLOSED', 'STORE_FAILED'])
    assert.match(error.message, /^the system is closing: the store could not take the call \(start\) before/)
  }
  assert.is(said.length, 1)
})

test('a signal that comes while a call is being tried ends it with why it came', async () => {
  const { ending, tried, call } = scene()
  const trying = call()
  ending.abort(new Interruption('SIGTERM'))
  tried[0]?.reject(full())
  assert.match(((await trying) as Error).message, /^interrupted by SIGTERM: /)
})

test("a call that is being tried when its own signal aborts ends with the signal's reason", async () => {
  const { tried, call } = scene()
  const own = new AbortController()
  const reason = new Error('nobody wants it')
  const trying = call(own.signal)
  own.abort(reason)
  tried[0]?.reject(full())
  assert.is(await trying, reason)
})

test('a call that is done or refused while the system closes says what became of it', async () => {
  const { ending, tried, call } = scene()
  const [done, refused] = [call(), call()]
  ending.abort()
  tried[0]?.resolve('done')
  const refusal = new DroverError('ARGUMENT_INVALID', 'no such worker')
  tried[1]?.reject(refusal)
  assert.equal([await done, await refused], ['done', refusal])
})

test('a recovered store is logged when the last waiting call is done', async () => {
  const { said, tried, call, retried } = scene()
  const waiting = call()
  const retry = retried()
  tried[0]?.reject(full())
  await retry
  const other = call()
  tried[2]?.resolve('other')
  await other
  assert.is(said.length, 1)
  tried[1]?.resolve('done')
  assert.is(await waiting, 'done')
  assert.equal([said.length, said[1]], [2, 'the store takes calls again'])
})

test('since when calls wait, and why, is known until the last of them is done', async () => {
  const { tried, call, retried, wait } = scene()
  const calls = [call(), call()]
  assert.is(wait(), null)
  const began = Date.now()
  for (const error of [full(), new DroverError('STORE_FAILED', 'the store was locked')]) tried.shift()?.reject(error)
  await new Promise(setImmediate)
  const { since = 0, why } = wait() ?? {}
  assert.ok(since >= began && since <= Date.now())
  assert.is(why, 'the store was locked')
  await retried()
  tried.shift()?.resolve('done')
  if (tried.length === 0) await retried()
  assert.is(wait()?.since, since)
  tried.shift()?.resolve('done')
  await Promise.all(calls)
  assert.is(wait(), null)
})

test.run()
