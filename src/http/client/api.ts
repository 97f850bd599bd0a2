/** Calls of the HTTP API, with typed errors. */

export interface ClientErrorFacts {
  /** The server's error code, such as `VALIDATION_FAILED`; or `NETWORK` (no answer), `TIMEOUT`, `CLOSED`. */
  code: string
  /** HTTP status; 0 if there was no answer. */
  status: number
  details?: Record<string, unknown> | undefined
  cause?: unknown
}

/** The error of a call, or of a wait for a condition. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: string
  readonly status: number
  readonly details: Record<string, unknown>

  constructor(message: string, { code, status, details = {}, ...rest }: ClientErrorFacts) {
    super(message, rest)
    this.code = code
    this.status = status
    this.details = details
  }
}

export type Fetch = typeof globalThis.fetch

const safe = ['GET', 'HEAD']

export class Api {
  readonly #base: string
  readonly #fetch: Fetch
  readonly #gone: AbortSignal
  token: string | undefined
  /** The CSRF token for calls with a cookie; null: not known yet. */
  #csrf: string | null = null

  /** @param base ends without a slash */
  constructor(base: string, fetch: Fetch, token: string | undefined, gone: AbortSignal) {
    this.#base = base
    this.#fetch = fetch
    this.token = token
    this.#gone = gone
  }

  /** The unchecked response. @throws ClientError NETWORK if there is none */
  async raw(
    method: string,
    path: string,
    { headers = {}, body, signal = this.#gone }: { headers?: Record<string, string>; body?: string | undefined; signal?: AbortSignal } = {},
  ): Promise<Response> {
    try {
      return await this.#fetch(`${this.#base}/api/v1${path}`, {
        method,
        headers: { accept: 'application/json', ...(this.token && { authorization: `Bearer ${this.token}` }), ...headers },
        ...(body !== undefined && { body }),
        signal,
      })
    } catch (cause) {
      if (this.#gone.aborted) throw new ClientError('the client is closed', { code: 'CLOSED', status: 0 })
      throw new ClientError(`${method} ${path}: no answer`, { code: 'NETWORK', status: 0, cause })
    }
  }

  /** @throws ClientError; the reason of `signal` */
  async request<T>(method: string, path: string, body?: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<T> {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    if (!this.token && !safe.includes(method) && path !== '/session') this.#csrf ??= (await this.request<Session>('GET', '/session')).csrf
    if (this.#csrf) headers['x-drover-csrf'] = this.#csrf
    const sent = { headers, body: body === undefined ? body : JSON.stringify(body) }
    const response = await this.raw(method, path, { ...sent, ...(signal && { signal: AbortSignal.any([this.#gone, signal]) }) }).catch(
      (error: unknown) => {
        signal?.throwIfAborted()
        throw error
      },
    )
    const answer = await read(response)
    if (!response.ok) {
      if (response.status === 401 || response.status === 403) this.#csrf = null
      throw refusal(response.status, answer)
    }
    if (path === '/session') this.#csrf = (answer as Session | null)?.csrf ?? null
    return answer as T
  }
}

interface Session {
  csrf: string | null
}

/** The body as JSON, else as text; null if empty. */
export async function read(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return text
  }
}

export function refusal(status: number, answer: unknown): ClientError {
  const { error, message, details } = (typeof answer === 'object' && answer !== null ? answer : {}) as Partial<Refusal>
  return new ClientError(message ?? `the server answered ${status}`, { code: error ?? 'HTTP', status, details })
}

interface Refusal {
  error: string
  message: string
  details: Record<string, unknown>
}
