import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jsonErrorAt } from '../../src/options/file/json.js'
import { loadConfig } from '../../src/options/file/load.js'
import { refused } from '../support/refused.js'

const folder = mkdtempSync(join(tmpdir(), 'drover-load-config-'))
test.after(() => rmSync(folder, { recursive: true }))

function write(text: string): string {
  const file = join(folder, 'drover.json')
  writeFileSync(file, text)
  return file
}

test('paths in a file are relative to its folder', async () => {
  mkdirSync(join(folder, 'workers'), { recursive: true })
  writeFileSync(join(folder, 'workers', 'a.js'), '')
  const url = new URL(`file://${folder}/workers/a.js`).href
  const config = {
    $schema: 'https://example.com/schema.json',
    store: 'data/drover.db',
    log: { dir: 'logs' },
    evidence: { dir: 'evidence' },
    workers: [
      { id: 'a/b', module: 'workers/a.js', input: { module: 'kept.js' } },
      { id: 'a/c', module: url },
    ],
  }
  assert.equal(await loadConfig(write(`\uFEFF${JSON.stringify(config)}`)), {
    store: join(folder, 'data/drover.db'),
    log: { dir: join(folder, 'logs') },
    evidence: { dir: join(folder, 'evidence') },
    workers: [
      { id: 'a/b', module: join(folder, 'workers/a.js'), input: { module: 'kept.js' } },
      { id: 'a/c', module: url },
    ],
  })
})

test(':memory: is no path', async () => {
  assert.is((await loadConfig(write('{"store": ":memory:", "workers": []}'))).store, ':memory:')
})

test('mistakes are reported as for any configuration, with the name of the file', async () => {
  const file = write('{"store": "", "workers": [{"id": "a/b", "module": "nowhere.mjs"}, 5], "concurency": 3}')
  const error = await refused(loadConfig(file))
  assert.is(error.code, 'CONFIG_INVALID')
  assert.ok(error.message.startsWith(`${file} has 4 mistakes:\n`))
  assert.match(error.message, /concurency: is not an option; did you mean concurrency\?/)
  assert.match(error.message, new RegExp(`there is no ${folder}/nowhere.mjs`))
})

test('JSON that holds no object is refused', async () => {
  assert.match(
    (await refused(loadConfig(write('[]')))).message,
    /expected an object with at least store and workers, received an empty list/,
  )
})

test('a missing file and an unreadable one are reported as such', async () => {
  const missing = await refused(loadConfig(join(folder, 'missing.json')))
  assert.is(missing.code, 'CONFIG_INVALID')
  assert.match(missing.message, /missing\.json cannot be read: there is no such file/)
  assert.match((await refused(loadConfig(folder))).message, /cannot be read: EISDIR/)
})

const broken: [text: string, line: number, column: number][] = [
  ['', 1, 1],
  ['{', 1, 2],
  ['{"a": 1,}', 1, 9],
  ['{\n  "store": "x"\n  "workers": []\n}', 3, 3],
  ['{"a" 1}', 1, 6],
  ["{'a': 1}", 1, 2],
  ['{a: 1}', 1, 2],
  ['[1, 2,\n]', 2, 1],
  ['[1 2]', 1, 4],
  ['{"a": undefined}', 1, 7],
  ['{"a": 01}', 1, 7],
  ['{"a": 1.}', 1, 7],
  ['{"a": +1}', 1, 7],
  ['{"a": "x\ny"}', 1, 7],
  ['{"a": "\\x"}', 1, 7],
  ['{"a": "x}', 1, 7],
  ['{} {}', 1, 4],
  ['{"a": [1, {"b": ]}', 1, 17],
  ['{"a": 1]', 1, 8],
  ['{} // comment', 1, 4],
]

for (const [text, line, column] of broken) {
  test(`the mistake in ${JSON.stringify(text)} is at line ${line}, column ${column}`, async () => {
    const { message } = await refused(loadConfig(write(text)))
    assert.match(message, new RegExp(`is not JSON: the mistake is at line ${line}, column ${column}$`))
  })
}

test('mistakes in a file are reported without quoting it', async () => {
  assert.not.match((await refused(loadConfig(write('{"secrets": ["sk-live-12345678" "b"]}')))).message, /sk-live/)
})

test('no mistake is found where the parser finds none', () => {
  const nearlyJson = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', ']', ':', '1', 'x', '\\', '\n', '-', '.'))
  fc.assert(
    fc.property(nearlyJson, ([json, at, change]) => {
      const cut = at % (json.length + 1)
      const text = json.slice(0, cut) + change + json.slice(cut + 1)
      const position = jsonErrorAt(text)
      try {
        JSON.parse(text)
      } catch {
        // Where it ends too early the mistake is at its end as well.
        assert.ok(position <= text.length)
        return
      }
      assert.is(position, text.length)
    }),
    { numRuns: 2_000 },
  )
})

test('a long text is no trouble', () => {
  const long = JSON.stringify({ a: 'x'.repeat(5_000_000), b: Array.from({ length: 100_000 }, (_, n) => n) })
  assert.is(jsonErrorAt(long), long.length)
  assert.is(jsonErrorAt(`${long}]`), long.length)
})

test.run()
