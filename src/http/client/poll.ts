/** The state over plain HTTP, if no WebSocket works. Unchanged answers are not sent again. */
import { type LiveState, stateTopics, type Topic } from '../contract/socket.js'
import { type Api, read, refusal } from './api.js'

type Item = Record<string, unknown>
interface Page {
  items: Item[]
  next: string | null
}

const itemsOf = (answer: Item[] | Page): Item[] => (Array.isArray(answer) ? answer : answer.items)

/** The longest round of requests. */
const patienceMs = 10_000

export class Poll {
  readonly #api: Api
  readonly #gone: AbortSignal
  /** Known answers by path. */
  readonly #known = new Map<string, { etag: string; answer: unknown }>()

  /** @param gone aborts all requests */
  constructor(api: Api, gone: AbortSignal) {
    this.#api = api
    this.#gone = gone
  }

  /** @throws ClientError */
  async state(topics: readonly Topic[]): Promise<LiveState> {
    const round = new AbortController()
    const stop = (): void => round.abort()
    const timer = setTimeout(stop, patienceMs)
    this.#gone.addEventListener('abort', stop)
    const ask: Record<keyof LiveState, (signal: AbortSignal) => Promise<unknown>> = {
      overview: (signal) => this.#get('/overview', signal),
      workers: (signal) => this.#all('/workers?limit=1000', 'id', signal),
      tree: async (signal) => itemsOf(await this.#get<Item[] | Page>('/tree', signal)),
      quotas: (signal) => this.#all('/quotas?limit=1000', 'name', signal),
    }
    try {
      const wanted = stateTopics.filter((topic) => topics.includes(topic))
      // Also shows whether this client is refused.
      if (wanted.length === 0) await this.#get('/overview', round.signal)
      const answers = await Promise.all(wanted.map(async (topic) => [topic, await ask[topic](round.signal)] as const))
      return Object.fromEntries(answers) as LiveState
    } finally {
      clearTimeout(timer)
      this.#gone.removeEventListener('abort', stop)
    }
  }

  /** A list, or all pages of one, by the name of each. */
  async #all(path: string, key: string, signal: AbortSignal): Promise<Record<string, unknown>> {
    const found: Item[] = []
    let after: string | null = ''
    do {
      const page: Item[] | Page = await this.#get(after ? `${path}&after=${encodeURIComponent(after)}` : path, signal)
      found.push(...itemsOf(page))
      after = Array.isArray(page) ? null : page.next
    } while (after)
    return Object.fromEntries(found.map((item) => [item[key], item]))
  }

  async #get<T>(path: string, signal: AbortSignal): Promise<T> {
    const known = this.#known.get(path)
    const response = await this.#api.raw('GET', path, { signal, ...(known && { headers: { 'if-none-match': known.etag } }) })
    if (known && response.status === 304) return known.answer as T
    const answer = await read(response)
    if (!response.ok) throw refusal(response.status, answer)
    const etag = response.headers.get('etag')
    if (etag) this.#known.set(path, { etag, answer })
    return answer as T
  }
}
