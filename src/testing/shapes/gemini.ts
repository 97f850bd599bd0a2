/** Gemini's generateContent. @see https://ai.google.dev/api/generate-content */
import { amount, BadRequest, isObject, json, type Shape, textOf } from './shape.js'

export const geminiShape: Shape = {
  read(body, model) {
    const { contents, systemInstruction, generationConfig } = body
    if (!Array.isArray(contents) || contents.length === 0)
      throw new BadRequest('* GenerateContentRequest.contents: contents is not specified\n')
    return {
      model: model ?? '',
      messages: [
        ...(isObject(systemInstruction) ? [{ role: 'system', text: textOf(systemInstruction.parts) }] : []),
        ...contents.map(messageOf),
      ],
      maxOutputTokens: isObject(generationConfig) ? amount(generationConfig.maxOutputTokens) : 0,
      stream: false,
      streamUsage: false,
    }
  },
  write({ id, model, text, inputTokens, outputTokens }) {
    const content = { parts: [{ text }], role: 'model' }
    // An answer without text has no content, as when the model stopped at once.
    const candidate = text === '' ? { finishReason: 'STOP', index: 0 } : { content, finishReason: 'STOP', index: 0 }
    const usageMetadata = { promptTokenCount: inputTokens, candidatesTokenCount: outputTokens, totalTokenCount: inputTokens + outputTokens }
    return { contentType: json, pieces: [JSON.stringify({ candidates: [candidate], usageMetadata, modelVersion: model, responseId: id })] }
  },
}

function messageOf(content: unknown): { role: string; text: string } {
  if (!isObject(content)) throw new BadRequest('Invalid value at contents')
  const { role = 'user', parts } = content
  return { role: role === 'model' ? 'assistant' : String(role), text: textOf(parts) }
}
