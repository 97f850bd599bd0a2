import type { CheckProblem } from './contract/reads.js'

/** What a look at the whole store comes to. */

export interface CheckReport {
  /** No problem was found. */
  ok: boolean
  problems: CheckProblem[]
  /** The checks that were made, with how long each took in ms. */
  checked: Record<string, number>
}
