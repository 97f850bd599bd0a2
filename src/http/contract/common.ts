/** Common schemas of the API. */
import * as v from 'valibot'
import { longestKey } from '../../bounds.js'

/** Ms since the epoch. */
export const time = v.pipe(v.number(), v.metadata({ description: 'ms since the epoch' }))

/** Whole and not negative. */
export const count = v.pipe(v.number(), v.minValue(0))

/** A schema with its own JSON Schema, because it cannot be converted. */
const documented = <Input>(
  jsonSchema: Record<string, unknown>,
): v.MetadataAction<Input, { readonly jsonSchema: Record<string, unknown> }> => v.metadata({ jsonSchema })

/** A whole number in a query. */
export const queryNumber = (min: number, max: number, otherwise: number) => v.optional(wholeText(min, max), String(otherwise))

/** A whole number in a query that may be left out. */
export const wholeText = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,16}$/, 'a whole number'),
    v.transform(Number),
    v.minValue(min, `at least ${min}`),
    v.maxValue(max, `at most ${max}`),
    documented({ type: 'integer', minimum: min, maximum: max }),
  )

/** Several of these words, joined by commas, in a query. */
export const wordList = <const Word extends string>(words: readonly Word[]) =>
  v.pipe(
    v.string(),
    v.transform((text) => text.split(',')),
    v.array(v.picklist(words)),
    documented({ type: 'string', pattern: `^(${words.join('|')})(,(${words.join('|')}))*$`, description: 'several are joined by commas' }),
  )

/**
 * An object with these keys and no others. Lists are refused: valibot treats a list as an object without keys, which may mean all
 * workers.
 */
export const strictly = <const Entries extends v.ObjectEntries>(entries: Entries) => {
  type Input = v.InferInput<v.StrictObjectSchema<Entries, undefined>>
  return v.pipe(notAList<Input>(), v.strictObject(entries))
}

export const notAList = <Input>() =>
  v.custom<Input>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'an object')

/** A name, or a part of one: as long as the longest, which is a key. */
export const name = v.pipe(v.string(), v.minLength(1), v.maxLength(longestKey))

/** A reason, or an expression. Only the size of the request bounds it. */
export const anyText = v.pipe(v.string(), v.minLength(1))

/** Which lanes; what is left out matches all. */
export const laneEntries = { dataset: v.optional(name), annotator: v.optional(name), domain: v.optional(name), worker: v.optional(name) }

/** A cursor: `next` of the previous page. The longest is a key after two whole numbers. */
export const cursor = v.pipe(v.string(), v.maxLength(longestKey + 2 * '9007199254740991.'.length))

/** A page of a list. `next` is null at its end. */
export const pageOf = <Item extends v.GenericSchema>(item: Item) => v.object({ items: v.array(item), next: v.nullable(v.string()) })

/** An error as data, see `ErrorRecord`. */
export interface ErrorShape {
  name: string
  message: string
  code?: string | undefined
  stack?: string | undefined
  cause?: ErrorShape | undefined
  details?: Record<string, unknown> | undefined
}
export const errorRecord: v.GenericSchema<ErrorShape> = v.object({
  name: v.string(),
  message: v.string(),
  code: v.optional(v.string()),
  stack: v.optional(v.string()),
  cause: v.optional(v.lazy(() => errorRecord)),
  details: v.optional(v.record(v.string(), v.unknown())),
})

/** The form of every refusal and failure. `detail` is the same as `message`, for older clients. */
export const errorAnswer = v.object({
  success: v.literal(false),
  error: v.string(),
  message: v.string(),
  detail: v.string(),
  details: v.optional(v.record(v.string(), v.unknown())),
})
export type ErrorAnswer = v.InferOutput<typeof errorAnswer>

/** The value of `confirmation` in calls that delete, give up or set aside something. */
export const confirmationWord = 'CONFIRM'
export const confirmation = v.optional(v.string())
