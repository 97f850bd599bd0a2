/** What {@link fakeProvider} is told, in a user's words. */

import type { Answer } from './answers.js'
import type { Clock } from './clock.js'
import type { FaultRule } from './faults.js'

/** What a limit counts. */
export type LimitUnit = 'requests' | 'inputTokens' | 'outputTokens' | 'tokens'

/** How much of something is admitted within a time. */
export interface ProviderLimit {
  /** The most that is admitted. A whole number, at least 1. */
  limit: number
  /** The length of the window; a number is one of whole ms. A `day` or `month` is one of the calendar, see {@link timeZone}. */
  per: 'second' | 'minute' | 'hour' | 'day' | 'month' | number
  /**
   * How the window moves; not for a `day` or `month`, which are calendar periods. A day from any moment on is `per: 86_400_000`.
   * - `sliding`: no span of that length, wherever it begins, holds more than the limit.
   * - `fixed`: windows follow each other from the epoch on (a minute begins with the minute), so twice the limit fits around a boundary.
   * - `bucket`: a token bucket that fills continuously at `limit` in `per`, as Anthropic's and OpenAI's do.
   * @defaultValue 'sliding'
   */
  kind?: 'sliding' | 'fixed' | 'bucket'
  /**
   * The size of the bucket, and with it what may come at once. It is full at first. Only with `kind: 'bucket'`; at least 1.
   * @defaultValue {@link limit}
   */
  burst?: number
  /**
   * The zone at whose midnight a `day` or `month` begins (Gemini: `America/Los_Angeles`). Only with those.
   * @defaultValue 'UTC'
   */
  timeZone?: string
}

/** All of them apply: a request is admitted where every limit has room, and then counts against each. */
export interface ProviderLimits {
  requests?: ProviderLimit | ProviderLimit[]
  /** Counted by an estimate of the text's length / 4, corrected to what {@link AnswerText.inputTokens} says. */
  inputTokens?: ProviderLimit | ProviderLimit[]
  /** `max_completion_tokens`, `max_tokens` or `maxOutputTokens` are reserved at arrival (0 where not given), corrected to what was answered. */
  outputTokens?: ProviderLimit | ProviderLimit[]
  /** The sum of both. */
  tokens?: ProviderLimit | ProviderLimit[]
  /** How many requests may be under way at once, from arrival until the answer's last byte. At least 1. */
  concurrency?: number
  /**
   * Whether each key has limits of its own, or all keys of a project share them as Gemini's do.
   * @defaultValue 'key'
   */
  scope?: 'key' | 'project'
  /**
   * Whether a refused request counts against limits of requests, as OpenAI's do, so that whoever keeps asking is never admitted. Calendar limits
   * do not count them; a bucket is never emptied below 0 by them.
   * @defaultValue false
   */
  countsFailures?: boolean
}

/** Whose headers and error bodies are spoken. */
export type FlavorName = 'openai' | 'groq' | 'gemini'

/** How a {@link fakeProvider} answers, limits and fails. */
export interface FakeProviderOptions {
  /** @defaultValue answers with the prompt */
  answer?: Answer
  /** @defaultValue none */
  limits?: ProviderLimits
  /**
   * The keys that are known, as a list (all of one project) or each with its project; any other is refused.
   * @defaultValue every key is known, all are of one project
   */
  keys?: readonly string[] | Readonly<Record<string, { project?: string }>>
  /**
   * Whose headers and error bodies are spoken. The shape of a request and of its answer is that of its path, whatever the flavor.
   * @defaultValue 'openai'
   */
  flavor?: FlavorName
  /**
   * Everything runs on it: windows, latency, faults, and what `retry-after` says.
   * @defaultValue the real time
   */
  clock?: Clock
  /**
   * From arrival to answer, in ms of the clock; refusals come at once.
   * @defaultValue 0
   */
  latencyMs?: number | (() => number)
  /** What goes wrong from the start. @defaultValue nothing */
  faults?: FaultRule | readonly FaultRule[]
  /**
   * What a fault's `rate` draws from: a seed, or a function that gives numbers from 0 up to but without 1.
   * @defaultValue 1, a seed
   */
  random?: number | (() => number)
  /**
   * Whether OpenAI's `insufficient_quota`, which tells no time to wait, is the answer once a day or month is spent.
   * @defaultValue false
   */
  insufficientQuota?: boolean
  /** What `GET /v1/models` lists; requests may name any other too. @defaultValue ['fake-model'] */
  models?: readonly string[]
  /** How many requests the account keeps, at some 400 bytes each; older ones are dropped, totals stay. At least 1. @defaultValue 1_000_000 */
  keepRequests?: number
  /** @defaultValue 0, any that is free */
  port?: number
}
