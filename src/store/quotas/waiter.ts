import type { DroverError } from '../../errors.js'
import type { Amounts, QuotaAnswer } from '../contract/quotas.js'
import type { QuotaWait } from './quota.js'

/** A waiting request. */
export interface Waiter {
  client: string
  ticket: number
  host: string
  choices: string[]
  amounts: Amounts
  priority: number
  /** Its place among those of its priority. */
  seq: number
  /** Whether it belongs to this process; for others, amounts are only reserved. */
  own: boolean
  times: number
  patienceMs: number
  /** See {@link QuotaRequest.needsMs}. */
  needsMs?: number
  /** The reason of its wait at the last look. */
  wait: QuotaWait | null
}

/** A request in flight. */
export interface Flight {
  client: string
  ticket: number
  host: string
  /** The quotas in which it counts. */
  quotas: string[]
}

/** The decision about a waiter. */
export interface Decision {
  client: string
  ticket: number
  /** The answer or the error. */
  outcome: { answer: QuotaAnswer } | { error: DroverError }
}

export const nameOf = ({ client, ticket }: { client: string; ticket: number }): string => `${client} ${ticket}`
