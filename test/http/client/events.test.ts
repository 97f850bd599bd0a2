/** What a client is told of the event log, also of what it was away for; and that one which is refused says so. */
import assert from 'node:assert/strict'
import { type Client, connect, type EventGap, type StatusEvent } from 'drover/client'
import { test } from 'uvu'
import { WebSocket } from 'ws'
import type { Drover } from '../../../src/drover/drover.js'
import { refusingUpgrades } from '../../support/proxy.js'
import { closeSockets } from '../../support/sockets.js'
import { closeServers, serve, token } from '../../support/status.js'
import { cleanUp, open, until, worker } from '../../support/system.js'

const clients: Client[] = []

test.after.each(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await closeSockets()
  await closeServers()
  await cleanUp()
})

/** A network that can be cut, and that can lose what comes. */
class Network {
  up = true
  /** Whether a message does not arrive. */
  loses: (text: string) => boolean = () => false
  readonly #sockets: WebSocket[] = []
  readonly WebSocket: typeof WebSocket
  /** Cut as well: otherwise the client would poll. */
  readonly fetch: typeof fetch = async (...request) => {
    if (!this.up) throw new Error('the network is down')
    return fetch(...request)
  }

  constructor() {
    const network = this
    this.WebSocket = class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        if (!network.up) throw new Error('the network is down')
        super(url, protocols)
        network.#sockets.push(this)
      }

      override emit(name: string | symbol, ...args: unknown[]): boolean {
        return name === 'message' && network.loses(String(args[0])) ? false : super.emit(name, ...args)
      }
    } as typeof WebSocket
  }

  cut(): void {
    this.up = false
    for (const socket of this.#sockets.splice(0)) socket.terminate()
  }
}

/** A client of events, and what it was told. */
async function follow(url: string, { network = new Network(), ...options }: { network?: Network; missedEvents?: 'read' | 'tell' } = {}) {
  const { WebSocket, fetch } = network
  const client = connect(url, { topics: ['events'], WebSocket, fetch, ...options })
  clients.push(client)
  const events: StatusEvent[] = []
  const gaps: EventGap[] = []
  client.on('event', (event) => events.push(event))
  client.on('gap', (gap) => gaps.push(gap))
  await until(() => client.status === 'live', `the client is ${client.status}`)
  return { client, network, events, gaps }
}

const idsOf = (events: readonly StatusEvent[]): number[] => events.map(({ id }) => id)

/** So many events, one after another. */
async function happen(system: Drover, number: number): Promise<void> {
  for (let n = 0; n < number; n++) await system.update('a/x', { priority: n })
}

/** All ids of the log after one. */
async function idsAfter(system: Drover, after: number): Promise<number[]> {
  return (await system.events({ after, limit: 10_000 })).items.map(({ id }) => id)
}

test('events from while the connection was broken are told when it is back, each once and in order', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { last } = await system.events({})
  const { client, network, events, gaps } = await follow((await serve(system)).url)
  await happen(system, 3)
  await until(() => events.length === 3, `the first three, not ${events.length}`)
  for (let round = 1; round <= 2; round++) {
    network.cut()
    await until(() => client.status !== 'live', 'the client has noticed')
    await happen(system, 10)
    network.up = true
    client.reconnect()
    // Some come while it still reads those that it missed.
    await happen(system, 5)
    await until(() => events.length >= 3 + round * 15, `all of round ${round}, not ${events.length}`)
  }
  assert.deepEqual(idsOf(events), await idsAfter(system, last))
  assert.deepEqual(gaps, [])
})

test('events that were missed before the first one came are told as well', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { client, network, events } = await follow((await serve(system)).url)
  const { last } = await system.events({})
  network.cut()
  await until(() => client.status !== 'live', 'the client has noticed')
  await happen(system, 2)
  network.up = true
  client.reconnect()
  await until(() => events.length === 2, `both, not ${events.length}`)
  assert.deepEqual(idsOf(events), await idsAfter(system, last))
})

test('events that the server dropped for a client that read too slowly are told in their place', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { last } = await system.events({})
  const { network, events, gaps } = await follow((await serve(system)).url)
  let lost = 0
  network.loses = (text) => {
    const loses = lost === 0 && text.startsWith('{"type":"events"')
    if (loses) lost++
    return loses
  }
  await happen(system, 1)
  await until(() => lost === 1, 'the first is lost')
  await happen(system, 3)
  await until(() => events.length === 4, `all four, not ${events.length}`)
  assert.deepEqual(idsOf(events), await idsAfter(system, last))
  assert.deepEqual(gaps, [])
})

test('events that the log no longer keeps are told of as a gap, from which id to which', async () => {
  const system = await open({ workers: [worker('a/x')], keepEvents: 5 })
  const { client, network, events, gaps } = await follow((await serve(system)).url)
  await happen(system, 1)
  await until(() => events.length === 1, 'the first')
  const seen = events[0]?.id ?? 0
  network.cut()
  await until(() => client.status !== 'live', 'the client has noticed')
  // Enough for old ones to be deleted.
  await happen(system, 260)
  network.up = true
  client.reconnect()
  const { first, last } = await system.events({})
  await until(() => events.at(-1)?.id === last, `up to ${last}, not ${events.at(-1)?.id}`)
  assert.ok(first > seen + 1)
  assert.deepEqual(gaps, [{ from: seen + 1, to: first - 1, count: first - 1 - seen }])
  assert.deepEqual(idsOf(events), [seen, ...(await idsAfter(system, first - 1))])
})

test('a client that does not want missed events is told how many they are, and goes on with the new ones', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { client, network, events, gaps } = await follow((await serve(system)).url, { missedEvents: 'tell' })
  const { last } = await system.events({})
  network.cut()
  await until(() => client.status !== 'live', 'the client has noticed')
  await happen(system, 7)
  network.up = true
  client.reconnect()
  await until(() => gaps.length === 1, 'a gap')
  await happen(system, 1)
  await until(() => events.length === 1, 'the new one')
  assert.deepEqual(gaps, [{ from: last + 1, to: last + 7, count: 7 }])
  assert.deepEqual(idsOf(events), [last + 8])
})

test('a client that leaves the events and asks for them again begins anew', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { client, events, gaps } = await follow((await serve(system)).url)
  client.setTopics(['overview'])
  await client.until(({ overview }) => overview !== undefined)
  await happen(system, 3)
  client.setTopics(['events', 'quotas'])
  await client.until(({ quotas }) => quotas !== undefined)
  const { last } = await system.events({})
  await happen(system, 1)
  await until(() => events.length > 0, 'the new one')
  assert.deepEqual(idsOf(events), [last + 1])
  assert.deepEqual(gaps, [])
})

test('events are told while no WebSocket works', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const proxy = await refusingUpgrades((await serve(system)).url)
  const client = connect(proxy.url, { topics: ['events'] })
  clients.push(client)
  const events: StatusEvent[] = []
  client.on('event', (event) => events.push(event))
  await until(() => client.status === 'polling' && proxy.asked('200') > 1, `polling, not ${client.status}`)
  const { last } = await system.events({})
  await happen(system, 3)
  await until(() => idsOf(events).includes(last + 3), `all three, not ${idsOf(events)}`)
  assert.deepEqual(idsOf(events).slice(-3), [last + 1, last + 2, last + 3])
  proxy.upgrades = true
  await until(() => client.status === 'live', `live, not ${client.status}`)
  await happen(system, 1)
  await until(() => idsOf(events).includes(last + 4), 'the one over the WebSocket')
  assert.deepEqual(idsOf(events).slice(-2), [last + 3, last + 4])
})

test('whoever waits for a condition is told that the server refuses the client', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url } = await serve(system, { token })
  const refused = { name: 'ClientError', code: 'UNAUTHORIZED', status: 401 }
  // Also one that asks for no part of the state.
  for (const topics of [undefined, ['events'] as const]) {
    const client = connect(url, { token: 'no token that is known', ...(topics && { topics }) })
    clients.push(client)
    await assert.rejects(
      client.until(() => false),
      refused,
    )
    assert.equal(client.status, 'unauthorized')
    await assert.rejects(
      client.until(() => false),
      refused,
    )
    client.reconnect({ token })
    client.setTopics(['workers'])
    const { workers } = await client.until((state) => state.workers !== undefined)
    assert.deepEqual(Object.keys(workers ?? {}), ['a/x'])
  }
})

test.run()
