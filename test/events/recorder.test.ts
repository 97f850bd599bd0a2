import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DroverError } from '../../src/errors.js'
import { keptEvents, Recorder } from '../../src/events/recorder.js'
import type { EngineClient } from '../../src/store/contract/engine.js'
import type { EventRow, Transition } from '../../src/store/contract/registry.js'
import { refused, thrownBy } from '../support/refused.js'

/** A recorder whose store takes nothing until it is told to. */
function setUp() {
  const said: string[] = []
  const stored: { transitions: Transition[]; events: EventRow[] }[] = []
  const store = { takes: false }
  const call = async (_: string, request: { transitions: Transition[]; events: EventRow[] }) => {
    // As the store thread does with what it is sent.
    structuredClone(request)
    for (const { payload } of request.events) JSON.stringify(payload)
    if (!store.takes) throw new DroverError('STORE_FAILED', 'the store failed: database or disk is full')
    stored.push(request)
    return {}
  }
  const say = (level: string) => (message: string) => said.push(`${level}: ${message}`)
  const log = { error: say('error'), warn: say('warn'), info: say('info'), debug: say('debug') }
  const recorder = new Recorder({ call } as unknown as EngineClient, 'host', log)
  return { recorder, store, stored, said }
}

test('data that the store does not take is kept: every event in order, and the latest state of each worker', async () => {
  const { recorder, store, stored, said } = setUp()
  recorder.transition({ worker: 'a', state: 'running', memory: null })
  recorder.event('tree:node:added', { id: 'first', at: 1 }, 1)
  await refused(recorder.flush(), 'STORE_FAILED')
  recorder.transition({ worker: 'a', state: 'blacklisted', memory: null })
  recorder.transition({ worker: 'b', state: 'parked', memory: null })
  recorder.event('tree:node:added', { id: 'second', at: 2 }, 2)
  await refused(recorder.flush(), 'STORE_FAILED')
  let written = false
  const later = recorder.written().then(() => {
    written = true
  })
  await Promise.resolve()
  assert.is(written, false)
  store.takes = true
  // By itself, on its timer.
  await later
  assert.is(stored.length, 1)
  assert.equal(stored[0]?.transitions.map(({ worker, state }) => `${worker} ${state}`).sort(), ['a blacklisted', 'b parked'])
  assert.equal(
    stored[0]?.events.map(({ seq, payload }) => [seq, (payload as { id: string }).id]),
    [
      [0, 'first'],
      [1, 'second'],
    ],
  )
  assert.equal(said, [
    'warn: the store cannot save events (STORE_FAILED: the store failed: database or disk is full): they are kept, and drover tries again until they are stored',
    'info: the store can save events again',
  ])
})

test('more events than are kept drop the oldest and say so; the state of no worker is dropped', async () => {
  const { recorder, store, stored, said } = setUp()
  recorder.transition({ worker: 'a', state: 'blacklisted', memory: null })
  for (let n = 0; n < keptEvents + 5; n++) recorder.event('tree:node:added', { id: String(n), at: n }, n)
  await refused(recorder.flush(), 'STORE_FAILED')
  store.takes = true
  await recorder.flush()
  const events = stored.flatMap((each) => each.events)
  assert.equal([stored.flatMap(({ transitions }) => transitions).length, events.length, events[0]?.seq], [1, keptEvents, 5])
  // No message is so long that making it keeps the main thread.
  assert.ok(stored.every((each) => each.events.length <= 500))
  assert.ok(said.some((line) => line.startsWith(`warn: more than ${keptEvents} events wait for the store`)))
  assert.ok(said.includes('info: the store can save events again; 5 events were dropped'))
})

test('an event that can never be stored keeps nothing else from it', async () => {
  const { recorder, store, stored, said } = setUp()
  store.takes = true
  recorder.event('tree:node:added', { id: 'sound', at: 1 }, 1)
  recorder.event('tree:node:added', { id: 1n, at: 2 } as never, 2)
  recorder.event('tree:node:added', { id: 'with a function', at: 3, extra: () => {} } as never, 3)
  assert.is((await thrownBy(recorder.flush())).name, 'DataCloneError')
  await recorder.flush()
  assert.equal(
    stored.flatMap(({ events }) => events.map(({ seq }) => seq)),
    [0, 2],
  )
  assert.ok(said.includes('error: an event tree:node:added cannot be stored'))
})

test('data that is not in the store when the system ends is logged, and waiting calls end', async () => {
  const { recorder, said } = setUp()
  recorder.transition({ worker: 'a', state: 'blacklisted', memory: null })
  recorder.event('tree:node:added', { id: 'lost', at: 1 }, 1)
  const waiting = recorder.written()
  await recorder.close()
  await waiting
  assert.is(said.at(-1), 'error: not in the store: the latest states of 1 workers, and 1 events')
  await refused(recorder.flush(), 'STORE_FAILED')
})

test.run()
