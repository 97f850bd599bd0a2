/** Reads quotas from any result of a client's call: a `Response`, an answer with its response, or a body alone. */
import { emptyObservation, type HeaderSource, type Observation } from './providers/observation.js'
import { observe, observeResponse } from './providers/observe.js'

/**
 * The observation of a call's result. A `Response` is read from a copy, see {@link observeResponse}; `{ data, response }` comes
 * from `withResponse()` of OpenAI's and Anthropic's SDKs; any other object without headers is taken for a body.
 *
 * @throws never
 */
export async function observeAnswer(answer: unknown): Promise<Observation> {
  try {
    if (typeof answer !== 'object' || answer === null) return emptyObservation()
    if (isResponse(answer)) return await observeResponse(answer)
    const { response, data, headers, status } = answer as { response?: unknown; data?: unknown; headers?: HeaderSource; status?: unknown }
    if (isResponse(response)) return observe({ status: response.status, headers: response.headers, body: data })
    // axios has its body in `data`.
    if (headers !== undefined && typeof status === 'number') return observe(data === undefined ? answer : { status, headers, body: data })
    return observe({ body: answer })
  } catch {
    // A getter that throws, a revoked proxy.
    return emptyObservation()
  }
}

function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false
  const { status, headers, clone } = value as Partial<Response>
  return typeof status === 'number' && typeof headers?.get === 'function' && typeof clone === 'function'
}
