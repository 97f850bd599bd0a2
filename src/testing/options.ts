/** The options of {@link fakeProvider}. */

import type { Answer } from './answers.js'
import type { Clock } from './clock.js'
import type { FaultRule } from './faults.js'

/** What a limit counts. */
export type LimitUnit = 'requests' | 'inputTokens' | 'outputTokens' | 'tokens'

/** One limit of a provider. */
export interface ProviderLimit {
  /** The most that is admitted. A whole number, at least 1. */
  limit: number
  /** The length of the window; a number is in whole ms. A `day` or `month` is a calendar period, see {@link timeZone}. */
  per: 'second' | 'minute' | 'hour' | 'day' | 'month' | number
  /**
   * The kind of window; not for a `day` or `month`, which are calendar periods. For any 24 hours use `per: 86_400_000`.
   * - `sliding`: no span of that length, wherever it begins, holds more than the limit.
   * - `fixed`: windows follow each other from the epoch on (a minute begins with the minute), so twice the limit fits around a
   *   boundary.
   * - `bucket`: a token bucket that fills continuously at `limit` in `per`, as Anthropic's and OpenAI's do.
   * @defaultValue 'sliding'
   */
  kind?: 'sliding' | 'fixed' | 'bucket'
  /**
   * The size of the bucket, which is the most at once. It is full at first. Only with `kind: 'bucket'`; at least 1.
   * @defaultValue {@link limit}
   */
  burst?: number
  /**
   * The zone at whose midnight a `day` or `month` begins (Gemini: `America/Los_Angeles`). Only with those.
   * @defaultValue 'UTC'
   */
  timeZone?: string
}

/** All limits apply: a request is admitted if every limit has room, and counts against each. */
export interface ProviderLimits {
  requests?: ProviderLimit | ProviderLimit[]
  /** Counted by an estimate of the text's length / 4, corrected to what {@link AnswerText.inputTokens} says. */
  inputTokens?: ProviderLimit | ProviderLimit[]
  /** `max_completion_tokens`, `max_tokens` or `maxOutputTokens` are reserved at arrival (0 where not given), corrected to what was answered. */
  outputTokens?: ProviderLimit | ProviderLimit[]
  /** The sum of both. */
  tokens?: ProviderLimit | ProviderLimit[]
  /** Concurrent requests, each from arrival until the answer's last byte. At least 1. */
  concurrency?: number
  /**
   * Whether each key has its own limits, or all keys of a project share them as Gemini's do.
   * @defaultValue 'key'
   */
  scope?: 'key' | 'project'
  /**
   * Whether a refused request counts against limits of requests, as at OpenAI, so that a client that keeps asking is never
   * admitted. Calendar limits do not count them; a bucket is never emptied below 0 by them.
   * @defaultValue false
   */
  countsFailures?: boolean
}

/** The provider whose headers and error bodies are imitated. */
export type FlavorName = 'openai' | 'groq' | 'gemini'

/** The options of {@link fakeProvider}: answers, limits, faults. */
export interface FakeProviderOptions {
  /** @defaultValue answers with the prompt */
  answer?: Answer
  /** @defaultValue none */
  limits?: ProviderLimits
  /**
   * The accepted keys, as a list (all of one project) or each with its project; other keys are refused.
   * @defaultValue every key is known, all are of one project
   */
  keys?: readonly string[] | Readonly<Record<string, { project?: string }>>
  /**
   * The provider whose headers and error bodies are imitated. The shape of a request and of its answer is that of its path,
   * whatever the flavor.
   * @defaultValue 'openai'
   */
  flavor?: FlavorName
  /**
   * The clock of windows, latency, faults and `retry-after`.
   * @defaultValue the real time
   */
  clock?: Clock
  /**
   * Time from arrival to answer, in ms of the clock; refusals are immediate.
   * @defaultValue 0
   */
  latencyMs?: number | (() => number)
  /** Faults from the start on. @defaultValue none */
  faults?: FaultRule | readonly FaultRule[]
  /**
   * The random source for a fault's `rate`: a seed, or a function that returns numbers from 0 to below 1.
   * @defaultValue 1, a seed
   */
  random?: number | (() => number)
  /**
   * Whether the answer at a spent day or month is OpenAI's `insufficient_quota`, which has no time to wait.
   * @defaultValue false
   */
  insufficientQuota?: boolean
  /** The list of `GET /v1/models`; requests may name other models too. @defaultValue ['fake-model'] */
  models?: readonly string[]
  /** How many requests the account keeps, at some 400 bytes each; older ones are dropped, totals stay. At least 1. @defaultValue 1_000_000 */
  keepRequests?: number
  /** @defaultValue 0, any that is free */
  port?: number
}
