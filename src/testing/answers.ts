/** What {@link FakeProviderOptions.answer} knows of a request. */
export interface AnswerRequest {
  /** The key as it came. */
  key: string
  model: string
  /** The text of the last message of the user. */
  prompt: string
  /** All messages in the order they came, a system instruction first; `assistant` also for Gemini's `model`. */
  messages: { role: string; text: string }[]
  /** The body as it came, parsed. */
  body: Record<string, unknown>
  /** How often this very body has come with this key, from 1; refused requests count. */
  attempt: number
}

/** An answer, and what it counts in tokens where that matters. */
export interface AnswerText {
  text: string
  /** @defaultValue the length of the messages' text / 4, rounded up */
  inputTokens?: number
  /** @defaultValue the length of the answer / 4, rounded up */
  outputTokens?: number
}

/** Makes an answer. Where it throws, the request is answered with a 500, whose message is the error's, and its record's fault is `threw`. */
export type Answer = (request: AnswerRequest) => string | AnswerText | Promise<string | AnswerText>
