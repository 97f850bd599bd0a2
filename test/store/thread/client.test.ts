import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DroverError, toErrorRecord } from '../../../src/errors.js'
import type { StoreReply, StoreRequest } from '../../../src/store/contract/engine.js'
import { StoreClient } from '../../../src/store/thread/client.js'
import { refused } from '../../support/refused.js'

/** A store that answers when the test says so. */
class Puppet {
  readonly requests: StoreRequest[] = []
  readonly port: MessagePort
  readonly other: MessagePort
  #arrived: () => void = () => {}

  constructor() {
    const { port1, port2 } = new MessageChannel()
    this.port = port1
    this.other = port2
    port1.on('message', (message: StoreRequest) => {
      this.requests.push(message)
      this.#arrived()
    })
  }

  async received(count: number): Promise<StoreRequest[]> {
    while (this.requests.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
    return this.requests
  }

  reply(reply: StoreReply): void {
    this.port.postMessage(reply)
  }
}

test('answers reach the calls they belong to, in whatever order they come', async () => {
  const store = new Puppet()
  const client = new StoreClient(store.other)
  const calls = [client.call('now', {}), client.call('now', {})]
  const [first, second] = await store.received(2)
  store.reply({ id: second?.id ?? 0, ok: true, value: { now: 2 } })
  store.reply({ id: first?.id ?? 0, ok: true, value: { now: 1 } })
  assert.equal(await Promise.all(calls), [{ now: 1 }, { now: 2 }])
  client.close()
})

test('an error keeps its code, its details and its cause', async () => {
  const store = new Puppet()
  const client = new StoreClient(store.other)
  const call = client.call('now', {})
  const [request] = await store.received(1)
  const error = new DroverError('STORE_FAILED', 'no', { details: { n: 1 }, cause: new TypeError('why') })
  store.reply({ id: request?.id ?? 0, ok: false, error: toErrorRecord(error) })
  const got = await refused(call, 'STORE_FAILED')
  assert.equal(got.details, { n: 1 })
  assert.is((got.cause as Error).name, 'TypeError')
  client.close()
})

test('unanswered requests go to the next store in the same order and unchanged; answered ones do not', async () => {
  const first = new Puppet()
  const client = new StoreClient(first.other)
  const calls = ['a', 'b', 'c'].map((worker) => client.call('counts', { workers: [worker] }))
  const sent = [...(await first.received(3))]
  first.reply({ id: sent[1]?.id ?? 0, ok: true, value: { counts: [] } })
  await calls[1]
  const second = new Puppet()
  client.reattach(second.other)
  assert.equal(await second.received(2), [sent[0], sent[2]])
  for (const { id } of second.requests) second.reply({ id, ok: true, value: { counts: [] } })
  await Promise.all(calls)
  client.close()
})

test('a request that cannot be cloned is refused, and is not in the way of others', async () => {
  const store = new Puppet()
  const client = new StoreClient(store.other)
  const unclonable = { seq: 1, at: 1, type: 'x', worker: null, payload: () => {} }
  try {
    await client.call('record', { host: 'h', transitions: [], events: [unclonable] })
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).name, 'DataCloneError')
  }
  const next = new Puppet()
  client.reattach(next.other)
  const call = client.call('now', {})
  const [request] = await next.received(1)
  assert.is(request?.op, 'now')
  next.reply({ id: request?.id ?? 0, ok: true, value: { now: 1 } })
  await call
  client.close()
})

test('after close everything is refused, what was pending too, and a new port is closed', async () => {
  const store = new Puppet()
  const client = new StoreClient(store.other)
  const pending = client.call('now', {})
  client.close()
  await refused(pending, 'CLOSED')
  await refused(client.call('now', {}), 'CLOSED')
  const late = new Puppet()
  const closed = new Promise((resolve) => late.port.once('close', resolve))
  client.reattach(late.other)
  await closed
})

test.run()
