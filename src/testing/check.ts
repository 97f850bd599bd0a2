/** Checks a test's options for the fake provider: all mistakes are reported at once, without showing keys. */
import * as v from 'valibot'
import { DroverError } from '../errors.js'
import { type Finding, toIssue } from '../validation/issues.js'
import { expectedTimeZone, flag, group, isTimeZone, knownHere, oneOf, whole } from '../validation/schema-pieces.js'
import type { Answer } from './answers.js'
import type { Clock } from './clock.js'
import { type FaultKind, type FaultRule, faultKinds } from './faults.js'
import { masked } from './keys.js'
import type { FakeProviderOptions } from './options.js'

/** The options of {@link FakeProvider.set}. */
export type Changes = Pick<FakeProviderOptions, 'limits' | 'latencyMs' | 'answer'>

const atLeast0 = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0
const fn = (value: unknown): boolean => typeof value === 'function'
const text = (expected: string) => v.custom<string>((value) => typeof value === 'string' && value !== '', expected)

const pers = ['second', 'minute', 'hour', 'day', 'month']
const limit = v.pipe(
  group({
    limit: whole(1),
    per: v.custom<'minute'>(
      (value) => pers.includes(value as string) || (Number.isSafeInteger(value) && (value as number) >= 1),
      "'second', 'minute', 'hour', 'day', 'month' or whole milliseconds, at least 1",
    ),
    kind: v.optional(oneOf('sliding', 'fixed', 'bucket')),
    burst: v.optional(whole(1)),
    timeZone: v.optional(v.custom<string>(isTimeZone, expectedTimeZone)),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const { per, kind, burst, timeZone } = dataset.value
    const isCalendar = ['day', 'month'].includes(per as string)
    const wrong = (key: string, message: string): void => {
      const input = dataset.value as Record<string, unknown>
      addIssue({ message, input: input[key], path: [{ type: 'object', origin: 'value', input, key, value: input[key] }] })
    }
    if (isCalendar && kind !== undefined)
      wrong('kind', `no value, because a ${per} is a calendar period; for any 24 hours set per to 86400000`)
    if (!isCalendar && timeZone !== undefined) wrong('timeZone', 'no value, because only a day or a month has a time zone')
    if (burst !== undefined && kind !== 'bucket') wrong('burst', "no value, because only a limit of kind 'bucket' has a burst")
  }),
)
const limitList = v.optional(v.lazy((value) => (Array.isArray(value) ? v.array(limit) : limit)))
const limits = group({
  requests: limitList,
  inputTokens: limitList,
  outputTokens: limitList,
  tokens: limitList,
  concurrency: v.optional(whole(1)),
  scope: v.optional(oneOf('key', 'project')),
  countsFailures: v.optional(flag),
})

const fault = v.pipe(
  group({
    kind: oneOf(...(Object.keys(faultKinds) as FaultKind[])),
    rate: v.optional(v.custom<number>((value) => atLeast0(value) && (value as number) <= 1, 'a number, 0 to 1')),
    times: v.optional(whole(1)),
    when: v.optional(v.custom<() => boolean>(fn, 'a function')),
    overMs: v.optional(v.custom<number>(atLeast0, 'milliseconds, at least 0')),
  }),
  v.check(
    ({ rate, times, when }) => rate !== undefined || times !== undefined || when !== undefined,
    'at least one of rate, times and when',
  ),
)

const changeEntries = {
  answer: v.optional(v.custom<Answer>(fn, 'a function')),
  limits: v.optional(limits),
  latencyMs: v.optional(v.custom<number>((value) => fn(value) || atLeast0(value), 'milliseconds, at least 0, or a function')),
}
const options = group({
  ...changeEntries,
  keys: v.optional(
    v.lazy((value) =>
      Array.isArray(value)
        ? v.array(text('a key, a text'))
        : v.record(
            text('a key'),
            group({ project: v.optional(text('the name of a project')) }),
            'a list of keys, or an object of { project } by key',
          ),
    ),
  ),
  flavor: v.optional(oneOf('openai', 'groq', 'gemini')),
  clock: v.optional(
    v.custom<Clock>(
      (value) => fn((value as Clock | null)?.now) && fn((value as Clock | null)?.after),
      'a clock, such as simulatedClock() makes',
    ),
  ),
  faults: v.optional(v.lazy((value) => (Array.isArray(value) ? v.array(fault) : fault))),
  random: v.optional(
    v.custom<number>((value) => fn(value) || Number.isSafeInteger(value), 'a seed, which is a whole number, or a function'),
  ),
  insufficientQuota: v.optional(flag),
  models: v.optional(v.array(text('the name of a model'), 'a list of names')),
  keepRequests: v.optional(whole(1)),
  port: v.optional(whole(0, 65_535)),
})

/** @throws DroverError ARGUMENT_INVALID; its message has a line for each mistake */
export function checkOptions(given: FakeProviderOptions): void {
  check('fakeProvider', options, given)
}

/** @throws DroverError ARGUMENT_INVALID */
export function checkChanges(given: Changes): void {
  check('provider.set', group(changeEntries), given)
}

/** @throws DroverError ARGUMENT_INVALID */
export function checkFault(given: FaultRule): void {
  check('provider.inject', fault, given)
}

function check(what: string, schema: v.GenericSchema<unknown, unknown>, given: unknown): void {
  const { issues } = v.safeParse(schema, given)
  if (issues) throw new DroverError('ARGUMENT_INVALID', `${what}: ${issues.map((issue) => line(findingOf(issue))).join('; ')}`)
}

function findingOf({
  path = [],
  message,
  input,
}: Pick<v.BaseIssue<unknown>, 'message' | 'input'> & { path?: { key: unknown }[] | undefined }): Finding {
  const isKey = path[0]?.key === 'keys' && path.length > 1
  const shown = path.map(({ key }, index) => (isKey && index === 1 && typeof key === 'string' ? masked(key) : (key as PropertyKey)))
  if (!message.startsWith(knownHere)) return { path: shown, expected: message, input, hidden: isKey }
  return { path: shown, expected: message, input, known: message.slice(knownHere.length).split(', '), unknownKey: true }
}

function line(finding: Finding): string {
  const { path, message } = toIssue(finding, (text) => text)
  return path === '' ? message : `${path} ${message}`
}
