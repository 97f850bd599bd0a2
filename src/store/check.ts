/** What a look at the whole store comes to. */

/** Something that must hold in a store and does not. */
export interface CheckProblem {
  /** Which check found it; see {@link CheckReport.checked}. */
  check: string
  message: string
  /** How many rows break it. */
  count: number
  /** The first ten of them, as they are or as SQLite names them. */
  examples: (string | Record<string, unknown>)[]
}

/** A part of a check. */
export interface CheckPart {
  problems: CheckProblem[]
  /** The check that was made, and how long it took in ms. */
  checked: { check: string; ms: number }
  /** Where to go on, or null: that was all. */
  next: string | null
}

export interface CheckReport {
  /** No problem was found. */
  ok: boolean
  problems: CheckProblem[]
  /** The checks that were made, with how long each took in ms. */
  checked: Record<string, number>
}
