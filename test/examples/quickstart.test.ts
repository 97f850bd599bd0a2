import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freshDir, labelsIn, root, runExample } from './support.js'

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

test('the first program of the README runs as pasted, twice', async ({ dir }) => {
  mkdirSync(join(dir, 'node_modules'))
  symlinkSync(root, join(dir, 'node_modules', 'drover'), 'junction')
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const files = [...readme.matchAll(/```js\n\/\/ (\S+\.js)\n([\s\S]*?)```/g)]
  assert.equal(
    files.map(([, name]) => name),
    ['label.worker.js', 'main.js'],
  )
  for (const [, name = '', code = ''] of files) writeFileSync(join(dir, name), code)
  for (const run of ['first', 'second']) {
    const { code, stderr } = await runExample(join(dir, 'main.js'), [], { cwd: dir })
    assert.is(code, 0, `${run}: ${stderr}`)
    assert.is(labelsIn(join(dir, 'labels.jsonl')).size, 8)
  }
})

test.run()
