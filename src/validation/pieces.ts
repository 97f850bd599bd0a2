/** The pieces that schemas of options are made of. The message of each is what it expects, in words. */
import * as v from 'valibot'

/** Whether a value is an object of options: not null, no list, no function. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** How the message of an unknown key begins; the names that are known follow. */
export const knownHere = 'known here: '

/** The type of an object schema that has no other keys. */
type Group<Entries extends v.ObjectEntries> = v.GenericSchema<
  v.InferInput<v.ObjectSchema<Entries, undefined>>,
  v.InferOutput<v.ObjectSchema<Entries, undefined>>
>

/** An object with these options and no others; each unknown one is an issue, with the known ones to choose from. */
export function group<const Entries extends v.ObjectEntries>(entries: Entries, expected = 'an object'): Group<Entries> {
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
  // Those it does not know are refused: what is left is exactly the entries.
  return schema as Group<Entries>
}

/** What a required option that is not there should have been: what its own schema says. */
function missing(entries: v.ObjectEntries, issue: v.LooseObjectIssue): string {
  const entry = entries[String(issue.path?.at(-1)?.key)]
  return entry && 'message' in entry && typeof entry.message === 'string' ? entry.message : 'a value'
}

export const whole = (min: number, max = Number.MAX_SAFE_INTEGER, or?: { value: number }) =>
  v.custom<number>(
    (value) => Number.isSafeInteger(value) && (((value as number) >= min && (value as number) <= max) || value === or?.value),
    `a whole number, ${max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `${min} to ${max}`}${or ? `, or ${or.value}` : ''}`,
  )

export const oneOf = <const Value extends string>(...values: Value[]) =>
  v.custom<Value>((value) => values.includes(value as Value), `one of ${values.map((value) => `'${value}'`).join(', ')}`)

export const flag = v.custom<boolean>((value) => typeof value === 'boolean', 'true or false')

export const expectedTimeZone = 'an IANA time zone such as America/Los_Angeles'

/** Whether a value is the name of a time zone. */
export function isTimeZone(value: unknown): boolean {
  try {
    // An offset such as '+02:00' is taken by newer versions of Node.js only, and has no daylight saving.
    if (typeof value !== 'string' || !/^[A-Za-z]/.test(value)) return false
    new Intl.DateTimeFormat('en', { timeZone: value })
    return true
  } catch {
    return false
  }
}

/** Timers of Node.js overflow beyond this, and fire at once. */
const longestTimer = 2 ** 31 - 1

const longestName = 200

export const milliseconds = (min: number, max = longestTimer) =>
  v.custom<number>(
    (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
    `whole milliseconds, ${min} to ${max}`,
  )

export const path = (expected: string) =>
  v.custom<string>(
    (value) => typeof value === 'string' && value.trim() !== '' && !value.includes('\0') && !value.startsWith('file:'),
    expected,
  )

/** One value or a list of them. */
export const listed = <Item extends v.GenericSchema<unknown, unknown>>(item: Item) =>
  v.optional(v.lazy((value) => (Array.isArray(value) ? v.array(item) : item)))

export const between = (min: number, max: number) =>
  v.custom<number>(
    (value) => Number.isFinite(value) && (value as number) >= min && (value as number) <= max,
    max === Number.MAX_VALUE ? `a number, at least ${min}` : `a number, ${min} to ${max}`,
  )

export const isName = (value: unknown): boolean =>
  typeof value === 'string' && value.trim() !== '' && value.length <= longestName && !/\p{Cc}/u.test(value)

export const name = (expected = 'a name') =>
  v.custom<string>(isName, `${expected}: 1 to ${longestName} characters, none of them control characters`)

export const workerId = v.custom<string>(
  (value) => isName(value) && (value as string).split('/').every((part) => /^[A-Za-z0-9._-]+$/.test(part) && !/^\.+$/.test(part)),
  `an id such as annotator-1/urgency: parts of letters, digits, dots, _ and -, joined by /, at most ${longestName} characters`,
)

export const above0 = v.custom<number>((value) => typeof value === 'number' && Number.isFinite(value) && value > 0, 'a number above 0')

export const share = v.custom<number>((value) => typeof value === 'number' && value > 0 && value <= 1, 'a number above 0, at most 1')

export const names = (expected: string) =>
  v.pipe(
    v.custom<string | string[]>(
      (value) => typeof value === 'string' || (Array.isArray(value) && value.length > 0),
      `${expected}, or a list of them`,
    ),
    v.lazy((value) => (Array.isArray(value) ? v.array(name(expected)) : name(expected))),
  )
