/** Every option whose schema says as data what it takes is tried at each edge, and next to it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as v from 'valibot'
import { droverSchema } from '../../src/options/drover.js'
import { supervisorSchema } from '../../src/options/supervisor.js'
import { validateConfig } from '../../src/options/validate.js'
import { workerSchema } from '../../src/options/worker.js'
import type { Span } from '../../src/validation/schema-pieces.js'
import { describe } from '../../src/values/describe.js'
import { withOptions } from './fixture.js'
import { type Found, walk } from './walk.js'

const walked = [...walk(droverSchema, ''), ...walk(workerSchema, 'workers[0]'), ...walk(supervisorSchema, 'workers[2]')]
/** What else a rule must have depends on what it does; see options.test.ts. */
const found = walked.filter(({ path, isObject }) => !isObject && !/rules\[0\]\.do$/.test(path))

test('the walk through the schemas comes to options of every group', () => {
  const paths = new Set(found.map(({ path }) => path))
  const some = [
    'concurrency',
    'limits.maxTarget',
    'heartbeat.everyMs',
    'tasks.backoff.jitter',
    'tasks.breaker.failures',
    'restart.backoff.immediate',
  ]
  const more = [
    'restart.startup.withinMs',
    'restart.rules[0].delayMs',
    'restart.rules[0].forMs',
    'restart.parole.afterMs',
    'log.level',
    'evidence.keep',
  ]
  const quotas = [
    'quotas.key-1.burst',
    'quotas.key-1.requests.limit',
    'quotas.key-1.requests.per',
    'quotas.key-1.adapt.least',
    'budget.any',
  ]
  const workers = [
    'workers[0].prefetch',
    'workers[0].quota.priority',
    'workers[0].recycle.maxAgeMs',
    'workers[0].resourceLimits.stackSizeMb',
  ]
  const tree = ['workers[0].heartbeat.everyMs', 'workers[2].strategy', 'workers[2].intensity.restarts']
  assert.equal(
    [...some, ...more, ...quotas, ...workers, ...tree].filter((path) => !paths.has(path)),
    [],
  )
})

for (const option of found) {
  test(`${option.path} (${option.expected}) is taken at its edges and refused beyond`, () => {
    for (const value of taken(option)) {
      const { issues = [] } = v.safeParse(droverSchema, withOptions([...option.beside, [option.path, value]]))
      assert.equal(
        issues.map(({ message }) => message),
        [],
        `${describe(value)} was refused`,
      )
    }
    for (const value of notTaken(option)) {
      const result = validateConfig(withOptions([...option.beside, [option.path, value]]))
      assert.not(result.ok, `${describe(value)} was taken`)
      if (result.ok) continue
      const issue = result.issues.find(({ path }) => path === option.path)
      assert.ok(issue, `${describe(value)}: no issue at ${option.path}, but ${JSON.stringify(result.issues)}`)
      assert.is(issue.expected, option.expected)
      assert.ok(issue.message.startsWith(`expected ${option.expected}, received ${describe(value)}`), issue.message)
    }
  })
}

class Settings {
  everyMs = 1
}

const objects = new Map(walked.filter(({ isObject }) => isObject).map((option) => [option.path, option]))

test('the walk through the schemas comes to objects of every kind', () => {
  const some = ['', 'quotas', 'quotas.key-1', 'quotas.key-1.requests', 'groups', 'budget', 'heartbeat', 'tasks.backoff', 'restart.parole']
  const more = [
    'restart.rules[0]',
    'restart.rules[0].when',
    'workers[0]',
    'workers[0].quota',
    'workers[0].quota.amounts',
    'workers[2].intensity',
  ]
  assert.equal(
    [...some, ...more].filter((path) => !objects.has(path)),
    [],
  )
})

for (const { path, beside } of objects.values()) {
  test(`${path || 'the whole'} is an object, and plain: a date, a map or an instance of a class would count as empty`, () => {
    for (const value of [new Date(), new Map([['everyMs', 1]]), new Settings(), Object.create({ everyMs: 1 })]) {
      const result = validateConfig(path === '' ? value : withOptions([...beside, [path, value]]))
      assert.not(result.ok, `${describe(value)} was taken`)
      if (!result.ok)
        assert.ok(
          result.issues.some((issue) => issue.path === path),
          JSON.stringify(result.issues),
        )
    }
  })
}

function taken({ spans, values }: Found): unknown[] {
  return [...values, ...spans.flatMap(({ min, max }) => [min, max])]
}

/** What is next to an edge, numbers that are not whole, and what is no number and no such text. */
function notTaken({ spans, values }: Found): unknown[] {
  const numbers = spans.flatMap(({ min, max, whole }) => [
    min - step(min, whole),
    max + step(max, whole),
    ...(whole ? [min + 0.5] : [0, 1]),
  ])
  const outside = numbers.filter((number) => !spans.some((span) => inside(span, number)))
  const infinite = [Number.POSITIVE_INFINITY].filter((number) => !spans.some((span) => inside(span, number)))
  return [...outside, ...infinite, Number.NaN, 'no such', '5', null, {}, ...(values.length > 0 ? ['', `${values[0]} `] : [])]
}

function step(edge: number, whole: boolean): number {
  return whole ? 1 : Math.max(Math.abs(edge) * 1e-9, 1e-9)
}

function inside({ min, max, whole }: Span, value: number): boolean {
  return value >= min && value <= max && (!whole || Number.isInteger(value))
}

test.run()
