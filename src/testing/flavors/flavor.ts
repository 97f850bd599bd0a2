/** The contract of a flavor: a provider's headers and its error bodies. */
import type { Refusal, Standing } from '../limiter.js'

/** A whole answer that is no completion. */
export interface Reply {
  status: number
  headers: Record<string, string>
  body: unknown
}

/** A refused request, for a flavor. */
export interface Refused {
  model: string
  /** Every limit without room, the one with the longest wait first. */
  refusals: readonly [Refusal, ...Refusal[]]
  standings: readonly Standing[]
  now: number
}

export interface Flavor {
  /** Those of an answer to an admitted request, and to `requestId`. */
  headers(standings: readonly Standing[], requestId: string): Record<string, string>
  refused(refused: Refused): Reply
  /** @param masked the key, with nothing in it that must not be shown; null: none came */
  badKey(masked: string | null): Reply
  retiredKey(masked: string): Reply
  badRequest(message: string): Reply
  notFound(message: string): Reply
  /** @param message instead of the provider's own words */
  serverError(status: number, message?: string): Reply
}

/** At least 1, because clients read 0 as "not given". */
export function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000))
}

/** Suggested wait after too many concurrent requests; the real one is not known. */
const concurrencyWaitMs = 1_000

/** The wait in ms; null if waiting does not help. */
export function waitOf({ waitMs }: Refusal): number | null {
  if (waitMs === null) return concurrencyWaitMs
  return Number.isFinite(waitMs) ? waitMs : null
}

/**
 * A duration in Go's form, as OpenAI and Groq send it.
 *
 * @example
 * goDuration(120) // '120ms'
 * goDuration(360_000) // '6m0s'
 */
export function goDuration(ms: number): string {
  const whole = Math.ceil(ms)
  if (whole === 0) return '0s'
  if (whole < 1_000) return `${whole}ms`
  const [hours, minutes] = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60]
  const seconds = `${(whole % 60_000) / 1_000}s`
  return hours > 0 ? `${hours}h${minutes}m${seconds}` : minutes > 0 ? `${minutes}m${seconds}` : seconds
}
