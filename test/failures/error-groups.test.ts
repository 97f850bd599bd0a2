import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ErrorRecord, toErrorRecord } from '../../src/errors.js'
import { describeKind, ErrorGroups, isOwnModuleMissing, kindOf, otherErrors } from '../../src/failures/error-groups.js'

function record(message: string, more: Partial<ErrorRecord> = {}): ErrorRecord {
  return { name: 'Error', message, ...more }
}

const same: [a: string, b: string][] = [
  ['no item 17', 'no item 4711'],
  ['request req_011CSHoEeqs5C35K2UUqR7Fy failed', 'request req_9 failed'],
  ['no 4d6fa3c2-9a55-4d1e-8f3d-0f1f6b2f8a11 here', 'no 00000000-9a55-4d1e-8f3d-0f1f6b2f8a12 here'],
  ['key "a b" is unknown', 'key "c" is unknown'],
  ["the field 'text' is missing", "the field 'title' is missing"],
  ['connect ECONNREFUSED 127.0.0.1:9', 'connect ECONNREFUSED 10.0.0.12:8080'],
  ['over the limit\nretry at 12:00', 'over the limit\nretry at 13:00'],
]
for (const [a, b] of same) {
  test(`one group: ${JSON.stringify(a)} and ${JSON.stringify(b)}`, () => {
    assert.is(kindOf(record(a)).id, kindOf(record(b)).id)
  })
}

const different: [a: ErrorRecord, b: ErrorRecord][] = [
  [record('HTTP 500'), record('HTTP 503')],
  [record('answered with status: 404'), record('answered with status: 429')],
  [record('no luck'), record('no hope')],
  [record('no luck'), record('no luck', { code: 'E_LUCK' })],
  [record('no luck'), record('no luck', { name: 'TypeError' })],
  [record("can't read, isn't there"), record("can't write, isn't there")],
  [
    record('x', { stack: 'Error: x\n    at f (file:///app/a.js:1:2)' }),
    record('x', { stack: 'Error: x\n    at f (file:///app/a.js:9:2)' }),
  ],
]
for (const [a, b] of different) {
  test(`two groups: ${JSON.stringify(a)} and ${JSON.stringify(b)}`, () => {
    assert.is.not(kindOf(a).id, kindOf(b).id)
  })
}

test('the place of an error is the first frame of the user, not of Node.js, of a package or of drover', () => {
  const own = new URL('../../src/threads/runtime/tasks/loop.js', import.meta.url).href
  const stack = [
    'TypeError: fetch failed',
    '    at node:internal/deps/undici/undici:13185:13',
    '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
    '    at async Client.post (file:///app/node_modules/openai/client.mjs:10:20)',
    `    at TaskLoop.run (${own}:5:6)`,
    '    at async Object.process (file:///app/with%20space/label.worker.ts?loader=tsx:5:17)',
  ].join('\n')
  assert.is(kindOf({ name: 'TypeError', message: 'fetch failed', stack }).where, '/app/with space/label.worker.ts:5:17')
  const inPackage = stack.split('\n').slice(0, 4).join('\n')
  assert.is(kindOf({ name: 'TypeError', message: 'fetch failed', stack: inPackage }).where, '/app/node_modules/openai/client.mjs:10:20')
  assert.is(kindOf(record('without a stack')).where, null)
})

test('an error says what its cause says: its code, its message, its place', () => {
  const cause = record('connect ECONNREFUSED 127.0.0.1:9', { code: 'ECONNREFUSED', stack: 'Error\n    at ask (/app/ask.js:3:4)' })
  const kind = kindOf({ name: 'TypeError', message: 'fetch failed', cause })
  assert.is(kind.code, 'ECONNREFUSED')
  assert.is(kind.message, 'TypeError: fetch failed: connect ECONNREFUSED 127.0.0.1:9')
  assert.is(kind.where, '/app/ask.js:3:4')
  assert.is(describeKind(kind), 'TypeError: fetch failed: connect ECONNREFUSED 127.0.0.1:9 (/app/ask.js:3:4)')
})

test('a real error of this file is found at its line', () => {
  let thrown: unknown
  try {
    ;(undefined as unknown as { text: string }).text.includes('x')
  } catch (error) {
    thrown = error
  }
  const kind = kindOf(toErrorRecord(thrown))
  assert.match(kind.where ?? '', /error-groups\.test\.ts:\d+:\d+$/)
  assert.is(kind.code, 'TypeError')
  assert.match(describeKind(kind), /^TypeError: Cannot read .* \(test\/failures\/error-groups\.test\.ts:\d+:\d+\)$/)
})

/** Of a processor: for what took minutes where it now takes less than a second. */
const soonMs = 10_000
const cpuMs = (): number => process.cpuUsage().user / 1_000

test('a message of one long word costs no more than one of many', () => {
  const began = cpuMs()
  for (let n = 0; n < 20_000; n++) kindOf(record('x'.repeat(16_000)))
  const tookMs = cpuMs() - began
  assert.ok(tookMs < soonMs, `took ${tookMs} ms`)
})

test('a long line of a stack that looks like many places is read once', () => {
  const began = cpuMs()
  const { where } = kindOf(record('x', { stack: `Error: x\n    at ${' (/?'.repeat(5_000)}:x\n    at f (/app/a.js:1:2)` }))
  const tookMs = cpuMs() - began
  assert.is(where, '/app/a.js:1:2')
  assert.ok(tookMs < soonMs, `took ${tookMs} ms`)
})

test("that drover's own modules cannot be found is told from the user's that are missing", () => {
  const own = fileURLToPath(new URL('../../src/threads/runtime/run-worker.js', import.meta.url))
  const missing = (from: string) => record(`Cannot find package '/app/node_modules/comlink/index.js' imported from ${from}`)
  assert.ok(isOwnModuleMissing(missing(own)))
  assert.not.ok(isOwnModuleMissing(missing('/app/label.worker.js')))
})

test('groups are bounded: what is too much to be told apart is counted as other errors', () => {
  const groups = new ErrorGroups()
  const words = Array.from({ length: 300 }, (_, n) => [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join(''))
  for (const word of [...words, ...words]) groups.add(record(`no ${word}`), { worker: 'a/x', at: 1, example: null })
  groups.add(record('no a'), { worker: 'b/x', at: 7, example: null })
  const list = groups.list()
  assert.is(list.length, 101)
  assert.equal([list[0]?.id, list[0]?.count], [otherErrors.id, 400])
  assert.equal([list[1]?.message, list[1]?.count, list[1]?.workers, list[1]?.lastAt], ['no a', 3, ['a/x', 'b/x'], 7])
})

test.run()
