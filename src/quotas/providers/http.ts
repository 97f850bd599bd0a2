/**
 * Reads the HTTP part of any provider's answer: 429, `retry-after`, 401 and 403, 402. The readers of single providers begin with
 * this and refine it.
 */

import type { Answer } from './answer.js'
import { errorKinds, errorMessage } from './body.js'
import { emptyObservation, type Observation } from './observation.js'
import { retryAfterMs } from './retry-after.js'

/** The observation of an answer of an unknown provider. */
export function observeHttp(answer: Answer, now: number): Observation {
  return {
    ...emptyObservation(),
    refused: answer.status === 429 || answer.status === 402,
    spent: answer.status === 402,
    retryAfterMs: retryAfterMs(answer.headers, now),
    keyRejected: isKeyRejected(answer),
  }
}

/** The observation of a refusal for lack of money: a delay in it does not apply. */
export function spentObservation(observation: Observation): Observation {
  return { ...observation, refused: true, spent: true, retryAfterMs: null, counted: null }
}

/** Whether the call succeeded. */
export function isSuccess({ status }: Answer): boolean {
  return status !== null && status >= 200 && status < 300
}

/** Texts that mean a refused key. */
const aboutKey = /api.?key|insufficient permissions|missing scopes/i

/** Texts that mean a refused place or model: the key is still good. */
const notAboutKey = /country|region|territor|location|network|\bmodels?\b|model_/i

/**
 * Whether the key was refused: always for 401; for 403 unless the body is about a country, a network or a model, or is an HTML
 * page of a firewall (https://github.com/groq/groq-python/issues/125: "you have been blocked").
 */
function isKeyRejected({ status, headers, body }: Answer): boolean {
  if (status === 401) return true
  if (status !== 403 || headers.get('content-type')?.startsWith('text/html')) return false
  const words = [errorMessage(body), ...errorKinds(body)].join(' ')
  return aboutKey.test(words) || !notAboutKey.test(words)
}
