/** OpenAI's chat completions, plain and streamed. @see https://platform.openai.com/docs/api-reference/chat */
import { amount, BadRequest, type Completion, type CompletionRequest, isObject, json, type Shape, textOf } from './shape.js'

export const chatShape: Shape = {
  read(body) {
    const { model, messages, stream, stream_options: options } = body
    if (typeof model !== 'string' || model === '') throw new BadRequest('you must provide a model parameter')
    if (!Array.isArray(messages) || messages.length === 0) throw new BadRequest("Missing required parameter: 'messages'.")
    return {
      model,
      messages: messages.map(messageOf),
      maxOutputTokens: amount(body.max_completion_tokens) || amount(body.max_tokens),
      stream: stream === true,
      streamUsage: isObject(options) && options.include_usage === true,
    }
  },
  write: (completion, request) =>
    request.stream
      ? { contentType: 'text/event-stream; charset=utf-8', pieces: chunks(completion, request).map((chunk) => `data: ${chunk}\n\n`) }
      : { contentType: json, pieces: [JSON.stringify(whole(completion))] },
}

function messageOf(message: unknown, index: number): { role: string; text: string } {
  if (!isObject(message) || typeof message.role !== 'string') throw new BadRequest(`Invalid type for 'messages[${index}].role'.`)
  const { role, content } = message
  return { role, text: typeof content === 'string' ? content : textOf(content) }
}

function whole(completion: Completion): object {
  const message = { role: 'assistant', content: completion.text, refusal: null }
  return {
    ...head(completion, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: usage(completion),
  }
}

/** The events of a stream: who speaks, the text word by word, why it ended, the usage if asked for, and the end. */
function chunks(completion: Completion, { streamUsage }: CompletionRequest): string[] {
  const chunk = (delta: object, reason: string | null = null): string =>
    JSON.stringify({
      ...head(completion, 'chat.completion.chunk'),
      choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
      ...(streamUsage && { usage: null }),
    })
  const words = completion.text.match(/\s*\S+|\s+$/g) ?? []
  return [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...words.map((content) => chunk({ content })),
    chunk({}, 'stop'),
    ...(streamUsage ? [JSON.stringify({ ...head(completion, 'chat.completion.chunk'), choices: [], usage: usage(completion) })] : []),
    '[DONE]',
  ]
}

function head({ id, model, at }: Completion, object: string): object {
  return { id: `chatcmpl-${id}`, object, created: Math.floor(at / 1_000), model, system_fingerprint: null }
}

function usage({ inputTokens, outputTokens }: Completion): object {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens }
}
