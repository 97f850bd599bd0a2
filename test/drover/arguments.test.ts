/** What a call is given is checked where it enters: what makes no sense is refused by name, before anything is done. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkStore, composePolicy, createQuota, loadConfig, showProgress } from '../../src/index.js'
import { TaskError } from '../../src/worker.js'
import { refused } from '../support/refused.js'
import { cleanUp, items, open, temporaryFolder, worker } from '../support/system.js'

test.after.each(cleanUp)

const any = (value: unknown): never => value as never

const bad = async (call: () => unknown, what: RegExp): Promise<void> => {
  assert.match((await refused(Promise.resolve().then(call), 'ARGUMENT_INVALID')).message, what)
}

/** Objects without a name of their own that say nothing of what is meant. */
const odd: [unknown, RegExp][] = [
  [Promise.resolve({ domain: 'x' }), /must be a plain object, got an object \(Promise\)$/],
  [new Map([['domain', 'x']]), /must be a plain object, got an object \(Map\)$/],
  [new Date(), /must be a plain object, got an object \(Date\)$/],
  [Object.create({ domain: 'x' }), /must be a plain object, got an object$/],
]

test('a promise, a map or a date instead of a filter selects no worker, and not all', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load('data', items(3))
  await system.start()
  await system.done()
  for (const [value, what] of odd) {
    await bad(() => system.start(any(value)), what)
    await bad(() => system.stop(any(value)), what)
    await bad(() => system.reset(any(value), { data: true }), what)
    await bad(() => system.tasks.drop(any(value), 'why'), what)
    await bad(() => system.redrive(any(value)), what)
    await bad(() => system.errors(any(value)), what)
    await bad(() => system.stop('a/x', any(value)), what)
  }
  assert.is(system.status().done, 3)
})

test('an invalid id or name is refused, a bigint too', async () => {
  const system = await open({ workers: [worker('a/x')], quotas: { key: { concurrency: 1 } } })
  for (const none of [undefined, null, 1n, {}, '']) {
    await bad(() => system.remove(any(none)), /^id must be a text, got /)
    await bad(() => system.update(any(none), {}), /^id must be a text, got /)
    await refused(
      Promise.resolve().then(() => system.quota(any(none))),
      'QUOTA_INVALID',
    )
  }
  await bad(() => system.setConcurrency(2, any(1n)), /^group must be a text, got 1n$/)
})

test('a change that is no object is refused, instead of changing nothing', async () => {
  const system = await open({ workers: [worker('a/x')] })
  for (const none of [undefined, null, 5, [], () => ({}), Promise.resolve({ priority: 2 })]) {
    await bad(() => system.update('a/x', any(none)), /^the second argument of update must be /)
  }
})

test('a listener that is no function, and an event that does not exist, are refused', async () => {
  const system = await open({ workers: [worker('a/x')] })
  for (const none of [undefined, null, 5, 'x', {}]) {
    await bad(() => system.on('worker:state:changed', any(none)), /^the listener must be a function, got /)
    await bad(() => system.once('worker:state:changed', any(none)), /^the listener must be a function, got /)
    await bad(() => system.onLog(any(none)), /^the listener must be a function, got /)
  }
  await bad(() => system.inspect(any(undefined)), /^the observer must be a function or an object, got nothing$/)
  await bad(() => system.inspect(any({ next: 5 })), /^next of the observer must be a function, got 5$/)
  const noEvent = /^the event must be one of those in docs\/events\.md \(did you mean worker:state:changed\?\), got "worker:state:change"$/
  await bad(() => system.on(any('worker:state:change'), () => {}), noEvent)
  await bad(() => system.once(any('worker:state:change'), () => {}), noEvent)
  await bad(() => system.on(any(5), () => {}), /^the event must be one of those in docs\/events\.md, got 5$/)
})

test('the options of run are checked before anything starts', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load('data', items(1))
  await bad(() => system.run({ onDone: any('print') }), /^onDone must be a function, got "print"$/)
  await bad(() => system.run({ progress: any('bars') }), /^progress must be true, false or an object, got "bars"$/)
  await bad(() => system.run({ progress: { everyMs: any('1s') } }), /^everyMs must be a number of milliseconds/)
  await bad(() => system.run({ drainMs: -1 }), /^drainMs must be a whole number/)
  await bad(() => showProgress(any(undefined)), /^the first argument of showProgress must be a system, got nothing$/)
  await bad(() => showProgress(system, any({ every: 5 })), /^every must be a function, got 5$/)
  assert.equal([system.status().state, system.worker('a/x').status().state], ['open', 'idle'])
  assert.ok((await system.run({ progress: false, signals: false })).ok)
})

test('signals that do not exist, or that nobody can handle, are refused by name before any handler is there, and before a run starts', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const can = 'a signal that can be handled, such as SIGINT, SIGTERM or SIGHUP'
  const cases: [unknown, string][] = [
    ['SIGINT', `LISTa list of signals such as ['SIGINT', 'SIGTERM'], got "SIGINT"`],
    [null, `LISTa list of signals such as ['SIGINT', 'SIGTERM'], got null`],
    [true, `LISTa list of signals such as ['SIGINT', 'SIGTERM'], got true`],
    [['SIGINT', 'SIGTEMR'], `signals[1] must be ${can} (did you mean SIGTERM?), got "SIGTEMR"`],
    [['SIGINT', 'hello, world'], `signals[1] must be ${can}, got "hello, world"`],
    [['SIGINT', 15], `signals[1] must be ${can}, got 15`],
    [['SIGINT', 'SIGKILL'], `signals[1] must be ${can}, got "SIGKILL"`],
    [['SIGSTOP'], `signals[0] must be ${can}, got "SIGSTOP"`],
    [['SIGSEGV'], `signals[0] must be ${can}, got "SIGSEGV"`],
  ]
  const handlers = (): number => process.listenerCount('SIGINT')
  const before = handlers()
  for (const [signals, message] of cases) {
    const direct = await refused(
      Promise.resolve().then(() => system.stopOnSignals(any(signals))),
      'ARGUMENT_INVALID',
    )
    assert.is(direct.message, message.replace('LIST', 'signals must be '))
    const inRun = await refused(system.run({ progress: false, signals: any(signals) }), 'ARGUMENT_INVALID')
    assert.is(inRun.message, message.replace('LIST', 'signals must be false or '))
    assert.is(handlers(), before)
  }
  assert.equal([system.status().state, system.worker('a/x').status().state], ['open', 'idle'])
  system.stopOnSignals(['SIGINT', 'SIGINT'])
  assert.is(handlers(), before + 1, 'or the first signal would count as the second')
  await system.close()
  system.stopOnSignals()
  assert.is(handlers(), before, 'a closed system handles none')
})

test('a handler whose removal throws is told in the log, and close() removes the others all the same', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const broken = (name: string): void => {
    if (name === 'SIGHUP') throw new Error('no luck')
  }
  const before = process.listenerCount('SIGINT')
  system.stopOnSignals(['SIGHUP'])
  system.stopOnSignals(['SIGINT'])
  const said: string[] = []
  system.onLog(({ level, message, fields }) => level === 'error' && said.push(`${message} ${JSON.stringify(fields)}`))
  process.on('removeListener', broken)
  try {
    await system.close()
  } finally {
    process.off('removeListener', broken)
  }
  assert.equal([system.status().state, process.listenerCount('SIGINT')], ['closed', before])
  assert.match(said.join(), /^something could not be released when the system was closed .*no luck/)
})

test('functions beside a system refuse what makes no sense as a system does', async () => {
  await bad(() => composePolicy(any(null)), /^a policy must be an object or a function, got null$/)
  await bad(() => composePolicy(any('otp')), /^a policy must be an object or a function, got "otp"$/)
  await bad(() => loadConfig(any(undefined)), /^file must be a text, got nothing$/)
  await bad(() => checkStore(any(1n)), /^the store must be the path of a file, got 1n$/)
  await refused(createQuota(any(undefined)), 'ARGUMENT_INVALID')
  await refused(createQuota(any(null)), 'ARGUMENT_INVALID')
})

test('an option that a call on a quota, or the error of a task, does not know is refused', async () => {
  const system = await open({ workers: [worker('a/x')], quotas: { key: { concurrency: 1 } } })
  await bad(() => system.quota('key').history(any({ sinse: 5 })), /^the query has no "sinse"; did you mean since\?$/)
  const quota = await createQuota({ store: join(temporaryFolder(), 'test.db'), name: 'own', requests: { limit: 5, per: 'hour' } })
  try {
    await bad(() => quota.acquire({}, any({ timeout: 5_000 })), /^options has no "timeout"; did you mean timeoutMs\?$/)
    await bad(() => quota.observe({}, any({ leese: null })), /^options has no "leese"; did you mean lease\?$/)
    await bad(() => quota.observe({}, any(null)), /^options must be an object, got null$/)
    for (const none of [new Date(), new Map([['tokens', 1]]), [1], Promise.resolve({ tokens: 1 })]) {
      await bad(() => quota.acquire(any(none)), /^amounts must be a plain object of amounts by unit, got (an object|a list of 1)/)
      await bad(() => quota.settle(null, any(none)), /^actual must be a plain object of amounts by unit, got /)
    }
    for (const none of [Number.NaN, '', 0]) await bad(() => quota.settle(any(none)), /^lease must be the result of acquire, or null, got /)
    assert.is((await quota.status()).windows[0]?.used, 0)
  } finally {
    await quota.close()
  }
  await bad(() => new TaskError('LATER', any({ retryAfterMs: 5_000 })), /^TaskError: options has no "retryAfterMs"; /)
  await bad(() => new TaskError('LATER', any({ realease: true })), /did you mean release\?$/)
})

test.run()
