/** `Range: rows=0-99`: a part of a stream of rows, counted from 0. */
import { HTTPException } from 'hono/http-exception'

/** No more rows than a number can count, so that the range's ends are exact. */
const mostRows = 1e12

/**
 * null: no range was asked for, or in another unit, which RFC 9110 has us pass over.
 *
 * @throws HTTPException 416
 */
export function rowRange(header: string | undefined): { skip: number; limit: number | undefined } | null {
  if (header === undefined || !header.startsWith('rows=')) return null
  const [, first, last] = /^rows=(\d{1,15})-(\d{0,15})$/.exec(header) ?? []
  const from = Number(first)
  const to = last === '' ? mostRows : Number(last)
  // Also where it is not of that form: nothing compares to NaN.
  if (!(from <= to && to <= mostRows))
    throw new HTTPException(416, { message: 'a range is rows=first-last or rows=first-, counted from 0' })
  return { skip: from, limit: last === '' ? undefined : to - from + 1 }
}
