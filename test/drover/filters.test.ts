import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover } from '../../src/index.js'
import { refused } from '../support/refused.js'
import { cleanUp, collect, items, open, worker } from '../support/system.js'

test.after.each(cleanUp)

const any = (value: unknown): never => value as never

/** Two lanes, done: `1/x` with three results, `b/y` with two and a dead task. */
async function worked(): Promise<Drover> {
  const system = await open({
    tasks: { maxAttempts: 1 },
    workers: [worker('1/x', { dataset: 'first' }), worker('b/y', { dataset: 'second' })],
  })
  await system.load('first', items(3))
  await system.load(
    'second',
    items(3, (n) => (n === 0 ? { do: 'throw', times: 9 } : {})),
  )
  await system.start()
  await system.done()
  return system
}

test('a misspelt or undefined filter deletes, drops and redrives nothing', async () => {
  const system = await worked()
  const bad = async (call: () => Promise<unknown>, what: RegExp): Promise<void> => {
    assert.match((await refused(Promise.resolve().then(call), 'ARGUMENT_INVALID')).message, what)
  }
  await bad(() => system.reset(any({ domian: 'x' }), { data: true }), /^the selector has no "domian"; did you mean domain\?$/)
  await bad(() => system.reset(any({ worker: undefined }), { data: true }), /^worker of the selector is undefined: leave it out/)
  await bad(() => system.reset(any(undefined), { data: true }), /name the workers, or pass \{\} for all of them/)
  await bad(() => system.reset(any(null), { data: true }), /the selector must be a worker's id/)
  await bad(() => system.reset(any([undefined]), { data: true }), /a worker's id must be a text, got nothing/)
  await bad(() => system.reset('1/x', any({ data: 'no' })), /data must be true or false, got "no"/)
  await bad(() => system.reset('1/x', any({ date: true })), /has no "date"; did you mean data\?/)
  await bad(() => system.tasks.drop(any({ domian: 'x' }), 'x'), /^the filter has no "domian"; did you mean domain\?$/)
  await bad(() => system.tasks.drop(any({ keys: undefined }), 'x'), /^keys of the filter is undefined/)
  await bad(() => system.tasks.drop(any({ worker: '' }), 'x'), /worker must be a text, got ""/)
  await bad(() => system.redrive(any({ key: 'item-0' })), /^the filter has no "key"; did you mean keys\?$/)
  await bad(() => system.redrive(any({ keys: 'item-0' })), /keys must be a list of texts/)
  await bad(() => system.tasks.retry(any({ annotater: 'b' })), /did you mean annotator/)
  await bad(() => system.tasks.prioritise(any({ dataset: 'first', keys: ['item-0'], lane: 'x' }), 1), /the filter has no "lane"/)
  const { done, dead } = system.status()
  assert.equal([done, dead], [5, 1])
})

test('everything that matches is deleted on an explicit selection', async () => {
  const system = await worked()
  const [outcome, ...more] = await system.reset({ annotator: '1', domain: 'x', worker: '1/x' }, { data: true })
  assert.equal([outcome?.worker, outcome?.deleted.results, more.length], ['1/x', 3, 0])
  await refused(system.reset({ worker: 'b/y', domain: 'x' }, { data: true }), 'WORKER_UNKNOWN')
  assert.is((await system.reset({}, { data: true })).length, 2)
  assert.is(system.status().done, 0)
})

test('every read refuses what it does not understand', async () => {
  const system = await worked()
  const calls: [call: () => unknown, what: RegExp][] = [
    [() => system.results(any({ domian: 'x' })), /did you mean domain/],
    [() => system.results(any({ domain: undefined })), /domain of the filter is undefined/],
    [() => system.results(any({ domain: 7 })), /domain must be a text, got 7/],
    [() => system.results(any('x')), /the filter must be an object, got "x"/],
    [() => system.deadTasks(any({ state: 'dead' })), /the filter has no "state"/],
    [() => system.taskUsage(any({ works: 'x' })), /the filter has no "works"/],
    [() => system.usage(any({ per: 'worker' })), /the filter has no "per"/],
    [() => system.usage(any({ by: 'lane' })), /by must be worker, annotator, domain, got "lane"/],
    [() => system.labels(any({ annotator: '1' })), /the query has no "annotator"/],
    [() => system.labels(any({ pth: '$.x' })), /did you mean path/],
    [() => system.export('x.jsonl', any({ domian: 'x' })), /did you mean domain/],
    [() => system.export(any(undefined)), /file must be a text, got nothing/],
    [() => system.failures(any({ workers: ['1/x'] })), /did you mean worker/],
    [() => system.failures({ worker: '' }), /worker must be a text/],
    [() => system.failures({ limit: 0 }), /limit must be a whole number, 1 to 10000, got 0/],
    [() => system.history({ types: [any('worker:faliure:recorded')] }), /did you mean worker:failure:recorded/],
    [() => system.history({ types: any('worker:failure:recorded') }), /types must be a list of event names/],
    [() => system.events(any({ type: 'x' })), /did you mean types/],
    [() => system.logs(any({})), /limit must be a whole number of 1 or more, got nothing/],
    [() => system.logs(any({ limit: 5, level: 'warning' })), /level must be error, warn, info, debug/],
    [() => system.tasks.list(any({ states: ['dead'] })), /did you mean state/],
    [() => system.tasks.list(any({ state: undefined })), /state of the query is undefined/],
    [() => system.start(any({ domian: 'x' })), /did you mean domain/],
    [() => system.start(any(7)), /the selector must be a worker's id, .*, got 7/],
    [() => system.stop('1/x', any({ drain: 5 })), /did you mean drainMs/],
    [() => system.stop('1/x', { drainMs: Number.POSITIVE_INFINITY }), /drainMs must be a whole number, 0 to 2147483647, got Infinity/],
    [() => system.close(any({ drainMS: 5 })), /did you mean drainMs/],
    [() => system.profile('1/x', any({ forMs: 5 })), /has no "forMs"/],
    [() => system.add(worker('c/x'), any({ parent: 'c' })), /has no "parent"/],
    [() => system.remove('b/y', any({ persit: true })), /did you mean persist/],
    [() => system.update('b/y', {}, any({ persist: 1 })), /persist must be true or false, got 1/],
    [() => system.load('first', any(undefined)), /the source must be a list/],
    [() => system.load('first', any('items')), /the source must be a list/],
    [() => system.load('first', [], any({ onconflict: 'keep' })), /did you mean onConflict/],
    [() => system.load('first', [], { onConflict: any('replace') }), /onConflict must be error, keep, update, got "replace"/],
    [() => system.load('first', [], { key: any('id') }), /key must be a function, got "id"/],
    [() => system.load('first', [], { signal: any({}) }), /signal must be an AbortSignal/],
  ]
  for (const [call, what] of calls) {
    const { message } = await refused(
      Promise.resolve().then(() => call() as Promise<unknown>),
      'ARGUMENT_INVALID',
    )
    assert.match(message, what)
  }
  assert.is(system.status().state, 'open')
})

test('a number means the annotator, or the key, of that name', async () => {
  const system = await worked()
  assert.is((await collect(system.results({ annotator: 1 }))).length, 3)
  assert.is((await collect(system.results({ annotator: '1' }))).length, 3)
  assert.is((await system.tasks.list({ annotator: 1, state: 'done' })).items.length, 3)
  await system.load('first', [{ id: 17 }])
  assert.is((await system.tasks.get('first', 17))?.key, '17')
  assert.is(await system.tasks.drop({ dataset: 'first', keys: [17] }, 'not wanted'), 1)
  assert.is(await system.redrive({ annotator: 1, keys: [17] }), 1)
})

test('options that are undefined have their default', async () => {
  const system = await worked()
  assert.is((await system.stop('1/x', any({ drainMs: undefined }))).length, 1)
  assert.equal((await system.reset('1/x', any({ data: undefined })))[0]?.deleted, { results: 0, dead: 0 })
  assert.is((await system.load('first', items(3), any({ key: undefined, signal: undefined }))).known, 3)
})

test.run()
