import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, collect, items, open, temporaryFolder, worker } from '../../support/system.js'

test.after.each(cleanUp)

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
const key = 'sk-0123456789abcdef'

test("what is new on the disk is its owner's alone: the store, what SQLite puts beside it, logs, and folders", async () => {
  const folder = temporaryFolder()
  const [data, logs] = [join(folder, 'data'), join(folder, 'logs')]
  const before = process.umask(0o022)
  try {
    const system = await open({ store: join(data, 'test.db'), workers: [worker('a/x')], log: { console: false, dir: logs } })
    await system.load('data', items(3))
    await system.start()
    await system.done()
    assert.equal(readdirSync(data).sort(), ['test.db', 'test.db-shm', 'test.db-wal'])
    for (const file of readdirSync(data)) assert.is(modeOf(join(data, file)), '600', file)
    await system.close()
    assert.ok(readdirSync(logs).length > 0)
    for (const file of readdirSync(logs)) assert.is(modeOf(join(logs, file)), '600', file)
    assert.equal([modeOf(data), modeOf(logs)], ['700', '700'])
  } finally {
    process.umask(before)
  }
})

test('a store that is there keeps its permissions', async () => {
  const store = join(temporaryFolder(), 'test.db')
  writeFileSync(store, '')
  chmodSync(store, 0o640)
  const system = await open({ store, workers: [worker('a/x')] })
  assert.equal([modeOf(store), modeOf(`${store}-wal`)], ['640', '640'])
  await system.close()
})

test('a secret is struck out of every text of an error, its name and its code too, wherever the error was made', async () => {
  const system = await open({
    secrets: [key],
    tasks: { maxAttempts: 1 },
    workers: [worker('a/x', { module: new URL('../../fixtures/telling.worker.js', import.meta.url) })],
    restart: {
      rules: [
        {
          when: () => {
            throw Object.assign(new Error(`no rule for ${key}`), { name: key, code: key })
          },
          do: 'stop',
        },
      ],
      maxRestarts: 0,
    },
  })
  const told: unknown[] = []
  for (const name of ['worker:failure:recorded', 'policy:rule:failed', 'worker:state:changed'] as const)
    system.on(name, (event) => told.push(event))
  await system.load('data', [
    { id: 'fails', do: 'fail', key },
    { id: 'falls', do: 'fall', key },
  ])
  await system.start()
  await system.done()
  const known = [
    told,
    await collect(system.deadTasks()),
    await system.errors(),
    await system.failures(),
    await system.history(),
    system.status(),
    system.logs({ limit: 1_000 }),
  ]
  const text = JSON.stringify(known)
  assert.ok(told.length > 0 && text.includes('[redacted]'))
  assert.not.ok(text.includes(key), text.slice(Math.max(0, text.indexOf(key) - 200), text.indexOf(key) + 50))
})

test.run()
