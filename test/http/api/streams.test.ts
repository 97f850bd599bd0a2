/** What goes on for as long as it is read: events as they happen, and results. */

import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover } from '../../../src/drover/drover.js'
import { thrownBy } from '../../support/refused.js'
import { serve } from '../../support/status.js'
import { items, open, until, worker } from '../../support/system.js'
import { cleanUpServers, serveApi } from '../support.js'

test.after.each(cleanUpServers)

interface StreamedEvent {
  id: number
  type: string
}

/** A reader of server-sent events. */
class EventReader {
  readonly told: StreamedEvent[] = []
  readonly response: Promise<Response>
  readonly #abort = new AbortController()
  ended = false
  /** Broken off, not ended. */
  failed = false

  constructor(url: string, headers: Record<string, string> = {}) {
    this.response = fetch(url, { headers, signal: this.#abort.signal })
    void this.#read()
      .catch(() => {
        this.failed = true
      })
      .finally(() => {
        this.ended = true
      })
  }

  async #read(): Promise<void> {
    let rest = ''
    for await (const chunk of (await this.response).body ?? []) {
      rest += Buffer.from(chunk).toString()
      const frames = rest.split('\n\n')
      rest = frames.pop() ?? ''
      for (const frame of frames) {
        const data = /^data: (.*)$/m.exec(frame)?.[1]
        const id = /^id: (\d+)$/m.exec(frame)?.[1]
        if (data === undefined) continue
        const event = JSON.parse(data) as StreamedEvent
        assert.is(String(event.id), id)
        this.told.push(event)
      }
    }
  }

  close(): void {
    this.#abort.abort()
  }
}

const load = (system: Drover, name: string): Promise<unknown> => system.load(name, items(1), { key: (item) => item.id })

test('events come as they happen, from now on, or after the one that was seen last', async () => {
  const system = await open({ workers: [worker('annotator-1/urgency')] })
  await load(system, 'first')
  const { url } = await serveApi(system)
  const { last } = await system.events()
  const reader = new EventReader(`${url}/api/v1/events/stream`)
  assert.match((await reader.response).headers.get('content-type') ?? '', /^text\/event-stream/)
  await load(system, 'second')
  await until(() => reader.told.length > 0, 'an event')
  assert.ok((reader.told[0]?.id ?? 0) > last)
  reader.close()

  const [all] = [(await system.events()).items.map(({ id }) => id)]
  for (const [query, headers] of [
    ['?after=0', {}],
    ['?after=999', { 'last-event-id': '0' }],
  ] as const) {
    const again = new EventReader(`${url}/api/v1/events/stream${query}`, headers)
    await until(() => again.told.length >= all.length, 'all events')
    assert.equal(
      again.told.map(({ id }) => id),
      all,
    )
    await load(system, `third ${query}`)
    await until(() => again.told.length > all.length, 'one more')
    all.push(...again.told.slice(all.length).map(({ id }) => id))
    again.close()
  }
})

test('only events of the requested types and worker are sent', async () => {
  const system = await open({ workers: [worker('annotator-1/urgency'), worker('annotator-2/urgency')] })
  const { url } = await serveApi(system)
  const reader = new EventReader(`${url}/api/v1/events/stream?after=0&types=worker:state:changed&worker=annotator-2%2Furgency`)
  await load(system, 'data')
  await system.start()
  await system.done()
  const wanted = (await system.events({ types: ['worker:state:changed'], worker: 'annotator-2/urgency' })).items
  await until(() => reader.told.length === wanted.length, 'all of them')
  assert.equal(
    reader.told.map(({ id }) => id),
    wanted.map(({ id }) => id),
  )
  reader.close()
})

test('while nothing happens the store is not read', async () => {
  const system = await open({ workers: [worker('annotator-1/urgency')] })
  const { url } = await serveApi(system)
  const read = system.events.bind(system)
  let reads = 0
  system.events = (query) => {
    reads++
    return read(query)
  }
  const reader = new EventReader(`${url}/api/v1/events/stream?after=0`)
  await load(system, 'data')
  await until(() => reader.told.length === 1, 'the event')
  // Something else asks meanwhile: whatever was under way has come to rest.
  for (let n = 0; n < 20; n++) await fetch(`${url}/api/v1/workers`)
  const rested = reads
  for (let n = 0; n < 20; n++) await fetch(`${url}/api/v1/workers`)
  assert.is(reads, rested)
  reader.close()
})

test('streams of events end when the system closes, and when the server does', async () => {
  for (const close of ['system', 'server']) {
    const system = await open({ workers: [worker('annotator-1/urgency')] })
    const server = await serve(system)
    const reader = new EventReader(`${server.url}/api/v1/events/stream?after=0`)
    await reader.response
    if (close === 'system') await system.close()
    else await server.close({ graceMs: 20_000 })
    await until(() => reader.ended, `the stream's end after that of the ${close}`)
    assert.not(reader.failed, `broken off by the closing of the ${close}`)
  }
})

/** A system with so many results, each of about so many bytes. */
async function withResults(n: number): Promise<Drover> {
  const system = await open({ workers: [worker('annotator-1/urgency', { concurrency: 64, prefetch: 256 })] })
  await system.load(
    'data',
    items(n, (i) => ({ id: `${i}-${'x'.repeat(500)}` })),
    { key: (item) => item.id },
  )
  await system.start()
  await system.done()
  return system
}

test('results are read only as fast as they are taken, and not at all once the client is gone', async () => {
  const rows = 12_000
  const system = await withResults(rows)
  const { url } = await serveApi(system)
  let taken = 0
  let ended = false
  const results = system.results.bind(system)
  system.results = async function* <Value>(filter: Parameters<typeof results>[0]) {
    try {
      for await (const row of results<Value>(filter)) {
        taken++
        yield row
      }
    } finally {
      ended = true
    }
  }
  const request = get(`${url}/api/v1/results`)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.pause()
  // It goes on until the sockets are full. Were it not to stop there, these reads would see the whole of it pass by.
  await until(() => taken > 0, 'the first rows')
  for (let n = 0; n < 100; n++) await (await fetch(`${url}/api/v1/tasks?limit=1`)).text()
  assert.ok(taken < rows, `${taken} of ${rows} rows were read while nobody took them`)
  response.destroy()
  await until(() => ended, 'the reading has ended')
  assert.ok(taken < rows)
})

test('a stream of results that fails half way is broken off, not ended', async () => {
  const system = await withResults(20)
  const { url } = await serveApi(system)
  const results = system.results.bind(system)
  system.results = async function* <Value>(filter: Parameters<typeof results>[0]) {
    let n = 0
    for await (const row of results<Value>(filter)) {
      if (n++ === 10) throw new Error('the disk is gone')
      yield row
    }
  }
  const response = await fetch(`${url}/api/v1/results`)
  assert.is(response.status, 200)
  assert.instance(await thrownBy(response.text()), Error)
})

test('asked with HEAD, streams tell their headers and end', async () => {
  const { url } = await serveApi(await withResults(3))
  for (const path of ['/events/stream', '/results']) {
    const response = await fetch(`${url}/api/v1${path}`, { method: 'HEAD' })
    assert.equal([response.status, await response.text()], [200, ''], path)
  }
})

test.run()
