import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freshDir, labelsIn, runExample } from './support.js'

const test = suite<{ dir: string }>('quickstart')

test.before.each((bench) => {
  bench.dir = freshDir()
})
test.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }))

test('it runs as it stands, twice, and ends by itself', async ({ dir }) => {
  for (const run of ['first', 'second']) {
    const { code, stdout, stderr } = await runExample('quickstart/main.js', [], { cwd: dir })
    assert.is(code, 0, `${run}: ${stderr}`)
    assert.match(stdout, /results: 16,\s+dead: 0/)
    const labels = labelsIn(join(dir, 'labels.jsonl'))
    assert.is(labels.size, 16)
    assert.is(labels.get('rules/urgency m1'), '{"label":"high"}')
    assert.is(labels.get('rules/topic m2'), '{"label":"billing"}')
    assert.is(labels.get('rules/topic m6'), '{"label":"other"}')
  }
})

test.run()
