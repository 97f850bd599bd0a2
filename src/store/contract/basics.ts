/** A value, or a promise of it: an engine in the same thread may answer at once. */
export type Awaitable<T> = T | Promise<T>

/** Milliseconds since the epoch on the store's clock (waits, deadlines) or the wall clock (timestamps, calendars), never the host's. */
export type Time = number

/**
 * A fencing token: proof that a thread owns its worker. Each acquisition of a worker gets a higher one; requests with an older
 * one are refused.
 */
export type Fence = number

/** The number of a lease: each hand-out of a task gets its own, never used twice in a store. */
export type Token = number

/** The page of a read. */
export interface PageRequest {
  /** `next` of the previous page; null for the first page. */
  after: string | null
  /** The most rows. A page of long rows may be shorter: only `next` shows whether there are more. */
  limit: number
}

export interface Page<Row> {
  rows: Row[]
  /** Position of the next page; null: there are no more rows. */
  next: string | null
}
