/**
 * A provider of language models for tests: a real HTTP server on this machine that answers as OpenAI, Groq or Gemini do, refuses
 * as they do, fails on request, and records exactly what it admitted. Built on `node:http` alone: the mock servers that exist
 * know the shapes of answers but no limits, and cost milliseconds a request where a test sends a hundred thousand.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Account } from './account.js'
import { Admission } from './admission.js'
import { type Changes, checkChanges, checkFault, checkOptions } from './check.js'
import { realClock } from './clock.js'
import { complete, refuseKey, type Service, sendReply } from './completion.js'
import { type FaultRule, Faults } from './faults.js'
import { flavorOf } from './flavors/index.js'
import { Keys, keyOf } from './keys.js'
import type { FakeProviderOptions } from './options.js'
import { routeOf } from './routes.js'
import { seededRandom } from './seeded-random.js'

const host = '127.0.0.1'

/**
 * Starts a provider. Speaks `POST /v1/chat/completions` (also streamed), `GET /v1/models` and
 * `POST /v1beta/models/{model}:generateContent`, on the loopback interface only.
 *
 * @throws DroverError ARGUMENT_INVALID with all mistakes in the options
 * @example
 * import OpenAI from 'openai'
 * await using provider = await fakeProvider({
 *   answer: ({ prompt }) => (prompt.includes('prize') ? 'spam' : 'ham'),
 *   limits: { requests: [{ limit: 15, per: 'minute', kind: 'bucket', burst: 5 }, { limit: 1_500, per: 'day', timeZone: 'America/Los_Angeles' }] },
 *   clock: simulatedClock({ speed: 600 }),
 * })
 * const client = new OpenAI({ baseURL: provider.baseUrl, apiKey: 'key-1', maxRetries: 0 })
 */
export async function fakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  checkOptions(options)
  const provider = new FakeProvider(options)
  await provider.listen(options.port ?? 0)
  return provider
}

/** A running fake provider, made by {@link fakeProvider}. */
export class FakeProvider {
  /** All requests and their outcomes. */
  readonly account: Account
  readonly #server: Server
  readonly #service: Service
  readonly #keys: Keys
  readonly #models: readonly string[]
  readonly #firstFaults: readonly FaultRule[]
  #requestIds = 0
  #closed: Promise<void> | undefined

  /** @internal */
  constructor(options: FakeProviderOptions) {
    const { clock = realClock, limits = {}, random = 1, keepRequests = 1_000_000 } = options
    const { flavor = 'openai', insufficientQuota = false } = options
    this.#keys = new Keys(options.keys)
    this.#models = options.models ?? ['fake-model']
    this.#firstFaults = [options.faults ?? []].flat()
    const admission = new Admission(clock, this.#keys, keepRequests, limits)
    this.#service = {
      clock,
      admission,
      faults: new Faults(typeof random === 'number' ? seededRandom(random) : random),
      flavor: flavorOf(flavor, insufficientQuota),
      answer: options.answer ?? (({ prompt }) => prompt),
      latencyMs: options.latencyMs ?? 0,
      requestId: () => `req_${++this.#requestIds}`,
    }
    for (const fault of this.#firstFaults) this.#service.faults.add(fault)
    this.account = new Account(() => admission.source)
    this.#server = createServer((request, response) => {
      // An unexpected error must not crash the test.
      this.#serve(request, response).catch(() => response.destroy())
    })
  }

  /** Where it listens: `http://127.0.0.1:40123`. The `baseUrl` of `@google/genai`. */
  get url(): string {
    return `http://${host}:${(this.#server.address() as AddressInfo | null)?.port ?? 0}`
  }

  /** {@link url} with `/v1`: the `baseURL` of OpenAI's client. */
  get baseUrl(): string {
    return `${this.url}/v1`
  }

  /**
   * Adds a fault, after the existing ones.
   *
   * @returns a function that removes it
   * @throws DroverError ARGUMENT_INVALID
   * @example
   * provider.inject({ kind: 'unavailable', times: 3 })
   */
  inject(fault: FaultRule): () => void {
    checkFault(fault)
    return this.#service.faults.add(fault)
  }

  /**
   * Changes options from the next request on. New limits replace all earlier ones; amounts used before count against them.
   *
   * @throws DroverError ARGUMENT_INVALID
   */
  set(changes: Changes): void {
    checkChanges(changes)
    const { limits, answer, latencyMs } = changes
    if (limits !== undefined) this.#service.admission.setLimits(limits)
    if (answer !== undefined) this.#service.answer = answer
    if (latencyMs !== undefined) this.#service.latencyMs = latencyMs
  }

  /** From now on a request with this key is refused with 403. */
  retire(key: string): void {
    this.#keys.retire(key)
  }

  /**
   * Returns to the start: an empty account, nothing used, no key retired, the faults of the options. Changes by {@link set} and
   * the state of `random` stay. Running requests are answered, and are not recorded.
   */
  reset(): void {
    this.#service.admission.reset()
    this.#keys.reset()
    this.#service.faults.clear()
    for (const fault of this.#firstFaults) this.#service.faults.add(fault)
  }

  /** Cuts every connection and frees the port. A second call returns the same promise. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
    return this.#closed
  }

  /** Closes the provider, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @internal */
  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { flavor, requestId } = this.#service
    let body: string
    try {
      body = await text(request)
    } catch {
      // The client left before its request was complete.
      return
    }
    // Not relative to a base: `//name` would be another host.
    const url = new URL(`http://${host}${request.url}`)
    const route = routeOf(request.method ?? '', url.pathname)
    const key = keyOf(request.headers, url)
    const holder = this.#keys.holder(key)
    if (route?.to === 'completion') return complete(this.#service, { key, holder, body, ...route }, response)
    const notFound = `Unknown request: ${request.method} ${url.pathname}`
    const reply = route ? (refuseKey(flavor, holder) ?? this.#modelList()) : flavor.notFound(notFound)
    sendReply(response, reply, requestId())
  }

  #modelList(): { status: number; headers: Record<string, string>; body: unknown } {
    const data = this.#models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'drover' }))
    return { status: 200, headers: {}, body: { object: 'list', data } }
  }
}
