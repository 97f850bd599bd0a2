/**
 * Groq's answers: OpenAI's names, but other windows. `-requests` "always refers to requests per day", `-tokens` "to tokens per
 * minute". Limits of requests per minute and of tokens per day have no headers; only the message of a refusal has them.
 *
 * @see https://console.groq.com/docs/rate-limits
 */

import type { Answer } from './answer.js'
import { errorMessage } from './body.js'
import { isSuccess } from './http.js'
import { readLimitMessage } from './limit-message.js'
import type { Observation } from './observation.js'
import { observeOpenai, readRateLimits, withReading } from './openai.js'
import { usageOf } from './usage.js'

export function observeGroq(answer: Answer, now: number): Observation {
  const { reading } = readLimitMessage(errorMessage(answer.body))
  return {
    ...observeOpenai(answer, now),
    readings: withReading(readRateLimits(answer.headers, { requests: 'day', tokens: 60_000 }), reading),
    // "Cached tokens do not count towards your rate limits."
    used: usageOf(answer.body, false),
    counted: isSuccess(answer) ? true : null,
  }
}
