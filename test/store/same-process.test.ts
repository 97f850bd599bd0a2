/** Systems of one process that follow each other on one store, also where the first could not say that it is over. */
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ControlOutcome } from '../../src/index.js'
import { cleanUp, items, open, state, temporaryFolder, worker } from '../support/system.js'

test.after.each(cleanUp)

test('the workers of a system in a terminated thread are taken over in the same process, after its renewals have expired', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const entry = new URL('../fixtures/host-in-thread.js', import.meta.url)
  const thread = new Worker(entry, { workerData: { store, hostTtlMs: 6_000 }, execArgv: process.execArgv })
  await once(thread, 'message')
  await thread.terminate()
  const system = await open({ store, workers: [worker('a/x')] })
  const [{ message }] = (await system.start()) as [ControlOutcome]
  assert.ok(message === 'started' || message.startsWith(`waits: held by another host: pid ${process.pid} on `), message)
  assert.is((await system.done()).results, 100)
})

test('a system that could not leave its store says what it did not give back, and the next one of the process has it at once', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const system = await open({ store, workers: [worker('a/x', { input: { everyMs: 20 } })] })
  await system.load('data', items(50))
  await system.start()
  await state(system, 'a/x', 'running')
  const errors: string[] = []
  system.onLog(({ level, message }) => level === 'error' && errors.push(message))
  // Nothing about who holds what can be written any more, as if there were no room.
  const other = new Database(store)
  other.exec(`
    CREATE TRIGGER full_host BEFORE UPDATE ON host WHEN NEW.gone = 1 BEGIN SELECT RAISE(ABORT, 'no room'); END;
    CREATE TRIGGER full_worker BEFORE UPDATE ON worker WHEN NEW.holder IS NULL BEGIN SELECT RAISE(ABORT, 'no room'); END;
  `)
  await system.close()
  assert.ok(
    errors.some((message) => /could not leave the store and release a\/x: until this process ends/.test(message)),
    errors.join('\n'),
  )
  other.exec('DROP TRIGGER full_host; DROP TRIGGER full_worker')
  other.close()
  const next = await open({ store, workers: [worker('a/x')] })
  assert.is((await next.start())[0]?.message, 'started')
  assert.is((await next.done()).results, 50)
})

test.run()
