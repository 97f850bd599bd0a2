/** Reads a provider's answer about quotas. Pure: no calls, no state, no throws. */

import { type Answer, readAnswer } from './answer.js'
import { observeAnthropic } from './anthropic.js'
import { detectProvider } from './detect.js'
import { observeGemini } from './gemini.js'
import { observeGroq } from './groq.js'
import { observeHttp } from './http.js'
import { emptyObservation, type Observation, type ObservationSource, type Provider } from './observation.js'
import { observeOpenai } from './openai.js'

/** Options for reading an answer. */
export interface ObserveOptions {
  /** Milliseconds since the epoch; times of day in an answer without a `date` are counted from it. @defaultValue `Date.now()` */
  now?: number
  /** The provider. @defaultValue detected from headers and body; if unknown, the answer is read as plain HTTP */
  provider?: Provider
}

const readers: Record<Provider, (answer: Answer, now: number) => Observation> = {
  openai: observeOpenai,
  anthropic: observeAnthropic,
  gemini: observeGemini,
  groq: observeGroq,
}

/**
 * Reads an answer or a client's error. The body of a `Response` is not read, because this would be asynchronous: use
 * {@link observeResponse}, or pass the body as `{ status, headers, body }`.
 *
 * A 401 means that the key is not accepted; a 403 too, unless its body is about a country, a network or a model.
 *
 * @param source any value; an unknown form gives an empty observation
 * @throws never
 * @example
 * import OpenAI from 'openai'
 * const openai = new OpenAI({ maxRetries: 0 }) // or attempts multiply
 * try {
 *   await openai.models.list()
 * } catch (error) {
 *   const { refused, retryAfterMs, readings } = observe(error as Error)
 * }
 */
export function observe(source: ObservationSource, options: ObserveOptions = {}): Observation {
  try {
    const { now = Date.now(), provider } = options
    const answer = readAnswer(source)
    if (!answer) return emptyObservation()
    const known = provider !== undefined && Object.hasOwn(readers, provider) ? provider : detectProvider(answer)
    return known ? readers[known](answer, now) : observeHttp(answer, now)
  } catch {
    // A getter that throws, a revoked proxy.
    return emptyObservation()
  }
}

/**
 * As {@link observe}, with the body. The body is read from a copy, so the response stays usable; the copy is held in memory as a
 * whole. A body that was already read, is an event stream, or breaks off is ignored.
 *
 * @throws never
 * @example
 * const response = await fetch('https://api.openai.com/v1/models', { headers: { authorization: `Bearer ${token}` } })
 * const { used } = await observeResponse(response)
 * const models = await response.json()
 */
export async function observeResponse(response: Response, options: ObserveOptions = {}): Promise<Observation> {
  try {
    const { status, headers } = response
    // Reading a stream to its end would take its parts from their consumer.
    if (headers.get('content-type')?.includes('text/event-stream')) return observe(response, options)
    return observe({ status, headers, body: await response.clone().text() }, options)
  } catch {
    return observe(response, options)
  }
}
