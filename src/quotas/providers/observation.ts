/**
 * The content of a provider's answer about quotas, in one form for all providers. Only data, without decisions, and without
 * anything of the request or the key.
 */
import type { Amounts, QuotaReading } from '../../store/contract/quotas.js'

/**
 * The providers whose answers are known in detail. Answers of others are read as plain HTTP, or as OpenAI's if they use its
 * headers.
 */
export const providers = ['openai', 'anthropic', 'gemini', 'groq'] as const
/** A provider whose answers are known in detail. */
export type Provider = (typeof providers)[number]

/** The reading of one answer. */
export interface Observation {
  /** In the order in which the provider names them. */
  readings: QuotaReading[]
  /** The provider refused because a limit was reached, including a limit of money. */
  refused: boolean
  /** The provider refused for lack of money: credits used up, or a spending limit. Waiting does not help. */
  spent: boolean
  /**
   * The wait that the provider asks for, in whole milliseconds; null if there is none, if it is more than a month, or if it is
   * known to be wrong (Gemini: a day limit with a delay of seconds; the reading says day).
   */
  retryAfterMs: number | null
  /** The key is not accepted: another attempt with it is useless. */
  keyRejected: boolean
  /**
   * The call's usage that counts against limits, if the body has it: `inputTokens`, `outputTokens` and `tokens`, as far as known.
   * More than a billion is ignored.
   */
  used: Amounts | null
  /** Whether the provider is known to count this call against its limits; null: not known. */
  counted: boolean | null
}

/** Headers in any form that clients use. */
export type HeaderSource = Headers | Record<string, string | string[] | undefined> | Iterable<[string, string]>

/**
 * The source of an observation: an answer, its headers, an error of a client (openai, @anthropic-ai/sdk, groq-sdk, @google/genai,
 * the AI SDK, and clients that keep the answer as `response`, such as axios, ky, got and superagent; also as a `cause`), or the
 * parts as an object.
 */
export type ObservationSource =
  | Response
  | Headers
  | Error
  | { status?: number; headers?: HeaderSource /** Parsed, or as text. */; body?: unknown; error?: unknown }

/** An empty observation. */
export function emptyObservation(): Observation {
  return { readings: [], refused: false, spent: false, retryAfterMs: null, keyRejected: false, used: null, counted: null }
}
