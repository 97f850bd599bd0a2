/** What every page of the guide has, and what the guide as a whole must not leave out. */
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { errorCodes, failureKinds, workerStates } from '../../src/index.js'
import { guidePages, root } from './markdown.js'
import { codeOf, fits } from './programs.js'

const [readme, ...pages] = guidePages()
const index = pages.find(({ path }) => path === 'docs/README.md')
const guide = pages.filter((page) => page !== index)
/** Made from the options' schemas: a list to look things up in, and no topic. */
const lists = ['docs/options.md']

test('README has at most 150 lines, and opens with a program', () => {
  assert.ok(readme)
  const lines = readme.text.trimEnd().split('\n').length
  assert.ok(lines <= 150, `README has ${lines} lines`)
  assert.is(codeOf(readme).programs[0]?.name, 'main.js')
})

for (const page of guide.filter(({ path }) => !lists.includes(path))) {
  test(`${page.path} opens with a program`, () => {
    const { programs, fragments } = codeOf(page)
    const first = programs[0]
    assert.ok(first, 'it has no program')
    assert.ok(first.line < page.firstSection, 'its first program comes behind a heading')
    assert.ok(!fragments[0] || fragments[0].line > first.line, 'a fragment comes before its first program')
  })
}

for (const page of guide) {
  test(`docs/README.md has a line for ${page.path}`, () => {
    assert.match(index?.text ?? '', new RegExp(`\\]\\(${page.path.slice('docs/'.length)}\\)`))
  })
}

/** Every name of a list that a page does not have as code. */
function missing(path: string, names: Iterable<string>): string[] {
  const text = pages.find((page) => page.path === path)?.text ?? ''
  return [...names].filter((name) => !text.includes(`\`${name}\``))
}

test('docs/errors.md has every error code', () => assert.equal(missing('docs/errors.md', Object.keys(errorCodes)), []))
test('docs/restart.md has every kind of failure', () => assert.equal(missing('docs/restart.md', Object.keys(failureKinds)), []))
test('docs/states.md has every state of a worker', () => assert.equal(missing('docs/states.md', Object.keys(workerStates)), []))
test('docs/events.md has every event', () => {
  const sources = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const map = sources.map((file) => readFileSync(`${root}/src/${file}`, 'utf8')).find((text) => text.includes('interface DroverEvents {'))
  const names = [...(map ?? '').matchAll(/^ {2}'([a-z]+:[a-z]+:[a-z]+)': \{/gm)].map(([, name]) => name as string)
  assert.ok(names.length > 20, `only ${names.length} events were found`)
  assert.equal(missing('docs/events.md', names), [])
})

test('a page says what a program prints with ... where it differs', () => {
  assert.ok(fits('a 17\nb\n', 'a ...\nb\n'))
  assert.ok(fits('a\nb\nc\n', 'a\n...\nc\n'))
  assert.ok(fits('', ''))
  assert.not(fits('a\nb\n', 'a\n'))
  assert.not(fits('a.b\n', 'aXb\n'))
  assert.not(fits('', 'a\n'))
})

test.run()
