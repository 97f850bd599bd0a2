/**
 * The body of an answer as one object, however it was wrapped: as text, in a list of one (Gemini's streams), in the message of an
 * error (`got status: 429. {"error":...}`), or as JSON within its own message (@google/genai where the answer was no JSON by its type).
 */
import { asRecord, asText } from '../../values/fields.js'

/** How often one text is found within another. */
const deepest = 4

/** The body, or null where there is none that is an object. */
export function readBody(value: unknown, depth = 0): Record<string, unknown> | null {
  if (depth > deepest) return null
  if (typeof value === 'string') return readBody(parse(value), depth + 1)
  // Of the parts of a stream the last one has the usage, and an error ends it.
  if (Array.isArray(value)) return readBody(value.at(-1), depth + 1)
  const body = asRecord(value)
  return body && (inner(body, depth) ?? body)
}

/** A body within the text of an error; null where the text holds none. Other JSON in a message is no answer of a provider. */
export function bodyInMessage(message: unknown): Record<string, unknown> | null {
  if (typeof message !== 'string') return null
  const start = message.search(/\[?\{/)
  if (start === -1) return null
  const body = readBody(message.slice(start, Math.max(message.lastIndexOf('}'), message.lastIndexOf(']')) + 1))
  return body && asRecord(body.error) ? body : null
}

/** What the error in a body says of itself, where there is one. */
export function errorIn(body: Record<string, unknown> | null): Record<string, unknown> | null {
  return asRecord(body?.error)
}

/** The codes and types by which an error names its kind; the providers use both, and not always for the same. */
export function errorKinds(body: Record<string, unknown> | null): string[] {
  const error = errorIn(body)
  const { code, type, status, details } = error ?? {}
  return [code, type, status, asRecord(details)?.error_code].filter((kind) => typeof kind === 'string')
}

export function errorMessage(body: Record<string, unknown> | null): string {
  return asText(errorIn(body)?.message) ?? asText(body?.error) ?? ''
}

function inner(body: Record<string, unknown>, depth: number): Record<string, unknown> | null {
  const message = asText(errorIn(body)?.message)
  if (!message || !/^\s*[[{]/.test(message)) return null
  const within = readBody(message, depth + 1)
  return within && asRecord(within.error) ? within : null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
