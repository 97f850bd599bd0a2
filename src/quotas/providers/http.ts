/**
 * What every provider's answer says in the words of HTTP: 429, `retry-after`, 401 and 403, 402. The providers' own readers begin with
 * this and add what they know better.
 */

import { type HeaderMap, sentAt } from '../../values/headers.js'
import type { Answer } from './answer.js'
import { errorKinds, errorMessage } from './body.js'
import { parseDuration, until, wholeMs } from './durations.js'
import { emptyObservation, type Observation } from './observation.js'

/** What an answer says to whoever does not know its provider. */
export function observeHttp(answer: Answer, now: number): Observation {
  return {
    ...emptyObservation(),
    refused: answer.status === 429 || answer.status === 402,
    spent: answer.status === 402,
    retryAfterMs: retryAfterMs(answer.headers, now),
    keyRejected: isKeyRejected(answer),
  }
}

/** It was refused for want of money: a delay, if there is one, is not about that. */
export function spentObservation(observation: Observation): Observation {
  return { ...observation, refused: true, spent: true, retryAfterMs: null, counted: null }
}

/** Whether the call was answered as it should be. */
export function isSuccess({ status }: Answer): boolean {
  return status !== null && status >= 200 && status < 300
}

/** `retry-after-ms` (OpenAI, Azure), or `retry-after` in seconds or as a date. */
function retryAfterMs(headers: HeaderMap, now: number): number | null {
  const ms = headers.get('retry-after-ms')?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(ms)) return wholeMs(Number(ms))
  const after = headers.get('retry-after')
  if (after === undefined) return null
  const at = /[a-z]{3}, /i.test(after) ? Date.parse(after) : Number.NaN
  return Number.isNaN(at) ? parseDuration(after) : until(at, sentAt(headers, now))
}

/** Says that the key may not, whatever else the text speaks of. */
const aboutKey = /api.?key|insufficient permissions|missing scopes/i

/** Says that it is the place or the model that is refused: the key is as good as before. */
const notAboutKey = /country|region|territor|location|network|\bmodels?\b|model_/i

/**
 * 401 always; 403 unless the body says that it is about a country, a network or a model, or is a page for people, which comes from
 * a firewall in between (https://github.com/groq/groq-python/issues/125: "you have been blocked").
 */
function isKeyRejected({ status, headers, body }: Answer): boolean {
  if (status === 401) return true
  if (status !== 403 || headers.get('content-type')?.startsWith('text/html')) return false
  const words = [errorMessage(body), ...errorKinds(body)].join(' ')
  return aboutKey.test(words) || !notAboutKey.test(words)
}
