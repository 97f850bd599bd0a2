import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { connectQuota } from '../../src/quotas/connect-quota.js'
import { createQuota } from '../../src/quotas/create-quota.js'
import { inFolder } from '../store/support/folders.js'
import { within } from '../store/support/waiting.js'

test('the places of a thread in flight are freed at its end of any kind', () =>
  inFolder(async (folder) => {
    const quota = await createQuota({ store: join(folder, 'q.db'), name: 'key', concurrency: 1, durability: 'process' })
    const connection = quota.connect()
    // Takes the one place, and dies with it.
    const script = `
      const { workerData: { connection: { port, host, client } } } = require('node:worker_threads')
      port.once('message', () => process.exit(3))
      port.postMessage({ id: 1, op: 'acquireQuota', request: {
        client, ticket: 1, host, choices: ['key'], amounts: {}, times: 1, priority: 0, place: null, wait: true, patienceMs: Infinity } })`
    const thread = new Worker(script, { eval: true, workerData: { connection }, transferList: [connection.port] })
    assert.equal(await once(thread, 'exit'), [3])
    const lease = await within('the place that the thread had', quota.acquire())
    await quota.settle(lease)
    await quota.close()
  }))

test('a thread that closes its connection leaves the line, and its waiting requests are refused', () =>
  inFolder(async (folder) => {
    const quota = await createQuota({ store: join(folder, 'q.db'), name: 'key', concurrency: 1, durability: 'process' })
    const connected = connectQuota(quota.connect())
    const lease = await connected.acquire()
    const waiting = connected.acquire().then(
      () => 'granted',
      ({ code }: { code: string }) => code,
    )
    const next = quota.acquire()
    await connected.close()
    assert.is(connected.close(), connected.close())
    assert.is(await waiting, 'CLOSED')
    await within('the place that the lease had', next)
    assert.equal(lease.amounts, { requests: 1 })
    await quota.close()
  }))

test.run()
