/**
 * The answer in a client's error: its status and its headers about limits. Nothing of the request, which has the key, and no
 * other header. Loaded in every thread.
 */

import { readHeaders } from './headers.js'
import { isError, read } from './plain.js'

/** Headers that are worth keeping, and hold no secret. */
const kept = /^(?:retry-after(?:-ms)?|(?:x-)?request-id)$|ratelimit/
const mostHeaders = 20
const longestValue = 200

/**
 * The answer in the error itself (OpenAI, Anthropic, the AI SDK), or in its `response` (axios, ky, got, superagent). Never
 * throws.
 */
export function answerIn(error: unknown): { status: number; headers?: Record<string, string> } | null {
  if (!isError(error)) return null
  const response = read(error, 'response')
  for (const source of [response, error]) {
    const status = read(source, 'status') ?? read(source, 'statusCode')
    if (!Number.isInteger(status) || (status as number) < 100 || (status as number) > 599) continue
    const headers = keptOf(read(source, 'headers') ?? read(source, 'responseHeaders'))
    return { status: status as number, ...(headers && { headers }) }
  }
  return null
}

function keptOf(source: unknown): Record<string, string> | null {
  try {
    const found = [...readHeaders(source)].filter(([name]) => kept.test(name)).slice(0, mostHeaders)
    return found.length > 0 ? Object.fromEntries(found.map(([name, value]) => [name, value.slice(0, longestValue)])) : null
  } catch {
    return null
  }
}
