import type { Fence, Time } from './basics.js'

/** A provider's information about one of its limits. */
export interface QuotaReading {
  /** `requests`, `tokens`, `inputTokens` or `outputTokens`. */
  unit: string
  /**
   * Length of the window in ms, or `'day'` or `'month'` for both calendar and sliding windows; null: not given. OpenAI's headers
   * do not give it: use the shortest window of this unit.
   */
  per: number | 'day' | 'month' | null
  limit: number | null
  /** The amount left now. */
  remaining: number | null
  /** Time until all of it is free again, in whole ms. Parts may be free much earlier, because most providers refill continuously. */
  resetsInMs: number | null
}

/** Amounts by unit, e.g. `{ requests: 1, tokens: 1200 }`. */
export type Amounts = Record<string, number>

export interface QuotaWindow {
  unit: string
  /** Above 0. */
  limit: number
  /** Length in ms; a calendar unit with its time zone; or `'ever'` for a budget, which never refills by itself. */
  per: number | { calendar: 'day' | 'month'; timeZone: string } | 'ever'
  /**
   * null: strict, no span of this length ever holds more than the limit. A number: a token bucket of this size. Only with a
   * length in ms.
   */
  burst: number | null
}

/** How a limit shrinks at refusals and recovers: additive increase, multiplicative decrease. */
export interface QuotaAdaptation {
  /** Factor of the rate at a refusal, 0 to 1. */
  decrease: number
  /** Share of the limit that comes back in each minute without a refusal, 0 to 1. */
  increasePerMinute: number
  /** Smallest rate, as a share of the limit. */
  least: number
}

export interface QuotaSpec {
  name: string
  windows: QuotaWindow[]
  /** In flight at once; null: no limit. */
  concurrency: number | null
  /** Quotas from which each grant of this one also takes, and the quotas that they are within. */
  within: string[]
  /** null: limits stay as they are. */
  adapt: QuotaAdaptation | null
}

/** The client name of a worker's thread, unique like its fence. */
export function quotaClientOf(worker: string, fence: Fence): string {
  return `${worker}#${fence}`
}

/** The identity of a request on the store: its `client`, and the `ticket` with which the client numbers its requests. */
export interface QuotaTicket {
  client: string
  ticket: number
}

export interface QuotaRequest extends QuotaTicket {
  /** The client's host: when it is gone, the client's places are freed. */
  host: string
  /** Quotas to choose from: the healthiest that can grant now, else the first that can. */
  choices: string[]
  /** By unit. `requests` is 1 unless given; a window whose unit is not named holds the request back only while it is spent. */
  amounts: Amounts
  /** The most grants at once, if no other request waits and there is plenty of room. At least 1. */
  times: number
  /** Higher goes first; ties in order of asking. */
  priority: number
  /**
   * Expected time in ms from grant to use. The grant stays valid at least this long, up to 250 ms; a longer validity also counts
   * in windows for longer. @defaultValue 0
   */
  needsMs?: number
  /** Its earlier place in line, if its grant came too late; null: behind all requests of its priority. */
  place: number | null
  /** Whether to wait in line if it cannot be granted now. */
  wait: boolean
  /** Do not wait in line if the windows alone hold it back longer than this (ms). */
  patienceMs: number
}

/** A grant: `times` times the amounts, from one quota and the quotas it is within. */
export interface QuotaGrant {
  quota: string
  amounts: Amounts
  times: number
  /** The booked time in each window, by `quota window`. */
  booked: Record<string, Time>
  /** Its place in line, see {@link QuotaRequest.place}. */
  place: number
  /** How long it may be used after it was given, in ms. */
  slackMs: number
  /** End of its validity, on the machine's monotonic clock in ms; unused grants are then given back. */
  expiresAt: number
  /** Whether it counts as in flight until it is settled. */
  inFlight: boolean
}

export type QuotaAnswer =
  | { granted: true; grant: QuotaGrant }
  /** `inMs`: time until the next try; Infinity: a budget is spent. `waiting`: it waits in line. */
  | { granted: false; waiting: boolean; quota: string; window: string; inMs: number }

/** The settlement of a grant, or of a part of it. */
export interface QuotaSettlement {
  quota: string
  /** By unit: the amount used beyond the grant; negative: the amount given back. */
  delta: Amounts
  booked: Record<string, Time>
  /** The request that is no longer in flight. */
  done: number | null
}

/** One limit of a quota with its used amount. */
export interface QuotaWindowStatus {
  unit: string
  per: string
  /** The current limit: with `adapt`, less than configured after refusals. */
  limit: number
  /** The size of a token bucket; null: a strict or calendar window. */
  burst: number | null
  used: number
  /** When all of it is free again; null if nothing is used. */
  resetsAt: Time | null
}

/** The status of a quota, over all threads, processes and hosts on its store. */
export interface QuotaStatus {
  name: string
  /** Its own windows, without those of the quotas it is within. */
  windows: QuotaWindowStatus[]
  within: string[]
  /** How long one request would wait now in ms, including requests ahead in line; Infinity: until a budget is raised. */
  waitMs: number
  /** The reason for the wait: `requests/minute`, `blocked`, `in flight`; null: no wait. */
  waitsFor: string | null
  /** End of a block by `penalize` or a refusal. */
  blockedUntil: Time | null
  /** Calls in flight; only counted with `concurrency` (null: no limit). */
  inFlight: number
  concurrency: number | null
  /** Number of requests in line. */
  waiting: number
  /** Set if the provider refuses the key: no grants. */
  retired: { reason: string; at: Time } | null
  /** 1: every answer was good. Falls with refusals and failures. */
  health: number
  /** The current share of its limits, 0 to 1; see `adapt`. */
  pace: number
  /** Requests granted ever. */
  granted: number
  /** When the given backlog could be done at these limits; null: no backlog was given, or not by itself. */
  backlogAt: Time | null
}

/** A sample of a quota, for plots. */
export interface QuotaSample {
  at: Time
  /** By window. */
  used: Record<string, number>
  waiting: number
  inFlight: number
  /** Requests granted ever; the difference of two samples is the number granted in between. */
  granted: number
}
