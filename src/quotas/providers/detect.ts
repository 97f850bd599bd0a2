/**
 * Detects the provider of an answer. Headers decide first, because proxies and compatible services imitate bodies more often.
 * Groq comes before OpenAI, because it uses OpenAI's headers.
 */

import { asRecord } from '../../values/fields.js'
import { hasPrefix } from '../../values/headers.js'
import type { Answer } from './answer.js'
import { errorIn, errorMessage } from './body.js'
import type { Provider } from './observation.js'

/**
 * - Groq: a header `x-groq...` (`x-groq-region`), `x_groq` in the body, or an error that points to console.groq.com
 * - Anthropic: a header `anthropic-...`, or a body of type `error` or `message`
 * - OpenAI: a header `openai-...` or `x-ratelimit-...`
 * - Gemini: `usageMetadata`, or an error whose `code` is a number and whose `status` is a word
 * - OpenAI again: `usage`, or an error with a `code` or `type`; also of compatible providers
 */
export function detectProvider({ headers, body }: Answer): Provider | null {
  if (hasPrefix(headers, 'x-groq') || body?.x_groq !== undefined || errorMessage(body).includes('console.groq.com')) return 'groq'
  if (hasPrefix(headers, 'anthropic-')) return 'anthropic'
  if (hasPrefix(headers, 'openai-') || hasPrefix(headers, 'x-ratelimit-')) return 'openai'
  const error = errorIn(body)
  if (asRecord(body?.usageMetadata) || (typeof error?.code === 'number' && typeof error.status === 'string')) return 'gemini'
  if (body?.type === 'message' || (body?.type === 'error' && error)) return 'anthropic'
  return asRecord(body?.usage) || typeof error?.code === 'string' || typeof error?.type === 'string' ? 'openai' : null
}
