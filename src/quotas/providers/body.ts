/**
 * The body of an answer as one object, from any of its forms: as text, in a list of one (Gemini's streams), in the message of an
 * error (`got status: 429. {"error":...}`), or as JSON within its own message (@google/genai where the answer was no JSON by its
 * type).
 */
import { asRecord, asText } from '../../values/fields.js'

/** Levels of texts within texts that are followed. */
const deepest = 4

/** The body; null if it is not an object. */
export function readBody(value: unknown, depth = 0): Record<string, unknown> | null {
  if (depth > deepest) return null
  if (typeof value === 'string') return readBody(parse(value), depth + 1)
  // The last part of a stream has the usage or the error.
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

/** The error in a body, if there is one. */
export function errorIn(body: Record<string, unknown> | null): Record<string, unknown> | null {
  return asRecord(body?.error)
}

/** The codes and types of an error. Providers use both, and not always in the same way. */
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
