import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { closeWhenDone, drive, endHosts } from '../../support/driven-hosts.js'
import { cleanUp, collect, items, open, temporaryFolder, worker } from '../../support/system.js'

test.after.each(endHosts)
test.after.each(cleanUp)

const small = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 }

test('a task that makes V8 abort the whole process again and again is quarantined, and nothing else is lost, doubled or given up', async () => {
  const folder = temporaryFolder()
  const starts = join(folder, 'starts.jsonl')
  const store = join(folder, 'test.db')
  const lanes = [
    { id: 'bad/x', dataset: 'data', resourceLimits: small, input: { starts } },
    { id: 'good/x', dataset: 'calm', input: { starts, everyMs: 20 } },
  ]
  const load = { data: items(20, (i) => (i === 5 ? { do: 'burst' } : {})), calm: items(100) }
  const ends: (string | number | null)[] = []
  for (let round = 0; round < 15 && ends.at(-1) !== 0; round++) {
    const host = drive({ store, workers: lanes, load })
    closeWhenDone(host)
    const [code, signal] = (await once(host, 'exit')) as [number | null, string | null]
    ends.push(signal ?? code)
  }
  assert.is(ends.pop(), 0, `the last host was to end in order: ${ends}`)
  assert.equal([...new Set(ends)], ['SIGABRT'], 'the process was to abort')
  assert.is(ends.length, 10)
  const system = await open({ store, workers: [worker('bad/x'), worker('good/x', { dataset: 'calm' })] })
  const dead = await collect(system.deadTasks())
  assert.equal(
    dead.map(({ key, kind, attempt }) => [key, kind, attempt]),
    [['item-5', 'poison', 10]],
  )
  const results = (await collect(system.results())).map(({ worker, key }) => `${worker} ${key}`)
  assert.is(results.length, 119)
  assert.is(new Set(results).size, 119)
  const numbers = readFileSync(starts, 'utf8').trimEnd().split('\n')
  assert.is(new Set(numbers).size, numbers.length, 'no attempt was made twice under one number')
})

test.run()
