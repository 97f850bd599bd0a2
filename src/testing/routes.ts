/** The target of a path. */
import { chatShape } from './shapes/chat.js'
import { geminiShape } from './shapes/gemini.js'
import type { Shape } from './shapes/shape.js'

export type Route = { to: 'models' } | { to: 'completion'; shape: Shape; model: string | null }

/** null: there is no such path. */
export function routeOf(method: string, path: string): Route | null {
  if (method === 'GET' && path === '/v1/models') return { to: 'models' }
  if (method !== 'POST') return null
  if (path === '/v1/chat/completions') return { to: 'completion', shape: chatShape, model: null }
  const model = path.match(/^\/v1(?:beta)?\/models\/([^/:]+):generateContent$/)?.[1]
  return model === undefined ? null : { to: 'completion', shape: geminiShape, model: decoded(model) }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
