/**
 * Finds status, headers and body of an answer in the results and errors of clients. Only this file knows each client's names for
 * them.
 */

import { asRecord } from '../../values/fields.js'
import { type HeaderMap, readHeaders } from '../../values/headers.js'
import { bodyInMessage, errorIn, readBody } from './body.js'
import type { ObservationSource } from './observation.js'

export interface Answer {
  /** HTTP status; null: not known. */
  status: number | null
  headers: HeaderMap
  body: Record<string, unknown> | null
}

/** Number of causes that are followed; this also ends a cyclic chain. */
const deepestCause = 5

/**
 * The answer in a chain of causes: the first with headers, else with a body, else with a status; null if there is none. An error
 * around a client's error may have its own status or message, but says less.
 */
export function readAnswer(source: ObservationSource): Answer | null {
  const answers: Answer[] = []
  let next: unknown = source
  for (let depth = 0; depth <= deepestCause; depth++) {
    const parts = asRecord(next)
    if (!parts) break
    // An answer says more than the error around it. axios, ky, got and superagent put it in `response`.
    const response = asRecord(parts.response)
    if (response) answers.push(partsOf(response))
    answers.push(partsOf(parts))
    // `lastError`: the AI SDK's RetryError.
    next = parts.cause ?? parts.lastError
  }
  return (
    answers.find(({ headers }) => headers.size > 0) ??
    answers.find(({ body }) => body !== null) ??
    answers.find(({ status }) => status !== null) ??
    null
  )
}

function partsOf(source: Record<string, unknown>): Answer {
  if (Symbol.iterator in source) return { status: null, headers: readHeaders(source), body: null }
  // `statusCode`, `responseHeaders`, `responseBody`: the AI SDK's APICallError.
  const headers = readHeaders(source.headers ?? source.responseHeaders)
  // `data`: axios.
  const { body: whole, responseBody, data, error, message } = source
  const body = readWholeBody(whole) ?? readWholeBody(responseBody) ?? readWholeBody(data) ?? readError(error) ?? bodyInMessage(message)
  return { status: statusOf(source.status) ?? statusOf(source.statusCode) ?? statusOf(errorIn(body)?.code), headers, body }
}

/** A stream is not read here, see `observeResponse`. */
function readWholeBody(body: unknown): Record<string, unknown> | null {
  return typeof body === 'object' && body !== null && 'getReader' in body ? null : readBody(body)
}

/** The `error` of a client's error is the whole body (Anthropic's) or the `error` within it (OpenAI's). */
function readError(error: unknown): Record<string, unknown> | null {
  const read = readBody(error)
  return read && (asRecord(read.error) ? read : readBody({ error: read }))
}

function statusOf(value: unknown): number | null {
  return Number.isInteger(value) && (value as number) >= 100 && (value as number) < 600 ? (value as number) : null
}
