/** The docs of the exported API: what people use most has examples, and the errors that it names exist. `types.test.ts` checks the examples. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { errorCodes } from '../../src/errors.js'
import { apiTags } from './api.js'

const tags = apiTags()
const examples = tags.filter(({ name }) => name === 'example')

/** The calls that people use most. */
const usedMost = [
  'createDrover',
  'defineWorker',
  'matrix',
  'createQuota',
  'serveStatus',
  'connect',
  'fakeProvider',
  'observe',
  'WorkerContext.withQuota',
  'Tasks.list',
  ...[
    ...['load', 'start', 'done', 'run', 'results', 'labels', 'export', 'stop', 'pause', 'resume', 'restart', 'update', 'add', 'remove'],
    ...['reset', 'redrive', 'quota', 'on', 'stopOnSignals', 'errors', 'check', 'status', 'close'],
  ].map((method) => `Drover.${method}`),
]

test('each call that people use most has an example', () => {
  const shown = new Set(examples.map(({ at }) => at))
  assert.equal(
    usedMost.filter((call) => !shown.has(call)),
    [],
  )
})

test('every code that @throws names is one of the table', () => {
  const ours = tags.filter(({ name, text }) => name === 'throws' && /^(Drover|Quota)Error/.test(text))
  const named = ours.flatMap(({ at, text }) => (text.match(/\b(?!JSON\b)[A-Z]{3,}(?:_[A-Z]+)*\b/g) ?? []).map((code) => ({ at, code })))
  assert.ok(named.length > 100, `${named.length} codes were found`)
  assert.equal(
    named.filter(({ code }) => !(code in errorCodes)),
    [],
  )
})

test.run()
