import type { DroverError } from '../../errors.js'
import type { Amounts, QuotaAnswer } from '../contract/quotas.js'
import type { QuotaWait } from './quota.js'

/** One who stands in line. */
export interface Waiter {
  client: string
  ticket: number
  host: string
  choices: string[]
  amounts: Amounts
  priority: number
  /** Its place among those of its priority. */
  seq: number
  /** Whether this process answers it; the others' are only made room for. */
  own: boolean
  times: number
  patienceMs: number
  /** See {@link QuotaRequest.needsMs}. */
  needsMs?: number
  /** What keeps it back, at the last look. */
  wait: QuotaWait | null
}

/** A request in flight. */
export interface Flight {
  client: string
  ticket: number
  host: string
  /** Those whose places it takes. */
  quotas: string[]
}

/** What became of one in line. */
export interface Decision {
  client: string
  ticket: number
  /** The last of them is for one that stands in line no more, and has not been granted. */
  outcome: { answer: QuotaAnswer } | { error: DroverError }
}

export const nameOf = ({ client, ticket }: { client: string; ticket: number }): string => `${client} ${ticket}`
