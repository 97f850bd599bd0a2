/** The contract of a shape, the form of requests and answers of a path. */

/** A request for a completion, whatever its shape. */
export interface CompletionRequest {
  model: string
  messages: { role: string; text: string }[]
  /** The most output tokens; 0 if the request has no limit. */
  maxOutputTokens: number
  stream: boolean
  /** A streamed answer ends with its usage. */
  streamUsage: boolean
}

/** An answer, whatever its shape. */
export interface Completion {
  id: string
  model: string
  text: string
  inputTokens: number
  outputTokens: number
  /** In ms since the epoch. */
  at: number
}

/** What is sent as a body: one piece, or those of a stream. */
export interface Body {
  contentType: string
  pieces: string[]
}

export interface Shape {
  /**
   * Reads a body.
   *
   * @param model as the path names it, or null
   * @throws BadRequest with what is wrong with it
   */
  read(body: Record<string, unknown>, model: string | null): CompletionRequest
  write(completion: Completion, request: CompletionRequest): Body
}

/** An invalid body; the message goes to the client. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
}

export const json = 'application/json; charset=utf-8'

/** The text of the last message of the user, or nothing. */
export function promptOf(messages: readonly { role: string; text: string }[]): string {
  return messages.findLast(({ role }) => role === 'user')?.text ?? ''
}

/** About how many tokens a text has: its length / 4, rounded up. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4)
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A whole number above 0, or 0. */
export function amount(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}

/** The text of a list of parts. */
export function textOf(parts: unknown): string {
  if (!Array.isArray(parts)) return ''
  return parts.map((part: unknown) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('')
}
