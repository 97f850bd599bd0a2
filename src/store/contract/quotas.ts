import type { Fence, Time } from './basics.js'

/** What a provider says about one of its limits. */
export interface QuotaReading {
  /** `requests`, `tokens`, `inputTokens` or `outputTokens`. */
  unit: string
  /**
   * Length of the window in milliseconds, or by its name where it is a day or a month, whether it goes by the calendar or slides; null:
   * not said. OpenAI's headers do not say it: take the shortest window of that unit.
   */
  per: number | 'day' | 'month' | null
  limit: number | null
  /** What is left of it now. */
  remaining: number | null
  /** Until all of it is free again, in whole milliseconds. Some of it may be free much earlier, since most providers refill all the time. */
  resetsInMs: number | null
}

/** Amounts by unit, e.g. `{ requests: 1, tokens: 1200 }`. */
export type Amounts = Record<string, number>

export interface QuotaWindow {
  unit: string
  /** Above 0. */
  limit: number
  /** Length in ms; the unit of the calendar and the time zone whose midnight counts; or a budget, which never comes back by itself. */
  per: number | { calendar: 'day' | 'month'; timeZone: string } | 'ever'
  /** null: strict, no span of that length ever holds more than the limit. A number: token bucket of that size. Only with a length in ms. */
  burst: number | null
}

/** How a limit gives way to refusals and comes back: additive increase, multiplicative decrease. */
export interface QuotaAdaptation {
  /** At a refusal the rate becomes so many times what it was, 0 to 1. */
  decrease: number
  /** Each minute without one so much of the limit comes back, 0 to 1. */
  increasePerMinute: number
  /** Never below such a share of the limit. */
  least: number
}

export interface QuotaSpec {
  name: string
  windows: QuotaWindow[]
  /** In flight at once; null: no limit. */
  concurrency: number | null
  /** Quotas that everything taken from this one is taken from as well, and from theirs. */
  within: string[]
  /** null: limits stay as they are. */
  adapt: QuotaAdaptation | null
}

/** The name under which a worker's thread asks for quotas: as much its own as its fence. */
export function quotaClientOf(worker: string, fence: Fence): string {
  return `${worker}#${fence}`
}

/** Who asks, told apart from everybody else on the store: `client` and the `ticket` that it numbers its requests with. */
export interface QuotaTicket {
  client: string
  ticket: number
}

export interface QuotaRequest extends QuotaTicket {
  /** The host that the client lives in: what it holds goes back when that is gone. */
  host: string
  /** Quotas, of which one is taken: the healthiest that can go now, else the first that can. */
  choices: string[]
  /** By unit. `requests` is 1 unless given; a window whose unit is not named holds back only while it is spent. */
  amounts: Amounts
  /** So many grants at most, if nobody else waits and there is plenty. At least 1. */
  times: number
  /** Higher goes first; ties in order of asking. */
  priority: number
  /**
   * How long it takes, in ms, until what is granted can be used: its grants are good for as long at least, up to 250 ms. What is good for longer counts
   * for longer. @defaultValue 0
   */
  needsMs?: number
  /** The place that it had before, if its grant came too late to be used; null: behind those of its priority. */
  place: number | null
  /** Whether to stand in line where it cannot be granted now, ... */
  wait: boolean
  /** ... unless its windows alone keep it back for longer than so many ms. */
  patienceMs: number
}

/** What was granted: `times` times the amounts, from one quota and those it is within. */
export interface QuotaGrant {
  quota: string
  amounts: Amounts
  times: number
  /** Under which times it is booked: by window, as `quota window`. */
  booked: Record<string, Time>
  /** Its place in line, see {@link QuotaRequest.place}. */
  place: number
  /** For how long it may be used since it was given. */
  slackMs: number
  /** Until when it may be used, on the machine's monotonic clock in ms; what is not used by then is given back. */
  expiresAt: number
  /** Whether it counts as in flight until it is settled. */
  inFlight: boolean
}

export type QuotaAnswer =
  | { granted: true; grant: QuotaGrant }
  /** `inMs`: when to ask again; Infinity: a budget is spent. `waiting`: it stands in line. */
  | { granted: false; waiting: boolean; quota: string; window: string; inMs: number }

/** What became of a grant, or of a part of it. */
export interface QuotaSettlement {
  quota: string
  /** By unit: what was used beyond what was granted; negative: what goes back. */
  delta: Amounts
  booked: Record<string, Time>
  /** The request that is not in flight any more. */
  done: number | null
}

/** One limit of a quota, and how much of it is used now. */
export interface QuotaWindowStatus {
  unit: string
  per: string
  /** As it is now: less than configured after refusals, with `adapt`. */
  limit: number
  /** The size of a token bucket; null: strict, or by the calendar. */
  burst: number | null
  used: number
  /** When all of it is free again, or null when nothing is used. */
  resetsAt: Time | null
}

/** Where a quota stands, in all threads, processes and hosts on its store. */
export interface QuotaStatus {
  name: string
  /** Its own windows; those of quotas that it is within are theirs. */
  windows: QuotaWindowStatus[]
  within: string[]
  /** How long one request would wait now, those ahead in line included; Infinity: until somebody raises a budget. */
  waitMs: number
  /** What keeps it back: `requests/minute`, `blocked`, `in flight`; null: nothing. */
  waitsFor: string | null
  /** Blocked by `penalize` until then. */
  blockedUntil: Time | null
  /** In flight, of how many (null: no limit, and nobody counts). */
  inFlight: number
  concurrency: number | null
  /** How many stand in line. */
  waiting: number
  /** Not used any more: the provider refuses the key. */
  retired: { reason: string; at: Time } | null
  /** 1: every answer was good. Falls with refusals and failures. */
  health: number
  /** The share of its limits that it goes by, 0 to 1; see `adapt`. */
  pace: number
  /** Granted ever, in requests. */
  granted: number
  /** When the backlog that was asked about could be done at these limits; null: none was asked about, or not by itself. */
  backlogAt: Time | null
}

/** Where a quota stood at a moment, for plots. */
export interface QuotaSample {
  at: Time
  /** By window. */
  used: Record<string, number>
  waiting: number
  inFlight: number
  /** Granted ever, in requests: the difference between two samples is what was granted between. */
  granted: number
}
