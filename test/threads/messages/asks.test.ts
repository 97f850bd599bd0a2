/** How an ask can settle: once, and each way for its own reason. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Drover, DroverError, type Failure } from '../../../src/index.js'
import { actors, deadLetters, settled } from '../../support/actors.js'
import { hangMs } from '../../support/hang.js'
import { cleanUp, event, isolations, open, state, until } from '../../support/system.js'

test.after.each(cleanUp)

/** A system with the actors a, b, c, started. */
async function three(more: Parameters<typeof actors>[1] = {}): Promise<Drover> {
  const system = await open({ workers: actors(['a', 'b', 'c'], more) })
  await system.start()
  await Promise.all(['a', 'b', 'c'].map((id) => state(system, id, 'running')))
  return system
}

/** For a worker that has to be started again first. */
const patient = { timeoutMs: hangMs }

for (const isolation of isolations) {
  test(`an actor in a ${isolation} replies; an error of its handler keeps code, cause and class, and harms nobody else`, async () => {
    const system = await three({ isolation })
    const a = system.worker('a')
    const body = { map: new Map([[1, new Date(5)]]), bytes: new Uint8Array(20_000) }
    assert.equal(await a.ask('echo', body), body)
    const error = await settled(a.ask('throws', 'NO_LUCK'))
    assert.equal([error.name, error.code, error.message, error.cause?.message], ['TypeError', 'NO_LUCK', 'as told', 'the cause'])
    assert.is((await settled(a.ask('nothing'))).code, 'HANDLER_UNKNOWN')
    assert.is((await settled(a.ask('function'))).code, 'MESSAGE_INVALID')
    assert.is(await a.ask('from'), null)
    assert.is(await a.ask('relay', [{ to: 'b', name: 'from' }]), 'a')
    assert.is(
      await a.ask('relay', [
        { to: 'b', name: 'relay' },
        { to: 'c', name: 'from' },
      ]),
      'b',
    )
    assert.equal(await system.failures(), [])
  })

  test(`a ${isolation} that dies settles what it had begun as WORKER_CRASHED, with its failure, and goes on after its restart`, async () => {
    const system = await three({ isolation })
    const a = system.worker('a')
    await a.ask('echo')
    const begun = settled(a.ask('exitsIn', 50))
    const waiting = settled(a.ask('echo', 2))
    const [first, second] = await Promise.all([begun, waiting])
    assert.equal([first.code, first.details.delivered], ['WORKER_CRASHED', 'maybe'])
    // Only shared memory says how far a thread came.
    assert.equal([second.code, second.details.delivered], ['WORKER_CRASHED', isolation === 'thread' ? 'no' : 'maybe'])
    assert.is((first.details.failure as Failure).kind, 'exit')
    assert.is(await a.ask('echo', 'again', patient), 'again')
  })

  test(`a reply of a ${isolation} that exits in the same turn still arrives`, async () => {
    const system = await three({ isolation })
    const failed = event(system, 'worker:failure:recorded')
    assert.is(await system.worker('a').ask('last', 'words'), 'words')
    // Its link would be one to a thread that ends.
    await failed
    assert.is(await system.worker('b').ask('relay', [{ to: 'a', name: 'last', body: 'again', options: patient }], patient), 'again')
  })
}

test('an error thrown beside the handlers is the failure in WORKER_CRASHED', async () => {
  const system = await three()
  const error = await settled(system.worker('a').ask('crash'))
  assert.equal([error.code, error.cause?.message], ['WORKER_CRASHED', 'crashed as told'])
  assert.is((error.details.failure as Failure).kind, 'uncaught-error')
})

test('an ask waits for a worker that was not started yet; one that has no thread in time says so', async () => {
  const system = await open({ workers: actors(['a']) })
  const a = system.worker('a')
  const error = await settled(a.ask('echo', 1, { timeoutMs: 20 }))
  assert.equal([error.code, error.details.delivered], ['ASK_TIMEOUT', 'no'])
  const waiting = a.ask('echo', 2, patient)
  await system.start()
  assert.is(await waiting, 2)
})

test('an ask whose time is up aborts its handler, and its late reply is a dead letter', async () => {
  const system = await three()
  const dead = deadLetters(system)
  const a = system.worker('a')
  await a.ask('echo')
  const error = await settled(a.ask('wait', 'x', { timeoutMs: 30 }))
  assert.equal([error.code, error.details.delivered], ['ASK_TIMEOUT', 'maybe'])
  await until(() => dead.length > 0, 'a dead letter')
  assert.equal(dead, ['late wait to a x1'])
  assert.equal(await a.ask('seen'), ['aborted x'])
})

test('a signal ends an ask with its reason, begun or not', async () => {
  const system = await three()
  const a = system.worker('a')
  const controller = new AbortController()
  const asked = [a.ask('wait', 1, { signal: controller.signal }), a.ask('echo', 2, { signal: controller.signal })]
  await a.ask('echo', 0, { timeoutMs: 1 }).catch(() => {})
  controller.abort(new Error('enough'))
  for (const ask of asked) assert.is((await settled(ask)).message, 'enough')
  assert.is((await settled(a.ask('echo', 3, { signal: controller.signal }))).message, 'enough')
  assert.is(await a.ask('echo', 4), 4)
})

test('a worker that is down for good is no slow one: WORKER_DOWN at once, until it is started again', async () => {
  const system = await three()
  const a = system.worker('a')
  await system.worker('b').ask('relay', [{ to: 'a', name: 'echo', body: 1 }])
  const begun = settled(a.ask('pause', 2 * hangMs))
  const waiting = settled(a.ask('echo', 1))
  await a.ask('echo', 0, { timeoutMs: 20 }).catch(() => {})
  await system.stop('a', { drainMs: 0 })
  assert.equal([(await begun).code, (await waiting).code], ['WORKER_DOWN', 'WORKER_DOWN'])
  assert.match((await settled(a.ask('echo'))).message, /a is down: stopped/)
  assert.is((await settled(system.worker('b').ask('relay', [{ to: 'a', name: 'echo' }]))).code, 'WORKER_DOWN')
  await system.start('a')
  assert.is(await a.ask('echo', 2, patient), 2)
  assert.is(await system.worker('b').ask('relay', [{ to: 'a', name: 'echo', body: 3 }]), 3)
})

test('a worker of no configuration is WORKER_UNKNOWN, until it is added and after it is removed', async () => {
  const system = await three()
  const relay = (): Promise<unknown> => system.worker('a').ask('relay', [{ to: 'later', name: 'echo', body: 1 }])
  assert.is((await settled(relay())).code, 'WORKER_UNKNOWN')
  await system.add(actors(['later'])[0] as never)
  await system.start('later')
  assert.is(await relay(), 1)
  await system.remove('later')
  assert.is((await settled(relay())).code, 'WORKER_UNKNOWN')
  assert.throws(
    () => system.worker('later'),
    (error: unknown) => DroverError.is(error) && error.code === 'WORKER_UNKNOWN',
  )
})

test('workers that would wait for each other in a circle are told the circle at once', async () => {
  const system = await three()
  const steps = [
    { to: 'b', name: 'relay' },
    { to: 'c', name: 'relay' },
    { to: 'a', name: 'echo' },
  ]
  const error = await settled(system.worker('a').ask('relay', steps))
  assert.equal([error.code, error.details.path], ['ASK_CYCLE', ['a', 'b', 'c', 'a']])
  assert.is((await settled(system.worker('a').ask('relay', [{ to: 'a', name: 'echo' }]))).code, 'ASK_CYCLE')
})

test('a concurrent worker can be asked by one that it waits for', async () => {
  const system = await three({ mailbox: { order: 'concurrent' } })
  const steps = [
    { to: 'b', name: 'relay' },
    { to: 'a', name: 'echo', body: 'round' },
  ]
  assert.is(await system.worker('a').ask('relay', steps), 'round')
})

test('a body that cannot be copied fails its own ask only, whatever is sent in the same turn', async () => {
  const system = await three()
  const a = system.worker('a')
  await a.ask('echo')
  const all = [a.ask('echo', 1), a.ask('echo', () => {}), a.ask('echo', 3)]
  const outcomes = await Promise.allSettled(all)
  assert.equal(
    outcomes.map((each) => (each.status === 'fulfilled' ? each.value : each.reason.code)),
    [1, 'MESSAGE_INVALID', 3],
  )
})

test('shared memory cannot go to a process, and says so', async () => {
  const system = await three({ isolation: 'process' })
  const error = await settled(system.worker('a').ask('echo', new SharedArrayBuffer(8)))
  assert.is(error.code, 'MESSAGE_INVALID')
  assert.is(await system.worker('a').ask('echo', 1), 1)
})

test('a paused worker begins no message; what waits is answered once it is resumed', async () => {
  const system = await three()
  const a = system.worker('a')
  await a.ask('echo')
  await system.pause('a')
  const waiting = a.ask('echo', 1)
  assert.is((await settled(a.ask('echo', 2, { timeoutMs: 30 }))).code, 'ASK_TIMEOUT')
  await system.resume('a')
  assert.is(await waiting, 1)
  await until(() => system.worker('a').status().activity === 'waiting', 'it waits for messages')
})

for (const isolation of isolations) {
  test(`messages that a ${isolation} had not begun when it is replaced are handled by the next, in order`, async () => {
    const system = await three({ isolation, drainMs: hangMs })
    const a = system.worker('a')
    const before = await a.ask('pid')
    const begun = a.ask('pause', 2_000)
    const rest = [1, 2, 3].map((n) => a.ask('echo', n, patient))
    const told = a.tell('note', 'told')
    // Its thread is made with these options, so it is replaced.
    await system.update('a', { mailbox: { capacity: 500 } })
    const outcomes = await Promise.allSettled([begun, ...rest, told])
    assert.equal(
      outcomes.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason))),
      [2_000, 1, 2, 3, undefined],
    )
    assert.equal(await a.ask('seen'), ['told'])
    assert.is.not(await a.ask('pid'), before)
    assert.equal(await system.failures(), [])
  })
}

test('a handler that waits is not stuck, and a task that waits for a reply is not either', async () => {
  const heartbeat = { everyMs: 20, timeoutMs: hangMs, progressTimeoutMs: 1_200, startTimeoutMs: hangMs }
  const asking = new URL('../../fixtures/asking.worker.js', import.meta.url)
  const system = await open({
    heartbeat,
    workers: [...actors(['a']), { id: 'asking', module: asking, dataset: 'data', input: { to: 'a', name: 'pause', body: 2_500 } }],
  })
  await system.load('data', [{ id: 1 }])
  await system.start()
  const report = await system.done()
  assert.equal([report.ok, report.results, report.completed, report.incomplete], [true, 1, ['asking'], []])
  assert.equal(await system.failures(), [])
})

test('an actor runs until it is stopped, and keeps no run from being done', async () => {
  const system = await three()
  await state(system, 'a', 'running')
  const report = await system.done()
  assert.equal([report.ok, report.incomplete, report.completed], [true, [], []])
  assert.is(system.worker('a').status().state, 'running')
  await system.stop('a')
  assert.is(system.worker('a').status().state, 'stopped')
})

test('a closed system refuses asks, and settles those that wait', async () => {
  const system = await open({ workers: actors(['a']) })
  const a = system.worker('a')
  const waiting = settled(a.ask('echo', 1))
  const told = settled(a.tell('note', 1))
  await system.close()
  assert.equal([(await waiting).code, (await told).code, (await settled(a.ask('echo', 1))).code], ['CLOSED', 'CLOSED', 'CLOSED'])
})

test('arguments that are wrong are told by name', async () => {
  const system = await open({ workers: actors(['a']) })
  const a = system.worker('a')
  for (const [call, names] of [
    [() => a.ask('' as never), /name of a message/],
    [() => a.ask('echo', 1, { timeoutMs: 0 }), /timeoutMs/],
    [() => a.ask('echo', 1, { signal: {} as never }), /signal/],
    [() => a.ask('echo', 1, { timeout: 5 } as never), /timeout/],
    [() => a.tell(5 as never), /name of a message/],
  ] as [() => Promise<unknown>, RegExp][]) {
    const error = await settled(call())
    assert.is(error.code, 'ARGUMENT_INVALID')
    assert.match(error.message, names)
  }
})

test('a tell from the program that nobody waits for does no harm when it is refused', async () => {
  const system = await three()
  await system.stop('a')
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  try {
    void system.worker('a').tell('note', 1)
    assert.is((await settled(system.worker('a').tell('note', 2))).code, 'WORKER_DOWN')
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(unhandled, [])
  } finally {
    process.off('unhandledRejection', note)
  }
})

test.run()
