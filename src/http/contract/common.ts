/** The pieces that answers and questions of the API are made of. */
import * as v from 'valibot'

/** Ms since the epoch. */
export const time = v.pipe(v.number(), v.metadata({ description: 'ms since the epoch' }))

/** Whole and not negative. */
export const count = v.pipe(v.number(), v.minValue(0))

/** A whole number in a query. */
export const queryNumber = (min: number, max: number, otherwise: number) =>
  v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,15}$/, 'a whole number'), v.transform(Number), v.minValue(min), v.maxValue(max)),
    String(otherwise),
  )

/** Names of things: not empty, not endless. */
export const name = v.pipe(v.string(), v.minLength(1), v.maxLength(500))

/** Where a page ended: what `next` of the page before said. */
export const cursor = v.pipe(v.string(), v.maxLength(200))

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

/** What every refusal and failure looks like. `detail` says the same as `message`, for older clients. */
export const errorAnswer = v.object({
  success: v.literal(false),
  error: v.string(),
  message: v.string(),
  detail: v.string(),
  details: v.optional(v.record(v.string(), v.unknown())),
})
export type ErrorAnswer = v.InferOutput<typeof errorAnswer>

/** The word that calls which delete something have to bring along, as `confirmation`. */
export const confirmationWord = 'CONFIRM'
export const confirmation = v.optional(v.string())
