import type { Token } from '../../../store/contract/basics.js'

/** A task in the hands of its thread. */

export interface Lease {
  token: Token
  key: string
  /** JSON text. */
  data: string
  /** The ordinal of this attempt, from 1. */
  attempt: number
  /** How many of the earlier attempts failed. */
  failures: number
  /** How often in a row it was given back as one for later. */
  releases: number
}
