import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { refused } from '../../support/refused.js'
import { ask, closeServers, serve } from '../../support/status.js'
import { cleanUp, collect, open, temporaryFolder, worker } from '../../support/system.js'

test.after.each(async () => {
  await closeServers()
  await cleanUp()
})

const module = new URL('../../fixtures/deep.worker.js', import.meta.url)

test('a result nested too deep fails its attempt, and says so', async () => {
  const system = await open({ tasks: { maxAttempts: 2, backoff: { initialMs: 1, maxMs: 1 } }, workers: [worker('a/x', { module })] })
  await system.load('data', [
    { id: 'deepest', levels: 500 },
    { id: 'too deep', levels: 501 },
    { id: 'far too deep', levels: 5_000 },
  ])
  await system.start()
  await system.done()
  assert.equal(
    (await collect(system.results())).map(({ key }) => key),
    ['deepest'],
  )
  const dead = await collect(system.deadTasks())
  assert.equal(
    dead.map(({ key, attempt, error }) => [key, attempt, error.code]),
    [
      ['too deep', 2, 'RESULT_TOO_DEEP'],
      ['far too deep', 2, 'RESULT_TOO_DEEP'],
    ],
  )
  assert.match(dead[0]?.error.message ?? '', /the result is nested deeper than 500 levels/)
})

test('an item nested too deep is refused', async () => {
  const system = await open({ workers: [worker('a/x')] })
  let nested: unknown = '[[[['.repeat(1_000)
  for (let level = 0; level < 499; level++) nested = { nested }
  assert.is((await system.load('data', [{ id: 1, nested }])).added, 1)
  const { message } = await refused(system.load('data', [{ id: 2, nested: [nested] }]), 'LOAD_BAD_RECORD')
  assert.match(message, /record 0: it is nested deeper than 500 levels/)
})

test('a result of an earlier version that is nested too deep leaves all others readable', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const system = await open({ store, workers: [worker('a/x', { module })] })
  await system.load(
    'data',
    ['a', 'b', 'c'].map((id) => ({ id, levels: 3 })),
  )
  await system.start()
  await system.done()
  const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`
  const db = new Database(store)
  db.prepare(`UPDATE result SET value = ? WHERE item = (SELECT id FROM item WHERE key = 'b')`).run(deep)
  db.close()

  // This path is read from the results; the usual one from the codes that are kept beside them.
  const [report] = await system.labels({ path: '$."label"' })
  assert.equal([report?.items, report?.labels], [2, [{ annotator: 'a', label: 'deep', count: 2 }]])
  assert.equal(
    (await collect(system.results())).map(({ key }) => key),
    ['a', 'b', 'c'],
  )
  const file = join(temporaryFolder(), 'labels.jsonl')
  assert.is(await system.export(file), 3)
  assert.ok(readFileSync(file, 'utf8').split('\n')[1]?.includes(`"value":${deep},`))
  const server = await serve(system)
  const { status, body } = await ask(server, '/api/v1/results')
  const lines = (body as string).trimEnd().split('\n')
  assert.equal(
    [status, lines.map((line) => (JSON.parse(line) as { value: unknown }).value)],
    [200, [{ label: 'deep', nested: [[null]] }, 'nested too deep to be shown: export it', { label: 'deep', nested: [[null]] }]],
  )
  const sample = await ask(server, '/api/v1/results/sample')
  assert.equal([sample.status, sample.body.items.length], [200, 3])
})

test.run()
