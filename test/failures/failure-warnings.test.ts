import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Drover, type LogRecord, policies } from '../../src/index.js'
import { cleanUp, isolations, items, open, temporaryFolder, until, worker } from '../support/system.js'

test.after.each(cleanUp)

const library = new URL('../../src/worker.js', import.meta.url).href

/** A worker module with these lines, after its import; the first of them is line 2. */
function moduleOf(...lines: string[]): URL {
  const file = join(temporaryFolder(), 'label.worker.mjs')
  writeFileSync(file, [`import { defineWorker } from '${library}'`, ...lines].join('\n'))
  return pathToFileURL(file)
}

const typo = ['export default defineWorker({', '  process: (task) => ({ urgent: task.data.txt.includes("urgent") }),', '})']

function warnings(system: Drover): LogRecord[] {
  return system.logs({ level: 'warn', part: 'worker', limit: 1_000 })
}

for (const isolation of isolations) {
  test(`a ${isolation} whose every task fails says so at once, with the line of the code, and sums it up at the end`, async () => {
    const module = moduleOf(...typo)
    const system = await open({ workers: [worker('a/x', { module, isolation })] })
    await system.load(
      'data',
      items(2, () => ({ text: 'an urgent matter' })),
    )
    await system.start()
    const report = await system.done()
    assert.is(report.dead, 2)
    const lines = warnings(system).map(({ message }) => message)
    const error = /TypeError: Cannot read properties of undefined \(reading 'includes'\) \(.*label\.worker\.mjs:3:\d+\)/
    assert.is(lines.length, 2, lines.join('\n'))
    assert.match(lines[0] ?? '', error)
    assert.match(lines[1] ?? '', error)
    assert.match(lines[1] ?? '', /^6 attempts failed, 2 tasks were given up: .*drover\.redrive\(\{ worker: 'a\/x' \}\)/)
    const { lastError, errorRate, failuresPerMinute } = system.worker('a/x').status()
    assert.equal([lastError?.code, lastError?.count, errorRate, failuresPerMinute], ['TypeError', 6, 1, 6])
    assert.match(lastError?.where ?? '', /label\.worker\.mjs:3:\d+$/)
    const [group, ...others] = await system.errors()
    assert.equal([group?.id, group?.count, group?.workers, others], [lastError?.id, 2, ['a/x'], []])
  })
}

test('the errors of dead tasks are distinguished, and still known to the next host', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const options = { store, workers: [worker('a/x'), worker('b/x')] }
  const system = await open(options)
  await system.load(
    'data',
    items(6, (n) => (n < 4 ? { do: 'throw' } : n === 4 ? { do: 'give up' } : {})),
  )
  await system.start()
  await system.done()
  const expected = [
    ['E_LUCK', 8, ['a/x', 'b/x']],
    ['HOPELESS', 2, ['a/x', 'b/x']],
  ]
  const told = async (of: Drover) => (await of.errors()).map(({ code, count, workers }) => [code, count, workers.sort()])
  assert.equal(await told(system), expected)
  assert.equal(
    (await system.errors({ annotator: 'b' })).map(({ count }) => count),
    [4, 1],
  )
  await system.close()
  const next = await open(options)
  assert.equal(await told(next), expected)
  await next.redrive({ annotator: 'a' })
  assert.equal(
    (await next.errors()).map(({ count }) => count),
    [4, 1],
  )
})

test('a worker that another attempt mends is logged once', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load(
    'data',
    items(2, (n) => (n === 0 ? { do: 'throw', times: 1 } : {})),
  )
  await system.start()
  assert.is((await system.done()).dead, 0)
  assert.equal(
    warnings(system).map(({ message }) => message.replace(/ \(.*\)$/, '')),
    ['an attempt at task item-0 failed: E_LUCK: no luck with this'],
  )
})

test('the stack of a failure is mapped to the source that the author wrote', async () => {
  const map = {
    version: 3,
    sources: ['label.worker.ts'],
    names: [],
    // Line 3, column 38 of the compiled file (from 0: 2, 37) is line 12, column 5 of the source.
    mappings: ';;qCAWI',
  }
  const module = moduleOf(
    ...typo,
    `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`,
  )
  const system = await open({ workers: [worker('a/x', { module })] })
  await system.load('data', items(1))
  await system.start()
  await until(() => system.worker('a/x').status().lastError !== null, 'an attempt to have failed')
  assert.match(system.worker('a/x').status().lastError?.where ?? '', /label\.worker\.ts:12:5$/)
  await system.done()
  const [group] = await system.errors()
  assert.match(group?.where ?? '', /label\.worker\.ts:12:5$/)
})

for (const isolation of isolations) {
  test(`the log has the stack of a crash of a ${isolation}, and that of its cause, also in the file`, async () => {
    const dir = temporaryFolder()
    const module = moduleOf(
      'function ask() {',
      "  throw Object.assign(new Error('no connection'), { code: 'E_DOWN' })",
      '}',
      'export default defineWorker({',
      '  process: (task, ctx) => {',
      '    try {',
      '      ask()',
      '    } catch (cause) {',
      "      ctx.fail(new Error('cannot go on', { cause }))",
      '    }',
      '  },',
      '})',
    )
    const system = await open({ workers: [worker('a/x', { module, isolation })], restart: policies.never, log: { console: false, dir } })
    await system.load('data', items(1))
    await system.start()
    await system.done()
    const told = warnings(system).find(({ message }) => message.startsWith('uncaught-error'))?.message ?? ''
    const [title, frame, ...more] = told.split('\n')
    assert.is(title, 'uncaught-error: cannot go on')
    assert.match(frame ?? '', /^ {2}at .*label\.worker\.mjs:10:\d+\)?$/)
    const cause = more.indexOf('caused by Error [E_DOWN]: no connection')
    assert.is.not(cause, -1, told)
    assert.match(more[cause + 1] ?? '', /^ {2}at ask \(.*label\.worker\.mjs:3:\d+\)$/)
    await system.close()
    const [file = ''] = readdirSync(dir).filter((name) => name.startsWith('worker.'))
    assert.match(readFileSync(join(dir, file), 'utf8'), /ERROR uncaught-error: cannot go on\n {6}at .*label\.worker\.mjs:10:/)
  })
}

test.run()
