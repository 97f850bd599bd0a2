import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freshDir, labelsIn, runExample } from './support.js'

const test = suite<{ dir: string }>('llm labelling')
const main = 'llm-labelling/main.js'
const keys = ['key-1', 'key-2', 'key-3', 'key-4', 'key-5']

test.before.each((bench) => {
  bench.dir = freshDir()
})
test.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }))

/** A key's row in the table of the provider. */
function accountOf(stdout: string, key: string): { admitted: number; refused: number; turnedAway: number; used: number } {
  const account = stdout.slice(stdout.indexOf('turned away'))
  const row = account.split('\n').find((line) => line.includes(`│ ${key} `))
  if (!row) throw new Error(`no row for ${key} in:\n${stdout}`)
  const [, , admitted = Number.NaN, refused = Number.NaN, turnedAway = Number.NaN, used = Number.NaN] = row
    .split('│')
    .map((cell) => Number(cell.replace(/[%\s]/g, '')))
  return { admitted, refused, turnedAway, used }
}

test('no request is refused, and each key is used to at least 97 %', async ({ dir }) => {
  const { code, stdout, stderr } = await runExample(main, ['--items', '30', '--data', dir])
  assert.is(code, 0, stderr + stdout)
  assert.is(labelsIn(join(dir, 'labels.jsonl')).size, 30 * 30)
  const accounts = keys.map((key) => accountOf(stdout, key))
  for (const { admitted, refused, turnedAway } of accounts) assert.equal([admitted, refused, turnedAway], [180, 0, 0], stdout)
  // A request comes every 67 ms. On a machine that has other things to do nobody could send them in time, and what is lost there says
  // nothing about drover: so it is told only where the process itself was seldom late.
  const late = Number(/late by (\d+) ms once in a hundred/.exec(stdout)?.[1])
  assert.ok(late >= 0, stdout)
  if (late <= 12) for (const { used } of accounts) assert.ok(used >= 97, stdout)
  assert.ok(accounts.every(({ used }) => used <= 100))
  assert.match(stdout, /^│ 5 +│ +180 │ +[\d,]+ │ +[\d,]+ │$/m, 'what the fifth annotator used')
  assert.not.match(stdout + stderr, /sk-example/)
})

test('with shared keys, a disabled one is retired at its first refusal, and the others do the rest', async ({ dir }) => {
  const { code, stdout, stderr } = await runExample(main, ['--items', '60', '--questions', '1', '--keys', 'rotate', '--data', dir])
  assert.is(code, 0, stderr + stdout)
  assert.match(stdout, /^key-3 is retired: the provider does not accept the key\.$/m)
  assert.is(labelsIn(join(dir, 'labels.jsonl')).size, 60 * 5)
  const accounts = Object.fromEntries(keys.map((key) => [key, accountOf(stdout, key)]))
  assert.equal(
    keys.map((key) => [accounts[key]?.refused, accounts[key]?.turnedAway]),
    keys.map((key) => [0, key === 'key-3' ? 1 : 0]),
    stdout,
  )
  const admitted = keys.map((key) => accounts[key]?.admitted ?? 0)
  assert.is(
    admitted.reduce((sum, each) => sum + each, 0),
    60 * 5,
  )
  assert.is(Math.min(...admitted), accounts['key-3']?.admitted)
})

test('a mistake on the command line is reported with the usage', async () => {
  for (const args of [
    ['--items', '0'],
    ['--questions', '7'],
    ['--keys', 'all'],
    ['--itmes', '3'],
  ]) {
    const ended = await runExample(main, args)
    assert.is(ended.code, 2)
    assert.match(ended.stderr, /--keys MODE/)
  }
})

test.run()
