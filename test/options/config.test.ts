import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type * as v from 'valibot'
import { DroverError } from '../../src/errors.js'
import type { CompiledConfig } from '../../src/options/compiled.js'
import type { CheckedOptions, DroverOptions, droverSchema } from '../../src/options/drover.js'
import { policies } from '../../src/options/restart-policies.js'
import { type ConfigIssue, compileConfig, validateConfig } from '../../src/options/validate.js'
import type { CheckedWorker, WorkerOptions } from '../../src/options/worker.js'
import { good, moduleFile, withOption } from './fixture.js'

function issuesOf(input: unknown): ConfigIssue[] {
  const result = validateConfig(input)
  return result.ok ? [] : result.issues
}

/** `path: message` of each issue. */
const linesOf = (input: unknown): string[] => issuesOf(input).map(({ path, message }) => `${path}: ${message}`)

function compiled(input: unknown): CompiledConfig {
  const result = validateConfig(input)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.config
}

test('a missing option has its documented default', () => {
  const config = compiled({ store: 'data/drover.db', workers: [{ id: 'annotator-1/urgency', module: moduleFile }] })
  assert.equal(config, {
    store: resolve('data/drover.db'),
    workers: [
      {
        id: 'annotator-1/urgency',
        annotator: '1',
        domain: 'urgency',
        module: pathToFileURL(moduleFile).href,
        input: undefined,
        dataset: null,
        quota: null,
        enabled: true,
        target: null,
        delayMs: 0,
        concurrency: 1,
        prefetch: 'auto',
        priority: 0,
        group: null,
        restart: policies.default,
        isolation: 'thread',
        resourceLimits: {},
        recycle: {},
        mailbox: { capacity: 1_000, whenFull: 'block', order: 'serial' },
        heartbeat: { everyMs: 30_000, timeoutMs: 120_000, progressTimeoutMs: 300_000, startTimeoutMs: 30_000 },
        tasks: {
          maxAttempts: 3,
          poisonAfter: 2,
          timeoutMs: 0,
          backoff: { initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2 },
          breaker: { failures: 20, withinMs: Number.POSITIVE_INFINITY, do: 'park', forMs: 5_000, maxMs: 300_000 },
        },
        drainMs: 10_000,
        idleMs: 5_000,
      },
    ],
    tree: [{ worker: 'annotator-1/urgency', mode: 'transient', significant: false }],
    concurrency: 10,
    groups: {},
    onFull: 'queue',
    onHeld: 'wait',
    onEscalation: 'stop',
    quotas: [],
    pools: [],
    durability: 'power',
    drainMs: 10_000,
    killMs: 5_000,
    keepEvents: 100_000,
    log: { level: 'info', console: true, dir: resolve('data/logs'), maxBytes: 10_000_000, keep: 5 },
    evidence: null,
    secrets: [],
  })
})

test('a supervisor has its documented defaults, and its workers are workers like any other', () => {
  const { tree, workers } = compiled({
    store: ':memory:',
    drainMs: 500,
    workers: [
      {
        id: 'jobs',
        children: [
          { id: 'a', module: moduleFile, drainMs: 0 },
          { id: 'ends', autoShutdown: 'any-significant', children: [{ id: 'b', module: moduleFile, significant: true }] },
        ],
      },
    ],
  })
  const intensity = { restarts: 3, withinMs: 5_000 }
  const defaults = { strategy: 'one-for-one', significant: false, intensity }
  const b = { worker: 'b', mode: 'transient', significant: true }
  const ends = { id: 'ends', ...defaults, autoShutdown: 'any-significant', mode: 'transient', children: [b] }
  const a = { worker: 'a', mode: 'transient', significant: false }
  assert.equal(tree, [{ id: 'jobs', ...defaults, autoShutdown: 'never', mode: 'permanent', children: [a, ends] }])
  assert.equal(
    workers.map(({ id, drainMs }) => [id, drainMs]),
    [
      ['a', 0],
      ['b', 500],
    ],
  )
})

test('logs go beside the store, into the folder that is named, or nowhere', () => {
  const dirOf = (store: string, dir?: string | false) => compiled({ ...good(), store, log: { dir } }).log.dir
  assert.is(dirOf('/srv/jobs/a.db'), resolve('/srv/jobs/logs'))
  assert.is(dirOf(':memory:'), false)
  assert.is(dirOf(':memory:', 'here'), resolve('here'))
  assert.is(dirOf('/srv/jobs/a.db', false), false)
})

test('evidence is written to the folder that is named: profiles unless they are turned off, heap snapshots of the kinds that are asked for', () => {
  const evidenceOf = (evidence: object) => compiled({ ...good(), evidence: { dir: 'here', ...evidence } }).evidence
  assert.equal(evidenceOf({}), { dir: resolve('here'), cpuProfileMs: 1_000, heapSnapshot: [], withinMs: 30_000, keep: 10 })
  assert.equal(evidenceOf({ heapSnapshot: false })?.heapSnapshot, [])
  assert.equal(evidenceOf({ heapSnapshot: ['out-of-memory'] })?.heapSnapshot, ['out-of-memory'])
  assert.equal(evidenceOf({ heapSnapshot: true })?.heapSnapshot, ['start-timeout', 'heartbeat-lost', 'progress-stalled', 'out-of-memory'])
})

test("a worker's heartbeat and tasks are laid over the system's, its restart takes the system's place", () => {
  const options = withOption('workers[0]', {
    id: 'a/b',
    module: moduleFile,
    heartbeat: { timeoutMs: 5_000 },
    tasks: { maxAttempts: 9, backoff: { jitter: 0 }, breaker: { failures: 9, forMs: 600_000 } },
    restart: { maxRestarts: 1, backoff: { initialMs: undefined } },
  })
  const [own, other] = compiled({
    ...options,
    heartbeat: { everyMs: 1_000 },
    tasks: { poisonAfter: 5, backoff: { factor: 3 }, breaker: { do: 'pause' } },
    restart: policies.never,
  }).workers
  assert.equal(own?.heartbeat, { everyMs: 1_000, timeoutMs: 5_000, progressTimeoutMs: 300_000, startTimeoutMs: 30_000 })
  assert.is(other?.heartbeat.timeoutMs, 120_000)
  assert.equal(own?.tasks, {
    maxAttempts: 9,
    poisonAfter: 5,
    timeoutMs: 0,
    backoff: { initialMs: 1_000, factor: 3, maxMs: 60_000, jitter: 0 },
    breaker: { failures: 9, withinMs: Number.POSITIVE_INFINITY, do: 'pause', forMs: 600_000, maxMs: 600_000 },
  })
  assert.is(other?.tasks.breaker?.do, 'pause')
  assert.equal(own?.restart, { maxRestarts: 1, backoff: {} })
  assert.equal(other?.restart, policies.never)
})

test('annotator and domain come from the id where they are not given', () => {
  const laneOf = (worker: Partial<WorkerOptions>) => {
    const [lane] = compiled({ store: ':memory:', workers: [{ module: moduleFile, ...worker }] }).workers
    return [lane?.annotator, lane?.domain]
  }
  assert.equal(laneOf({ id: 'annotator-1/urgency' }), ['1', 'urgency'])
  assert.equal(laneOf({ id: 'gpt-5/tone' }), ['gpt-5', 'tone'])
  assert.equal(laneOf({ id: 'team/annotator-1/tone' }), ['team/annotator-1', 'tone'])
  assert.equal(laneOf({ id: 'annotator-/tone' }), ['annotator-', 'tone'])
  assert.equal(laneOf({ id: 'annotator-1' }), ['annotator-1', 'annotator-1'])
  assert.equal(laneOf({ id: 'annotator-1/urgency', annotator: 7 }), ['7', 'urgency'])
  assert.equal(laneOf({ id: 'w1', annotator: 'a', domain: 'b' }), ['a', 'b'])
})

test('quotas compile to windows: lengths in ms, calendars with their time zone', () => {
  const quotas = {
    'key-1': {
      requests: [
        { limit: 15, per: 'minute' },
        { limit: 1_500, per: 'day', timeZone: 'America/Los_Angeles' },
      ],
      tokens: { limit: 9, per: 'month' },
      pages: { limit: 3, per: 250 },
      burst: 5,
    },
  }
  assert.equal(compiled({ ...good(), quotas }).quotas, [
    {
      name: 'key-1',
      windows: [
        { unit: 'requests', limit: 15, per: 60_000, burst: 5 },
        { unit: 'requests', limit: 1_500, per: { calendar: 'day', timeZone: 'America/Los_Angeles' }, burst: null },
        { unit: 'tokens', limit: 9, per: { calendar: 'month', timeZone: 'UTC' }, burst: null },
        { unit: 'pages', limit: 3, per: 250, burst: null },
      ],
      concurrency: null,
      within: [],
      adapt: null,
    },
  ])
})

test('quotas compile to groups, budgets and adaptation; a budget of the system is one that all are within', () => {
  const quotas = {
    project: { requests: { limit: 100, per: 'hour', burst: 7 }, budget: { cost: 2.5 }, adapt: { least: 0.2 } },
    'key-1': { within: 'project', concurrency: 3, adapt: true },
  }
  const own = compiled({ ...good(), quotas, budget: { cost: 9 } }).quotas
  const usual = { decrease: 0.5, increasePerMinute: 0.1, least: 0.1 }
  assert.equal(own, [
    { name: 'system budget', windows: [{ unit: 'cost', limit: 9, per: 'ever', burst: null }], concurrency: null, within: [], adapt: null },
    {
      name: 'project',
      windows: [
        { unit: 'requests', limit: 100, per: 3_600_000, burst: 7 },
        { unit: 'cost', limit: 2.5, per: 'ever', burst: null },
      ],
      concurrency: null,
      within: ['system budget'],
      adapt: { ...usual, least: 0.2 },
    },
    { name: 'key-1', windows: [], concurrency: 3, within: ['project', 'system budget'], adapt: usual },
  ])
})

test("a worker's quota compiles to what it may take from, and what each task takes", () => {
  const quotas = { a: { requests: { limit: 1, per: 'second' } }, b: { concurrency: 1 } }
  const quotaOf = (quota: unknown) =>
    compiled({ store: ':memory:', quotas, workers: [{ id: 'w', module: moduleFile, quota }] } as never).workers[0]?.quota
  assert.equal(quotaOf('a'), { choices: ['a'], amounts: {}, priority: 0 })
  assert.equal(quotaOf({ name: 'b', priority: 3 }), { choices: ['b'], amounts: {}, priority: 3 })
  assert.equal(quotaOf({ rotate: ['a', 'b'], amounts: { tokens: 5 } }), { choices: ['a', 'b'], amounts: { tokens: 5 }, priority: 0 })
})

/** Options that are right by themselves and do not fit together. */
const misfits: [what: string, options: unknown, line: string][] = [
  [
    'a timeout below two beats',
    withOption('heartbeat', { everyMs: 1_000, timeoutMs: 1_999 }),
    'heartbeat.timeoutMs: expected at least 2000, twice everyMs, received 1999',
  ],
  [
    'beats too rare for the default timeout',
    withOption('heartbeat', { everyMs: 60_001 }),
    'heartbeat.everyMs: expected at most 60000, half of timeoutMs, received 60001',
  ],
  [
    "a worker's timeout below two beats of the system",
    withOption('workers[1].heartbeat', { timeoutMs: 59_000 }),
    'workers[1].heartbeat.timeoutMs: expected at least 60000, twice everyMs, received 59000',
  ],
  [
    'a first wait above the default longest',
    withOption('tasks.backoff', { initialMs: 60_001 }),
    'tasks.backoff.initialMs: expected at most 60000, the maxMs, received 60001',
  ],
  [
    "a worker's longest wait below the first of the system",
    withOption('workers[0].tasks', { backoff: { maxMs: 999 } }),
    'workers[0].tasks.backoff.maxMs: expected at least 1000, the initialMs, received 999',
  ],
  [
    'a longest restart wait below the default first',
    withOption('restart', { backoff: { maxMs: 1_999 } }),
    'restart.backoff.maxMs: expected at least 2000, the initialMs, received 1999',
  ],
  [
    'a target above the highest',
    { ...withOption('workers[0].target', 51), limits: { maxTarget: 50 } },
    'workers[0].target: expected at most 50 (limits.maxTarget), received 51',
  ],
  [
    'the same id twice',
    withOption('workers[1].id', 'annotator-1/urgency'),
    'workers[1].id: expected another id, because workers[0] has this one, received "annotator-1/urgency"',
  ],
  [
    'the same lane twice, under two ids',
    withOption('workers[1]', { id: 'other', module: moduleFile, dataset: 'messages', annotator: 1, domain: 'urgency' }),
    'workers[1]: expected another dataset, annotator or domain, because workers[0] has all three, received "other"',
  ],
  [
    'a quota that is not there',
    withOption('workers[0].quota', 'key1'),
    'workers[0].quota: expected the name of a quota in quotas, received "key1"; did you mean \'key-1\'?',
  ],
  [
    'a quota where there is none',
    { ...good(), quotas: {} },
    'workers[0].quota: expected no quota, since quotas has none, received "key-1"',
  ],
  [
    'a time zone for an hour',
    withOption('quotas.key-1.requests', [{ limit: 1, per: 'hour', timeZone: 'UTC' }]),
    'quotas.key-1.requests[0].timeZone: expected no value, because only a day or a month has a time zone, received "UTC"',
  ],
  [
    'a window that is limited twice, under two names',
    withOption('quotas.key-1.requests', [
      { limit: 1, per: 'minute' },
      { limit: 2, per: 60_000 },
    ]),
    'quotas.key-1.requests[1].per: expected another window, because this one has a limit already, received 60000',
  ],
  [
    'a quota within one that is not there',
    withOption('quotas.key-1.within', 'key1'),
    'quotas.key-1.within: expected the name of a quota in quotas, received "key1"; did you mean \'key-1\'?',
  ],
  [
    'a quota within itself',
    withOption('quotas.key-1.within', ['key-1']),
    'quotas.key-1.within[0]: expected a quota that is not itself within this one, received "key-1"',
  ],
  [
    'a bucket that lasts a day',
    withOption('quotas.key-1.tokens', { limit: 1, per: 'day', burst: 5 }),
    'quotas.key-1.tokens.burst: expected no value, because a day or a month cannot be a token bucket, received 5',
  ],
  [
    'a worker with a quota and several to rotate',
    withOption('workers[0].quota', { name: 'key-1', rotate: ['key-1'] }),
    'workers[0].quota: expected either name or rotate, received an object',
  ],
  [
    'several to rotate of which one is not there',
    withOption('workers[0].quota', { rotate: ['key-1', 'key-2'] }),
    'workers[0].quota.rotate[1]: expected the name of a quota in quotas, received "key-2"; did you mean \'key-1\'?',
  ],
  [
    'a quota without a limit',
    withOption('quotas.key-1', { burst: undefined }),
    "quotas.key-1: expected at least one limit, such as requests: { limit: 15, per: 'minute' }, received an object",
  ],
  [
    'a quota whose name every object knows',
    withOption('quotas.constructor', { requests: { limit: 1, per: 'day' } }),
    'quotas.constructor: expected another name, received "constructor"',
  ],
]

for (const [what, options, line] of misfits) {
  test(`refuses ${what}`, () => assert.equal(linesOf(options), [line]))
}

test('a target may be as high as limits.maxTarget says', () => {
  compiled({ ...withOption('workers[0].target', 2_000_000), limits: { maxTarget: 2_000_000 } })
})

test('a worker in a process is refused what only a thread can have, and its input is not shown', () => {
  const shared = { memory: new SharedArrayBuffer(8) }
  const options = { resourceLimits: { codeRangeSizeMb: 8, maxOldGenerationSizeMb: 64 }, input: shared }
  assert.ok(validateConfig({ store: 'a.db', workers: [{ id: 'a', module: moduleFile, ...options, isolation: 'thread' }] }).ok)
  const result = validateConfig({ store: 'a.db', workers: [{ id: 'a', module: moduleFile, ...options, isolation: 'process' }] })
  assert.equal(result.ok ? [] : result.issues.map(({ path, message }) => `${path}: ${message}`), [
    'workers[0].resourceLimits.codeRangeSizeMb: expected no value, because a process (isolation) has no such limit, received 8',
    'workers[0].input: expected data that can be sent to a process (isolation), without shared memory, received [redacted]',
  ])
})

for (const [what, input] of [
  ['absent', { model: 'm' }],
  ['null', { apiKey: null }],
  ['an empty text', { apiKey: ' ' }],
  ['absent with all of input', undefined],
] as const) {
  test(`a field of input that the worker requires is refused if it is ${what}, by worker, option and field`, () => {
    const entry = { id: 'gpt/urgency', module: moduleFile, requires: ['apiKey'], ...(input && { input }) }
    assert.equal(linesOf({ store: 'a.db', workers: [entry] }), [
      'workers[0].input.apiKey: expected a value that is not empty, since requires of gpt/urgency names apiKey, received nothing',
    ])
    assert.equal(linesOf({ store: 'a.db', workers: [{ ...entry, enabled: false }] }), [])
    assert.equal(linesOf({ store: 'a.db', workers: [{ ...entry, input: { apiKey: 'k' } }] }), [])
  })
}

test('a worker without a dataset has no tasks to be recycled after', () => {
  const [issue] = issuesOf({ store: 'a.db', workers: [{ id: 'loop', module: moduleFile, recycle: { maxTasks: 5 } }] })
  assert.is(issue?.path, 'workers[0].recycle.maxTasks')
  assert.match(issue?.message ?? '', /expected no value, because a worker without a dataset has no tasks, received 5/)
})

test('workers without a dataset may share annotator and domain: they have no lane', () => {
  compiled({ store: ':memory:', workers: ['a', 'b'].map((id) => ({ id, annotator: 'x', domain: 'y', module: moduleFile })) })
})

test('every mistake is reported at once, those of form and those of fit, worker by worker', () => {
  const input = {
    ...good(),
    concurrency: 0,
    heartbeat: { everyMs: 1_000, timeoutMs: 1_500 },
    workers: [
      { id: 'a/b', module: moduleFile, delayMs: 5, quota: 'key-2' },
      { id: 'a/b', module: 'nowhere.js' },
    ],
  }
  assert.equal(
    issuesOf(input).map(({ path }) => path),
    ['concurrency', 'heartbeat.timeoutMs', 'workers[0].delayMs', 'workers[0].quota', 'workers[1].module', 'workers[1].id'],
  )
})

const misspelt: [path: string, value: unknown, suggestion: string][] = [
  ['worker', [], 'workers'],
  ['onfull', 'queue', 'onFull'],
  ['heartbeat.every_ms', 10, 'everyMs'],
  ['heartbeat.timeout', 1_000, 'timeoutMs'],
  ['workers[0].modul', 'x.js', 'module'],
  ['workers[0].anotator', 'x', 'annotator'],
  ['quotas.key-1.burts', 5, 'burst'],
  ['onFull', 'rejct', 'reject'],
  ['durability', 'Power', 'power'],
  ['log.level', 'warning', 'warn'],
  ['workers[0].prefetch', 'Auto', 'auto'],
  ['workers[0].restart.mode', 'temporal', 'temporary'],
  ['quotas.key-1.requests.per', 'minutes', 'minute'],
  ['quotas.key-1.tokens', { limit: 1, per: 'day', timeZone: 'Europe/Berln' }, 'Europe/Berlin'],
]

for (const [path, value, suggestion] of misspelt) {
  test(`asks whether ${path}: ${JSON.stringify(value)} was to be ${suggestion}`, () => {
    const [issue] = issuesOf(withOption(path, value))
    assert.is(issue?.suggestion, suggestion)
    assert.match(issue?.message ?? '', /; did you mean /)
  })
}

test('a guess is made only where one is near', () => {
  assert.is(issuesOf(withOption('frobnicate', 1))[0]?.suggestion, undefined)
  assert.is(issuesOf(withOption('onFull', 'drop'))[0]?.suggestion, undefined)
})

test('secrets are printed nowhere, wherever they were put', () => {
  const secret = 'sk-live-12345678'
  const input = {
    store: 5,
    apiKey: secret,
    secrets: [secret, 5],
    [secret]: 1,
    workers: [
      { id: 'a/b', module: 'nowhere.js', input: { apiKey: secret, process: () => secret }, quota: secret, token: secret },
      { id: secret, module: `/nowhere/${secret}.js`, dataset: 5, password: 12345678 },
    ],
  }
  const text = JSON.stringify(issuesOf(input))
  assert.not.match(text, /sk-live|12345678/)
  assert.match(text, /\[redacted\]/)
})

test("a worker's input is not printed, whatever is wrong with it", () => {
  const issues = issuesOf(withOption('workers[0].input', { text: 'Dear Anna', map: () => 'Dear Bert' }))
  assert.is(issues.length, 1)
  assert.not.match(JSON.stringify(issues), /Dear/)
})

test('long values are cut in what is printed', () => {
  const issues = issuesOf(withOption('x'.repeat(10_000), 'y'.repeat(10_000)))
  assert.ok(JSON.stringify(issues).length < 2_000)
})

test('compileConfig throws one error with a line and data for each mistake', () => {
  try {
    compileConfig(withOption('concurrency', 0))
    assert.unreachable()
  } catch (error) {
    assert.ok(DroverError.is(error))
    assert.is(error.code, 'CONFIG_INVALID')
    assert.is(error.message, 'the configuration has a mistake:\n  concurrency: expected a whole number, at least 1, received 0')
    assert.equal(error.details.issues, issuesOf(withOption('concurrency', 0)))
  }
})

test('nothing is made on disk, whether there are mistakes or not', () => {
  const folder = join('/tmp', `drover-config-${process.pid}`)
  validateConfig({ ...good(), store: join(folder, 'a.db'), log: { dir: join(folder, 'logs') } })
  validateConfig({ ...good(), store: join(folder, 'a.db'), concurrency: 0 })
  assert.not(existsSync(folder))
})

test('the options are not changed, and the configuration does not change with them', () => {
  const options = good() as unknown as DroverOptions & { quotas: { 'key-1': { requests: { limit: number } } } }
  const before = structuredClone(options)
  const config = compiled(options)
  assert.equal(options, before)
  options.quotas['key-1'].requests.limit = 99
  assert.is(config.quotas[0]?.windows[0]?.limit, 15)
})

test('never throws, whatever it is given', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
  })
  const keys = ['store', 'workers', 'quotas', 'heartbeat', 'restart', 'tasks', 'limits', 'log', 'secrets', '__proto__', 'constructor']
  const nearly = fc.dictionary(fc.constantFrom(...keys), anything)
  const workers = fc.array(
    fc.dictionary(fc.constantFrom('id', 'module', 'annotator', 'domain', 'dataset', 'quota', 'input', 'restart'), anything),
  )
  fc.assert(
    fc.property(
      fc.oneof(anything, nearly, fc.record({ store: anything, workers, quotas: fc.dictionary(fc.string(), anything) })),
      (input) => {
        const result = validateConfig(input)
        if (!result.ok) assert.ok(result.issues.length > 0)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('never throws over objects that throw, and keeps what they say to itself', () => {
  const hostile = {
    get store(): string {
      throw new Error('sk-live-12345678')
    },
  }
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  for (const input of [hostile, proxy, { ...good(), workers: [hostile, proxy] }, withOption('workers[0].input', proxy)]) {
    const result = validateConfig(input)
    assert.not(result.ok)
    assert.not.match(JSON.stringify(result), /sk-live/)
  }
})

test('four times as many workers take about four times as long to check, not sixteen', () => {
  const cpuMs = (count: number): number => {
    const workers = Array.from({ length: count }, (_, n) => ({ id: `annotator-${n}/urgency`, module: moduleFile, dataset: 'messages' }))
    const took = Array.from({ length: 3 }, () => {
      const before = process.cpuUsage()
      assert.is(compiled({ ...good(), workers }).workers.length, count)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1_000
    })
    return Math.min(...took)
  }
  const [few, many] = [cpuMs(1_000), cpuMs(4_000)] as const
  assert.ok(many < few * 10, `${few} ms for 1,000, ${many} ms for 4,000`)
})

// The public types and the schema name the same options, and whatever the types allow, the schema takes.
type Same<A, B> = [A, B] extends [B, A] ? true : false
const sameOptions: Same<keyof DroverOptions, keyof CheckedOptions> = true
const sameWorker: Same<keyof WorkerOptions, keyof CheckedWorker> = true
const takesOptions = (options: DroverOptions): v.InferInput<typeof droverSchema> => options
void [sameOptions, sameWorker, takesOptions]

test("what would be accepted and do nothing is refused: a bucket's size without a window that slides, a target without tasks", () => {
  const input = {
    store: ':memory:',
    quotas: { k: { requests: { limit: 1, per: 'day' }, burst: 5 } },
    workers: [{ id: 'a', module: moduleFile, target: 3 }],
  }
  assert.equal(
    issuesOf(input).map(({ path }) => path),
    ['quotas.k.burst', 'workers[0].target'],
  )
})

test.run()
