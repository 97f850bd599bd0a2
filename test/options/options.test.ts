import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { validateConfig } from '../../src/options/validate.js'
import { good, moduleFile, withOption } from './fixture.js'

const timer = 2 ** 31 - 1
const notWhole = [1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, true, 5n, {}]
const notWholeNorInfinity = notWhole.filter((value) => value !== Number.POSITIVE_INFINITY)
const notText = ['', ' ', 5, null, {}, true]
const notFlag = [0, 1, 'true', null]

/** What the walk along the edges (edges.test.ts) does not see: forms, texts, and options that must fit to others. */
const table: [path: string, taken: unknown[], refused: unknown[], said: RegExp][] = [
  ['store', [':memory:', 'a.db', '/tmp/a.db'], [undefined, ...notText, 'a\0b', 'file:///a.db', new URL('file:///a.db')], /path of a file/],
  ['workers', [[]], [undefined, null, {}, 'x', 5], /a list of workers/],
  ['groups', [{}, { gpu: 1 }], [[], 5, null], /limits by group/],
  ['quotas', [{ 'key-1': { requests: { limit: 1, per: 'second' } } }], [[], 'x', 5, null], /quotas by name/],
  ['heartbeat', [{}], [[], 'x', 5, null], /a plain object/],
  ['restart', [{}, () => ({ do: 'stop', why: '' })], [[], 'x', 5, null], /a restart policy/],
  ['tasks', [{}], [[], 'x', 5, null], /a plain object/],
  ['limits', [{}], [[], 'x', null], /a plain object/],
  ['log', [{}], [[], false, 'info', null], /a plain object/],
  ['log.console', [true, false], notFlag, /true or false/],
  ['log.dir', [false, 'logs', '/tmp/logs'], [true, ...notText.slice(0, 4)], /path of a folder, or false/],
  ['evidence', [{ dir: 'evidence' }], [{}, 'evidence', true, null], /path of a folder|a plain object/],
  [
    'evidence',
    [
      { dir: 'a', heapSnapshot: true },
      { dir: 'a', heapSnapshot: ['out-of-memory'] },
    ],
    [{ dir: 'a', heapSnapshot: 1 }],
    /a list of kinds/,
  ],
  ['evidence', [], [{ dir: 'a', heapSnapshot: ['exit'] }], /one of 'start-timeout'/],
  [
    'evidence',
    [
      { dir: 'a', cpuProfileMs: 0 },
      { dir: 'a', cpuProfileMs: 10 },
    ],
    [{ dir: 'a', cpuProfileMs: 9 }],
    /10 to 60000, or 0/,
  ],
  ['evidence', [{ dir: 'a', withinMs: 1_001 }], [{ dir: 'a', withinMs: 1_000 }], /more than 1000, the cpuProfileMs/],
  ['evidence', [], [{ dir: 'a', cpuProfileMs: 30_000 }], /less than 30000, the withinMs/],
  ['evidence', [{ dir: 'a', keep: 1 }], [{ dir: 'a', keep: 0 }], /whole number, at least 1/],
  ['secrets', [[], ['sk-1']], ['sk-1', {}, null], /a list of texts/],
  ['secrets', [], [[''], [5], [null]], /a text/],

  ['tasks.breaker', [true, false, {}], [[], 5, null], /true, false or an object/],
  ['tasks.breaker', [{ forMs: 600_000 }, { forMs: 9, maxMs: 9 }], [{ forMs: 10, maxMs: 9 }], /at least 10, the forMs/],
  ['tasks.backoff', [{}], [[], 5, null], /a plain object/],

  [
    'restart.resetAfterMs',
    [0, timer + 1, Number.POSITIVE_INFINITY],
    [-1, ...notWholeNorInfinity],
    /whole milliseconds, at least 0, or Infinity/,
  ],
  ['restart.backoff', [{}], [[], 5, null], /a plain object/],
  ['restart.startup', [{}], [[], 5, null], /a plain object/],
  ['restart.parole', [{ afterMs: 60_000 }], [{}, { afterMs: 0 }, 60_000, null], /whole milliseconds, 1 to|a plain object/],
  ['restart.rules', [[], [() => undefined]], [{}, 'x', null], /a list of rules/],
  ['restart.rules', [], [['stop'], [null]], /a rule: \{ when, do, ... \} or a function/],
  [
    'restart.rules',
    [[{ when: {}, do: 'restart', atMost: 2, delayMs: 0, resourceLimits: { maxOldGenerationSizeMb: 64 } }]],
    [[{ when: {}, do: 'panic' }], [{ when: {} }]],
    /one of 'restart', 'park'/,
  ],
  [
    'restart.rules',
    [[{ when: () => true, do: 'stop', why: 'so' }]],
    [[{ do: 'stop' }], [{ when: 5, do: 'stop' }]],
    /what a failure must be like/,
  ],
  [
    'restart.rules',
    [[{ when: { kind: ['exit'], code: 'E', exitCode: [3], startup: true }, do: 'escalate' }]],
    [[{ when: { kind: 'exti' }, do: 'stop' }]],
    /did you mean 'exit'/,
  ],
  [
    'restart.rules',
    [[{ when: {}, do: 'park', forMs: 1 }]],
    [[{ when: {}, do: 'park' }], [{ when: {}, do: 'park', forMs: 0 }]],
    /whole milliseconds, 1 to/,
  ],
  [
    'restart.rules',
    [[{ when: {}, do: 'blacklist' }]],
    [[{ when: {}, do: 'blacklist', forMs: 5 }], [{ when: {}, do: 'stop', delay: 5 }]],
    /is not an option/,
  ],

  ['quotas.key-1', [{ tokens: { limit: 1, per: 1 } }], [[], 5, 'x', null], /an object of limits/],
  ['quotas.key-1.requests', [[{ limit: 1, per: 'hour' }]], [[], null, true, 5], /limits of a unit/],
  ['quotas.key-1.requests.limit', [0.5], [undefined], /a number above 0/],
  ['quotas.key-1.requests.per', [500], [undefined, 'week'], /'second', 'minute'/],
  ['quotas.key-1.tokens', [undefined], ['x', [{}]], /limits of a unit|a number above 0/],
  ['quotas.key-1.within', [undefined], [5, [], null, ''], /name of a quota/],
  ['quotas.key-1.budget', [{ cost: 0.5 }], [5, {}, [], null, { cost: 0 }, { cost: '5' }], /amounts by unit|number above 0/],
  ['quotas.key-1.adapt', [true, false, {}], [5, 'x', null], /true, false or a plain object/],
  ['quotas.key-1.adapt', [{ decrease: 0.9 }], [{ decrease: 1 }, { decrease: 0 }, { decrease: null }], /above 0 and below 1/],
  ['quotas.key-1.adapt', [{ increasePerMinute: 1 }], [{ increasePerMinute: 0 }, { increasePerMinute: 1.1 }], /above 0, at most 1/],
  ['quotas.key-1.adapt', [{ least: 1 }], [{ least: 0 }, { least: 2 }], /above 0, at most 1/],
  ['budget', [{ cost: 25 }], [5, {}, null, { cost: -1 }], /amounts by unit|number above 0/],
  ['workers[0].quota', [{ name: 'key-1' }, { rotate: ['key-1'] }], [5, '', [], null], /name of a quota/],
  ['workers[0].quota', [{ name: 'key-1', priority: -3 }], [{ name: 'key-1', priority: '1' }], /a number/],
  ['workers[0].quota', [{ name: 'key-1', amounts: { tokens: 0 } }], [{ name: 'key-1', amounts: { tokens: -1 } }], /a number, at least 0/],

  ['workers[0]', [], [null, 'x', 5, [], undefined], /a plain object/],
  [
    'workers[0].id',
    ['a', 'a/b/c', 'A.b_c-1'],
    [undefined, '', '/', 'a/', '/a', 'a//b', 'a b', 'a/../b', '.', 'ä', 'a'.repeat(201), 5, null],
    /an id such as/,
  ],
  ['workers[0].annotator', ['gpt', 'Annotator One', 7], ['', ' ', 'a\nb', Number.NaN, null, {}], /a name or a number/],
  ['workers[0].domain', ['urgency', 'how urgent?'], ['', 'a\nb', 5, null], /a name/],
  [
    'workers[0].module',
    [moduleFile, pathToFileURL(moduleFile), pathToFileURL(moduleFile).href],
    [undefined, 5, null, {}, ['x.js']],
    /a path, a file: URL or a URL/,
  ],
  [
    'workers[0].module',
    [],
    ['', 'https://example.com/a.js', 'node:fs', 'data:text/javascript,1', 'a\0.js', new URL('http://a/b.js')],
    /begins with file:/,
  ],
  ['workers[0].module', [], ['package.json', 'src', 'a.cts', 'a.jsx'], /ends in \.js, \.mjs, \.cjs, \.ts, \.mts/],
  ['workers[0].module', [], ['nowhere.js', 'file:///nowhere.ts', new URL('file:///nowhere.mjs')], /a file that exists, but there is no /],
  ['workers[0].input', [undefined, null, 5, { a: [new Map()] }], [() => 1, Symbol('s'), { deep: [() => 1] }], /structured cloning/],
  ['workers[0].requires', [[], undefined], ['apiKey', [''], [5], {}, null], /a list of names of fields|the name of a field of input/],
  ['workers[0].dataset', ['messages', undefined], ['', 5, null], /a name/],
  ['workers[0].quota', ['key-1', undefined], ['', 5, null], /the name of a quota/],
  ['workers[0].enabled', [true, false], notFlag, /true or false/],
  ['workers[0].target', [], [100_001], /at most 100000/],
  ['workers[0].prefetch', ['auto', 0, 1_024], ['always', -1, 1_025, 1.5, null], /'auto' or a whole number, 0 to 1024/],
  ['workers[0].group', [undefined], ['', 5, null], /the name of a group/],
  ['workers[0].group', [], ['gpu'], /no group, since groups has none/],
  ['workers[0].restart', [{}, () => ({ do: 'stop', why: '' })], ['never', 5, null], /a restart policy/],
  ['workers[0].recycle', [{}], [[], 5, null], /a plain object/],
  ['workers[0].significant', [false], notFlag, /true or false/],
  ['workers[0].significant', [], [true], /false: only a supervisor with autoShutdown/],
  ['workers[2].id', ['s', 'a/b'], [undefined, '', 'a b', 5], /an id such as/],
  ['workers[2].id', [], ['annotator-1/urgency'], /another id, because workers\[0\] has this one/],
  ['workers[2].intensity', [{}], [[], 5, null], /a plain object/],
  ['workers[2].significant', [false], notFlag, /true or false/],
  ['workers[2].significant', [], [true], /false: only a supervisor with autoShutdown/],
  ['workers[2].children', [[]], [null, {}, 'x', 5], /a list of workers and supervisors/],
  ['workers[2].children', [[{ id: 'deep', children: [{ id: 'deeper', children: [] }] }]], [[5], [null]], /a plain object/],
  ['workers[2].children[0].module', [], ['nowhere.js'], /a file that exists/],
  ['workers[2].children[0].id', [], ['annotator-2/urgency', 'group'], /another id, because workers\[/],
  ['workers[2].children[0].quota', [], ['key-2'], /the name of a quota/],
]

for (const [path, taken, refused, said] of table) {
  test(`${path} takes ${taken.length} values as documented and refuses ${refused.length}, saying ${said.source}`, () => {
    for (const value of taken) {
      const result = validateConfig(withOption(path, value))
      assert.ok(result.ok, `${String(value)} was refused: ${result.ok || JSON.stringify(result.issues)}`)
    }
    for (const value of refused) {
      const result = validateConfig(withOption(path, value))
      assert.not(result.ok, `${typeof value} ${String(value)} was taken`)
      if (result.ok) continue
      const issue = result.issues.find((found) => found.path.startsWith(path))
      assert.ok(issue, `${String(value)}: no issue at ${path}, but ${JSON.stringify(result.issues)}`)
      assert.match(issue.message, said)
    }
  })
}

test('every group refuses an option it does not know, at its own path', () => {
  const groups = ['', 'heartbeat', 'tasks', 'tasks.backoff', 'restart', 'restart.backoff', 'limits', 'log', 'quotas.key-1.requests']
  const inWorker = ['', '.heartbeat', '.tasks', '.tasks.backoff', '.restart', '.restart.backoff', '.resourceLimits']
  const inTree = ['workers[2]', 'workers[2].intensity', 'workers[2].children[0]', 'workers[2].children[0].heartbeat']
  for (const group of [...groups, ...inTree, ...inWorker.map((name) => `workers[1]${name}`)]) {
    const path = group === '' ? 'unheardOf' : `${group}.unheardOf`
    const result = validateConfig(withOption(path, 5))
    assert.not(result.ok, path)
    if (result.ok) continue
    assert.equal(
      result.issues.map((issue) => issue.path),
      [path],
    )
    assert.match(result.issues[0]?.message ?? '', /^is not an option, known here: /)
  }
})

test('an option given as undefined is as good as not given', () => {
  const plain = validateConfig(good())
  for (const path of [
    'concurrency',
    'log',
    'log.level',
    'heartbeat.everyMs',
    'restart',
    'workers[0].target',
    'workers[0].tasks',
    'quotas.key-1.burst',
  ]) {
    const result = validateConfig(withOption(path, undefined))
    assert.ok(result.ok, path)
    assert.equal(result, plain, path)
  }
})

test('a value that is not an object is refused as a whole', () => {
  for (const input of [undefined, null, 5, 'x', [], () => 1]) {
    const result = validateConfig(input)
    assert.not(result.ok)
    if (!result.ok) assert.match(result.issues[0]?.message ?? '', /expected an object with at least store and workers/)
  }
})

test.run()
