/** The request passed to {@link FakeProviderOptions.answer}. */
export interface AnswerRequest {
  /** The key as sent. */
  key: string
  model: string
  /** The text of the last message of the user. */
  prompt: string
  /** All messages in the order they came, a system instruction first; `assistant` also for Gemini's `model`. */
  messages: { role: string; text: string }[]
  /** The parsed body. */
  body: Record<string, unknown>
  /** How often the same body was sent with this key, from 1; refused requests count. */
  attempt: number
}

/** An answer with its tokens. */
export interface AnswerText {
  text: string
  /** @defaultValue the length of the messages' text / 4, rounded up */
  inputTokens?: number
  /** @defaultValue the length of the answer / 4, rounded up */
  outputTokens?: number
}

/** Makes an answer. If it throws, the answer is a 500 with the error's message, and the record's fault is `threw`. */
export type Answer = (request: AnswerRequest) => string | AnswerText | Promise<string | AnswerText>
