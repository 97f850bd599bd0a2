/**
 * The parts of schemas of options. The message of each is its expectation in words; its bounds are data as well, for
 * `docs/options.md` and for the tests of bounds.
 */
import * as v from 'valibot'
import { longestName, longestTimerMs } from '../bounds.js'
import { isPlain } from '../values/plain-object.js'

/** A schema for each option of a type. A forgotten or misspelt one does not compile. */
export type Schema<T> = { [Key in keyof T]-?: v.GenericSchema<Loose<T[Key]> | undefined> }

/** The type with optional options that may also be undefined. Values under the user's own names are not compared. */
export type Loose<T> = T extends URL | ((...args: never[]) => unknown)
  ? T
  : T extends object
    ? string extends keyof T
      ? Record<string, unknown>
      : { [Key in keyof T]: Loose<T[Key]> | undefined }
    : T

/** An optional option. Its default is not filled in at once: first it is overridden by the system's options and the worker's own. */
export function option<const Of extends v.GenericSchema<unknown, unknown>>(of: Of): v.OptionalSchema<Of, undefined>
export function option<const Of extends v.GenericSchema<unknown, unknown>, const Value extends v.InferOutput<Of>>(
  of: Of,
  byDefault: Value,
): v.OptionalSchema<Of, undefined> & { byDefault: Value }
export function option(of: v.GenericSchema<unknown, unknown>, byDefault?: unknown) {
  return Object.assign(v.optional(of), byDefault !== undefined && { byDefault })
}

/** The defaults of those options that have one. */
type Defaults<Entries> = {
  readonly [Key in keyof Entries as Entries[Key] extends { byDefault: unknown } ? Key : never]: Entries[Key] extends {
    byDefault: infer Value
  }
    ? Value
    : never
}

/** Whether a value is an object of options: a plain one. A date or a map would count as an empty one. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return isPlain(value)
}

/** The beginning of the message for an unknown key; the known names follow. */
export const knownHere = 'known here: '

/** The type of an object schema that has no other keys. */
type Group<Entries extends v.ObjectEntries> = v.GenericSchema<
  v.InferInput<v.ObjectSchema<Entries, undefined>>,
  v.InferOutput<v.ObjectSchema<Entries, undefined>>
> & { entries: Entries; defaults: Defaults<Entries> }

/** An object with these options and no others; each unknown one is an issue, with the known ones to choose from. */
export function group<const Entries extends v.ObjectEntries>(entries: Entries, expected = 'a plain object'): Group<Entries> {
  const known = Object.keys(entries)
  const schema: v.GenericSchema<unknown, unknown> = v.pipe(
    v.custom<Record<string, unknown>>(isRecord, expected),
    v.looseObject(entries, (issue) => missing(entries, issue)),
    v.rawCheck(({ dataset, addIssue }) => {
      const input = dataset.value as Record<string, unknown>
      for (const [key, value] of Object.entries(input)) {
        if (Object.hasOwn(entries, key)) continue
        const path: [v.ObjectPathItem] = [{ type: 'object', origin: 'key', input, key, value }]
        addIssue({ message: `${knownHere}${known.join(', ')}`, input: value, path })
      }
    }),
  )
  const byDefault = Object.entries(entries).flatMap(([key, entry]) => ('byDefault' in entry ? [[key, entry.byDefault]] : []))
  // Unknown keys are refused, so the output has exactly the entries.
  return Object.assign(schema, { entries, defaults: Object.fromEntries(byDefault) }) as Group<Entries>
}

/** The expectation of a missing required option, from its own schema. */
function missing(entries: v.ObjectEntries, issue: v.LooseObjectIssue): string {
  const entry = entries[String(issue.path?.at(-1)?.key)]
  return entry && 'message' in entry && typeof entry.message === 'string' ? entry.message : 'a value'
}

/** Numbers from `min` to `max`, or whole numbers only. */
export interface Span {
  min: number
  max: number
  whole: boolean
}

/** The numbers next to 0 and 1, if these themselves are not allowed. */
export const over0 = Number.MIN_VALUE
export const under1 = 1 - Number.EPSILON / 2

/** Takes the numbers of any of the spans. */
export function numbers(expected: string, ...spans: Span[]) {
  return Object.assign(
    v.custom<number>((value) => spans.some((span) => isIn(span, value)), expected),
    { spans },
  )
}

function isIn({ min, max, whole }: Span, value: unknown): boolean {
  return typeof value === 'number' && value >= min && value <= max && (!whole || Number.isSafeInteger(value))
}

const only = (value: number): Span => ({ min: value, max: value, whole: false })

export const whole = (min: number, max = Number.MAX_SAFE_INTEGER, or?: { value: number }) =>
  numbers(
    `a whole number, ${max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `${min} to ${max}`}${or ? `, or ${or.value}` : ''}`,
    { min, max, whole: true },
    ...(or ? [only(or.value)] : []),
  )

/** Whole numbers, or no limit. */
export const orInfinity = (min: number, what: string) =>
  numbers(`${what}, at least ${min}, or Infinity`, { min, max: Number.MAX_SAFE_INTEGER, whole: true }, only(Number.POSITIVE_INFINITY))

export const oneOf = <const Value extends string>(...values: Value[]) =>
  Object.assign(
    v.custom<Value>((value) => values.includes(value as Value), `one of ${values.map((value) => `'${value}'`).join(', ')}`),
    { values },
  )

/** Takes these texts, and the numbers of the spans. */
export function textOrNumber<const Text extends string>(expected: string, values: Text[], ...spans: Span[]) {
  const takes = (value: unknown) => values.includes(value as Text) || spans.some((span) => isIn(span, value))
  return Object.assign(v.custom<Text | number>(takes, expected), { values, spans })
}

export const flag = v.custom<boolean>((value) => typeof value === 'boolean', 'true or false')

export const expectedTimeZone = 'an IANA time zone such as America/Los_Angeles'

/** Whether a value is the name of a time zone. */
export function isTimeZone(value: unknown): boolean {
  try {
    // Only newer versions of Node.js accept an offset such as '+02:00', and it has no daylight saving.
    if (typeof value !== 'string' || !/^[A-Za-z]/.test(value)) return false
    new Intl.DateTimeFormat('en', { timeZone: value })
    return true
  } catch {
    return false
  }
}

export const milliseconds = (min: number, max = longestTimerMs) =>
  numbers(`whole milliseconds, ${min} to ${max}`, { min, max, whole: true })

export const path = (expected: string) =>
  v.custom<string>(
    (value) => typeof value === 'string' && value.trim() !== '' && !value.includes('\0') && !value.startsWith('file:'),
    expected,
  )

/** One of two forms; `isThen` chooses the schema. */
export function either<Then extends v.GenericSchema<unknown, unknown>, Else extends v.GenericSchema<unknown, unknown>>(
  isThen: (value: unknown) => boolean,
  then: Then,
  otherwise: Else,
) {
  return Object.assign(
    v.lazy((value): Then | Else => (isThen(value) ? then : otherwise)),
    { forms: [then, otherwise] as const },
  )
}

/** One value or a list of them. */
export const listed = <Item extends v.GenericSchema<unknown, unknown>>(item: Item) => option(either(Array.isArray, v.array(item), item))

export const between = (min: number, max: number) =>
  numbers(max === Number.MAX_VALUE ? `a number, at least ${min}` : `a number, ${min} to ${max}`, { min, max, whole: false })

export const isName = (value: unknown): boolean =>
  typeof value === 'string' && value.trim() !== '' && value.length <= longestName && !/\p{Cc}/u.test(value)

export const name = (expected = 'a name') =>
  v.custom<string>(isName, `${expected}: 1 to ${longestName} characters, none of them control characters`)

export const workerId = v.custom<string>(
  (value) => isName(value) && (value as string).split('/').every((part) => /^[A-Za-z0-9._-]+$/.test(part) && !/^\.+$/.test(part)),
  `an id such as annotator-1/urgency: parts of letters, digits, dots, _ and -, joined by /, at most ${longestName} characters`,
)

export const above0 = numbers('a number above 0', { min: over0, max: Number.MAX_VALUE, whole: false })

export const share = numbers('a number above 0, at most 1', { min: over0, max: 1, whole: false })

export const names = (expected: string) =>
  v.pipe(
    v.custom<string | string[]>(
      (value) => typeof value === 'string' || (Array.isArray(value) && value.length > 0),
      `${expected}, or a list of them`,
    ),
    either(Array.isArray, v.array(name(expected)), name(expected)),
  )
