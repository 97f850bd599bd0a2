/** The docs of the exported API: its examples type-check, and the errors that it names exist. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { errorCodes } from '../../src/errors.js'
import { apiTags } from './api.js'
import { makeProject, writeFiles } from './project.js'
import { mistakesIn } from './type-check.js'

const { folder, remove } = makeProject()
process.on('exit', remove)

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

test('every example of the exported API type-checks under strict', () => {
  const places = new Map<string, string>()
  const files = examples.map(({ at, text }, index) => {
    places.set(`example-${index}/example.ts`, at)
    return `${writeFiles(folder, `example-${index}`, new Map([['example.ts', `${text}\n`]]))}/example.ts`
  })
  const mistakes = mistakesIn(folder, ['globals.d.ts', 'examples.d.ts'], files, (path, line) => {
    const at = places.get(path)
    return at === undefined ? `${path}:${line}` : `${at}, line ${line} of its example`
  })
  assert.equal(mistakes, [])
})

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
