/** One request for a completion, from its body to the last byte of its answer. */
import type { ServerResponse } from 'node:http'
import type { Admission, AdmissionResult } from './admission.js'
import type { Answer, AnswerRequest, AnswerText } from './answers.js'
import type { Clock } from './clock.js'
import type { FaultRule, Faults } from './faults.js'
import type { Flavor, Reply } from './flavors/flavor.js'
import type { KeyHolder } from './keys.js'
import { send, sendCut, sendSlowly } from './send.js'
import { BadRequest, type CompletionRequest, estimateTokens, isObject, json, promptOf, type Shape } from './shapes/shape.js'

/** The provider's parts that completions need. */
export interface Service {
  clock: Clock
  admission: Admission
  faults: Faults
  flavor: Flavor
  answer: Answer
  latencyMs: number | (() => number)
  /** A new one for each. */
  requestId(): string
}

/** A request as it came. */
export interface Incoming {
  /** null: no key was sent. */
  key: string | null
  holder: KeyHolder
  shape: Shape
  /** As the path names it, or null. */
  model: string | null
  body: string
}

const defaultSlownessMs = 10_000
const page =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n'

/** A request that was admitted, on its way to an answer. */
interface Exchange {
  service: Service
  shape: Shape
  request: CompletionRequest
  question: AnswerRequest
  verdict: AdmissionResult & { admitted: true }
  /** Estimated tokens of the request's text. */
  estimated: number
  response: ServerResponse
}

/** Answers, refuses or fails a request. Settles when the work is done; the answer may still be in transit. */
export async function complete(service: Service, incoming: Incoming, response: ServerResponse): Promise<void> {
  const { admission, flavor } = service
  const { holder, shape } = incoming
  const { request, body, mistake } = readBody(incoming)
  const { model, messages, maxOutputTokens } = request
  const estimated = estimateTokens(messages.map(({ text }) => text).join(''))
  const attempt = admission.attemptAt(incoming.body, holder)
  const arrival = { holder, model, attempt, inputTokens: estimated, maxOutputTokens }
  const turnedAway = refuseKey(flavor, holder) ?? (mistake === null ? null : flavor.badRequest(mistake))
  if (turnedAway) {
    admission.turnAway(arrival, turnedAway.status)
    return sendReply(response, turnedAway, service.requestId())
  }
  const verdict = admission.arrive(arrival)
  if (!verdict.admitted) return sendReply(response, flavor.refused({ ...verdict, model, now: verdict.at }), service.requestId())
  // The client left or the provider closed: there is no answer.
  response.once('close', () => verdict.end(null, null))
  const question: AnswerRequest = { key: incoming.key ?? '', model, prompt: promptOf(messages), messages, body, attempt }
  const exchange: Exchange = { service, shape, request, question, verdict, estimated, response }
  try {
    await answer(exchange)
  } catch (error) {
    if (response.headersSent || response.destroyed) return
    verdict.record.fault = 'threw'
    fail(exchange, flavor.serverError(500, error instanceof Error ? error.message : String(error)))
  }
}

async function answer(exchange: Exchange): Promise<void> {
  const { service, question, verdict, response } = exchange
  const fault = service.faults.pick(question)
  verdict.record.fault = fault?.kind ?? null
  if (fault?.kind === 'timeout') return
  const latencyMs = typeof service.latencyMs === 'function' ? service.latencyMs() : service.latencyMs
  const [given] = await Promise.all([needsText(fault) ? service.answer(question) : '', passed(service.clock, latencyMs, response)])
  if (response.destroyed) return
  switch (fault?.kind) {
    case 'cut-before-headers':
      verdict.end(null, null)
      response.destroy()
      return
    case 'server-error':
      return fail(exchange, service.flavor.serverError(500))
    case 'unavailable':
      return fail(exchange, service.flavor.serverError(503))
    case 'html':
      return send(response, { status: 502, headers: { 'content-type': 'text/html' }, pieces: [page] }, () => verdict.end(502, null))
    default:
      deliver(exchange, checkedAnswer(given), fault)
  }
}

function deliver({ service, shape, request, verdict, estimated, response }: Exchange, given: AnswerText, fault: FaultRule | null): void {
  const { text, inputTokens = estimated, outputTokens = estimateTokens(text) } = given
  const id = service.requestId()
  const { contentType, pieces } = shape.write({ id, model: request.model, text, inputTokens, outputTokens, at: verdict.at }, request)
  const headers = { 'content-type': contentType, ...service.flavor.headers(verdict.standings, id) }
  const whole = { status: 200, headers, pieces }
  const ending = (): void => verdict.end(200, { inputTokens, outputTokens })
  if (fault?.kind === 'cut-in-body') {
    sendCut(response, whole, ending)
  } else if (fault?.kind === 'slow-body') {
    sendSlowly(response, whole, ending, service.clock, fault.overMs ?? defaultSlownessMs)
  } else if (fault?.kind === 'half-json') {
    const body = pieces.join('')
    send(response, { ...whole, pieces: [body.slice(0, Math.floor(body.length / 2))] }, ending)
  } else {
    send(response, whole, ending)
  }
}

/** Whether the fault needs an answer's text. */
function needsText(fault: FaultRule | null): boolean {
  return fault === null || ['cut-in-body', 'half-json', 'slow-body'].includes(fault.kind)
}

/** Settles after this time; never if the client leaves first. */
function passed(clock: Clock, ms: number, response: ServerResponse): Promise<void> | undefined {
  if (ms === 0) return undefined
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve)
    response.once('close', cancel)
  })
}

function checkedAnswer(given: string | AnswerText): AnswerText {
  if (typeof given === 'string') return { text: given }
  const { text, inputTokens = 0, outputTokens = 0 } = given ?? {}
  const isCount = (count: unknown): boolean => Number.isSafeInteger(count) && (count as number) >= 0
  if (typeof text === 'string' && isCount(inputTokens) && isCount(outputTokens)) return given
  throw new TypeError('answer must return a text, or { text, inputTokens?, outputTokens? } with whole numbers of at least 0')
}

function fail({ service, verdict, response }: Exchange, { status, body }: Reply): void {
  const headers = { 'content-type': json, ...service.flavor.headers(verdict.standings, service.requestId()) }
  send(response, { status, headers, pieces: [JSON.stringify(body)] }, () => verdict.end(status, null))
}

/** An answer that is no completion. */
export function sendReply(response: ServerResponse, { status, headers, body }: Reply, requestId: string): void {
  send(
    response,
    { status, headers: { 'content-type': json, 'x-request-id': requestId, ...headers }, pieces: [JSON.stringify(body)] },
    () => {},
  )
}

/** The answer to an invalid key; null: the key is valid. */
export function refuseKey(flavor: Flavor, { state, label }: KeyHolder): Reply | null {
  if (state === 'missing') return flavor.badKey(null)
  if (state === 'unknown') return flavor.badKey(label)
  return state === 'retired' ? flavor.retiredKey(label) : null
}

function readBody({ body: text, shape, model }: Incoming): {
  request: CompletionRequest
  body: Record<string, unknown>
  mistake: string | null
} {
  const none: CompletionRequest = { model: model ?? '', messages: [], maxOutputTokens: 0, stream: false, streamUsage: false }
  try {
    const body: unknown = JSON.parse(text)
    if (!isObject(body)) return { request: none, body: {}, mistake: 'The body of the request is not a JSON object.' }
    return { request: shape.read(body, model), body, mistake: null }
  } catch (error) {
    const mistake = error instanceof BadRequest ? error.message : 'We could not parse the JSON body of your request.'
    return { request: none, body: {}, mistake }
  }
}
