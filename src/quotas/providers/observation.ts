/**
 * What a provider's answer says about quotas, in one form for all providers. Data only: whoever reads it decides what to wait for,
 * and nothing of a request or of a key is in it.
 */
import type { Amounts, QuotaReading } from '../../store/contract/quotas.js'

/** The providers whose answers are known in detail. Others are read as far as HTTP goes, or as OpenAI's where they use its headers. */
export const providers = ['openai', 'anthropic', 'gemini', 'groq'] as const
/** A provider whose answers are known in detail. */
export type Provider = (typeof providers)[number]

/** What one answer says. */
export interface Observation {
  /** In the order in which the provider names them. */
  readings: QuotaReading[]
  /** The provider refused because a limit was reached, one of money included. */
  refused: boolean
  /** It was refused because there is no money: credits used up, or a limit of spending. To wait does not help; somebody has to pay. */
  spent: boolean
  /**
   * Nothing is granted for so many whole milliseconds, by the provider's word; null where it said nothing, where it said more than a month,
   * or where its word is known to be wrong (Gemini: a limit by day with a delay of seconds; the reading says day).
   */
  retryAfterMs: number | null
  /** The key is not accepted, or no more: another attempt with it is useless. */
  keyRejected: boolean
  /** What of the call counts against limits, where the body says so: of `inputTokens`, `outputTokens` and `tokens` those that are known. More than a billion is not believed. */
  used: Amounts | null
  /** Whether the provider is known to count this call against its limits; null: not known. */
  counted: boolean | null
}

/** Headers in any of the forms in which clients hand them out. */
export type HeaderSource = Headers | Record<string, string | string[] | undefined> | Iterable<[string, string]>

/**
 * Where an observation comes from: an answer, its headers, what a client threw (those of openai, @anthropic-ai/sdk, groq-sdk, @google/genai
 * and the AI SDK are known, and those that carry the answer as `response`, as axios, ky, got and superagent do; also as a `cause`), or the
 * parts put together by hand.
 */
export type ObservationSource =
  | Response
  | Headers
  | Error
  | { status?: number; headers?: HeaderSource /** Parsed, or as text. */; body?: unknown; error?: unknown }

/** The observation of an answer that says nothing. */
export function emptyObservation(): Observation {
  return { readings: [], refused: false, spent: false, retryAfterMs: null, keyRejected: false, used: null, counted: null }
}
