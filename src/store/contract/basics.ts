/** A value, or a promise of it: an engine in the same thread may answer at once. */
export type Awaitable<T> = T | Promise<T>

/** Milliseconds since the epoch on the store's clock (waits, deadlines) or the wall clock (timestamps, calendars), never the host's. */
export type Time = number

/** Proof of ownership of a worker. Each acquisition of a worker gets a higher one; an older one is refused everything. */
export type Fence = number

/** Names one lease: each hand-out of a task gets a number of its own, never used twice in a store. */
export type Token = number

/** What a read may ask for; all are paged by a position the previous page gave. */
export interface PageRequest {
  /** Where the previous page ended; null for the first. */
  after: string | null
  /** So many rows at most. A page of long rows ends before: `next` says whether there is more. */
  limit: number
}

export interface Page<Row> {
  rows: Row[]
  /** Where to go on, or null: there is no more. */
  next: string | null
}
