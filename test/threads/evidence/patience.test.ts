import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inspectThread } from '../../../src/threads/evidence/inspect-thread.js'
import { stackOf } from '../../../src/threads/evidence/stack-and-profile.js'

/** Nothing of this thread runs meanwhile, as on a machine that gives it no core. */
const standStill = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

test('a thread gives its stack although this one stands still for longer than it waits for stacks', async () => {
  const thread = new Worker('(function spinForEver() { for (;;) Math.sqrt(2) })()', { eval: true })
  try {
    await once(thread, 'online')
    const stack = await stackOf((withinMs, use) =>
      inspectThread(thread.threadId)(withinMs, (inspector) => {
        standStill(3_500)
        return use(inspector)
      }),
    )
    assert.match(stack?.[0] ?? 'no stack', /^spinForEver /)
  } finally {
    await thread.terminate()
  }
})

test.run()
