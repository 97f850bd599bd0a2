/** Reads what a provider's answer says about quotas. Pure: nothing is called, nothing is kept, and nothing throws. */

import { type Answer, readAnswer } from './answer.js'
import { observeAnthropic } from './anthropic.js'
import { detectProvider } from './detect.js'
import { observeGemini } from './gemini.js'
import { observeGroq } from './groq.js'
import { observeHttp } from './http.js'
import { emptyObservation, type Observation, type ObservationSource, type Provider } from './observation.js'
import { observeOpenai } from './openai.js'

/** How an answer is read where it does not say enough itself. */
export interface ObserveOptions {
  /** Milliseconds since the epoch; times of day in an answer without a `date` are counted from it. @defaultValue `Date.now()` */
  now?: number
  /** Whose answer it is. @defaultValue what its headers and body tell; where they do not, it is read as far as HTTP goes */
  provider?: Provider
}

const readers: Record<Provider, (answer: Answer, now: number) => Observation> = {
  openai: observeOpenai,
  anthropic: observeAnthropic,
  gemini: observeGemini,
  groq: observeGroq,
}

/**
 * What an answer, or what a client threw, says about quotas. The body of a `Response` is not looked at, since it can only be waited
 * for: use {@link observeResponse}, or hand the body over as `{ status, headers, body }`.
 *
 * A 401 means that the key is not accepted; a 403 too, unless its body says that it is about a country, a network or a model.
 *
 * @param source anything at all; what is of no known form gives an observation that says nothing
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
 * As {@link observe}, with the body. The body is read from a copy, so the response is as usable afterwards as before; copied and held in
 * memory as a whole. A body that was read already, is a stream of events, or breaks off is left out.
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
    // To wait for the end of a stream would take it from whoever wants its parts.
    if (headers.get('content-type')?.includes('text/event-stream')) return observe(response, options)
    return observe({ status, headers, body: await response.clone().text() }, options)
  } catch {
    return observe(response, options)
  }
}
