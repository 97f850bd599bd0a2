/** `Range: rows=0-99`: a part of a stream of rows, counted from 0. */
import { HTTPException } from 'hono/http-exception'

/** The highest row number; within it, numbers are exact. */
const mostRows = 1e12

/**
 * @returns null if there is no range, or one in another unit, which RFC 9110 says to ignore
 *
 * @throws HTTPException 416
 */
export function rowRange(header: string | undefined): { skip: number; limit: number | undefined } | null {
  if (header === undefined || !header.startsWith('rows=')) return null
  const [, first, last] = /^rows=(\d{1,15})-(\d{0,15})$/.exec(header) ?? []
  const from = Number(first)
  const to = last === '' ? mostRows : Number(last)
  // Also true for an invalid range: comparisons with NaN are false.
  if (!(from <= to && to <= mostRows))
    throw new HTTPException(416, { message: 'a range is rows=first-last or rows=first-, counted from 0' })
  return { skip: from, limit: last === '' ? undefined : to - from + 1 }
}
