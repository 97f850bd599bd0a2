import type { Token } from '../../../store/contract/basics.js'

/** A leased task in its thread. */

export interface Lease {
  token: Token
  key: string
  /** JSON text. */
  data: string
  /** The number of this attempt, from 1. */
  attempt: number
  /** Number of earlier attempts that failed. */
  failures: number
  /** How often in a row it was given back for later. */
  releases: number
}
