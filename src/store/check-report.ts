import type { CheckProblem } from './contract/reads.js'

/** The result of a check of the whole store. */
export interface CheckReport {
  /** No problem was found. */
  ok: boolean
  problems: CheckProblem[]
  /** The checks that were made, with the time of each in ms. */
  checked: Record<string, number>
}
