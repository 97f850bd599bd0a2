/** What a program does with a quota: acquires, settles, and hands on what the provider says. */
import { setMaxListeners } from 'node:events'
import { DroverError, QuotaError } from '../errors.js'
import type { Amounts } from '../store/engine.js'
import { isSpent, type QuotaClient, type QuotaLease } from './client.js'
import type { Observation, ObservationSource } from './observation.js'
import { observe } from './observe.js'

export interface QuotaAcquireOptions {
  /** Gives up with TIMEOUT after so many ms, more than 0. @defaultValue never */
  timeoutMs?: number
  /** Gives up with the signal's reason. */
  signal?: AbortSignal
  /** For the place in line; higher goes first. @defaultValue 0, in a worker that of its quota */
  priority?: number
}

/** A quota as it is used without workers. */
export interface StandaloneQuota {
  readonly name: string
  /**
   * Waits its turn, until every window grants the amounts, then takes them. Use it at once: the provider counts when it is called.
   *
   * @param amounts by unit, e.g. `{ tokens: 1200 }`; `requests` is 1 unless given. @defaultValue `{ requests: 1 }`
   * @throws QuotaError QUOTA_INVALID at once if it could never be granted; QUOTA_RETIRED, TIMEOUT, CLOSED; the signal's reason
   */
  acquire(amounts?: Amounts, options?: QuotaAcquireOptions): Promise<QuotaLease>
  /**
   * Corrects what was granted to what was used, by unit; units that are not named stay as they were granted. What is never settled counts as
   * used. Only the first time counts.
   *
   * @param actual @defaultValue as granted
   */
  settle(lease: QuotaLease | null, actual?: Amounts): Promise<void>
  /** Gives all of it back: the call was not made, or the provider does not count it. */
  refund(lease: QuotaLease | null): Promise<void>
  /** The provider said to wait: nobody is granted anything for so long. */
  penalize(penalty: { retryAfterMs: number; quota?: string }): Promise<void>
  /**
   * Takes in what a provider's answer says: its headers and body, or the error that its client threw. Remaining amounts tighten the windows (never
   * loosen them), a refusal blocks the quota for as long as the provider says, a key that it does not accept is retired, and what the
   * call used settles the lease.
   *
   * @param source a `Response` (its body is not read), `Headers`, an `Error` of an SDK, or `{ status, headers, body }`
   */
  observe(source: ObservationSource, options?: { lease?: QuotaLease | null }): Promise<Observation>
}

/** @throws DroverError ARGUMENT_INVALID */
export function checkRetryAfter(retryAfterMs: number): void {
  if (!(retryAfterMs >= 0)) throw new DroverError('ARGUMENT_INVALID', `retryAfterMs must be a number of 0 or more, got ${retryAfterMs}`)
}

/** A quota that its user closes. */
export interface OpenQuota extends StandaloneQuota {
  /** What was taken ahead goes back, those who wait are refused with CLOSED, and what it held is let go. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface ConnectionOptions {
  client: QuotaClient
  /** Quotas of which each acquire takes one. */
  choices: string[]
  priority: number
}

export class QuotaConnection implements StandaloneQuota {
  readonly #options: ConnectionOptions
  readonly #closing = new AbortController()

  constructor(options: ConnectionOptions) {
    this.#options = options
    // Everybody who waits listens to it.
    setMaxListeners(0, this.#closing.signal)
  }

  get name(): string {
    return this.#options.choices[0] as string
  }

  async acquire(amounts: Amounts = {}, options: QuotaAcquireOptions = {}): Promise<QuotaLease> {
    const { client, choices, priority } = this.#options
    const { timeoutMs = Number.POSITIVE_INFINITY, signal } = options
    if (!(timeoutMs > 0)) throw new DroverError('ARGUMENT_INVALID', `timeoutMs must be a number above 0, got ${timeoutMs}`)
    const ending = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    const answer = await client.ask({
      choices,
      amounts,
      priority: options.priority ?? priority,
      patienceMs: Number.POSITIVE_INFINITY,
      timeoutMs,
      signal: ending,
    })
    if (isSpent(answer))
      throw new QuotaError('QUOTA_SPENT', `${answer.window} of quota ${answer.quota} is spent`, { details: { ...answer } })
    return answer
  }

  async settle(lease: QuotaLease | null, actual: Amounts = {}): Promise<void> {
    if (lease) await this.#options.client.settle(lease, actual)
  }

  async refund(lease: QuotaLease | null): Promise<void> {
    if (lease) await this.#options.client.refund(lease)
  }

  async penalize({ retryAfterMs, quota = this.name }: { retryAfterMs: number; quota?: string }): Promise<void> {
    checkRetryAfter(retryAfterMs)
    await this.#options.client.penalize(quota, retryAfterMs)
  }

  async observe(source: ObservationSource, { lease = null }: { lease?: QuotaLease | null } = {}): Promise<Observation> {
    const { client } = this.#options
    const seen = observe(source)
    const quota = lease?.quota ?? this.name
    const { readings, refused, retryAfterMs, keyRejected, spent, used } = seen
    if (keyRejected || spent) {
      const reason = keyRejected ? 'the provider does not accept the key' : 'there is no money left at the provider'
      if (await client.retire(quota, reason)) this.retired(quota, reason)
    }
    const outcome = refused ? 'refused' : source instanceof Error || keyRejected ? 'failed' : 'ok'
    await client.observe(quota, readings, outcome)
    if (retryAfterMs !== null) await client.penalize(quota, retryAfterMs)
    if (lease && used) await this.settle(lease, used)
    return seen
  }

  /** Refuses those who wait, and gives back what was taken ahead. */
  async end(): Promise<void> {
    this.#closing.abort(new DroverError('CLOSED', `quota ${this.name} is closed`))
    await this.#options.client.flush().catch(() => {})
  }

  /** A key was found to be retired. */
  protected retired(_quota: string, _reason: string): void {}
}

/**
 * What a user holds of a connection.
 *
 * @param release lets go of what the connection stood on, once it has ended
 */
export function openQuota(connection: QuotaConnection, release: () => Promise<void>): OpenQuota {
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    closing ??= connection.end().then(release)
    return closing
  }
  return {
    name: connection.name,
    acquire: (amounts, options) => connection.acquire(amounts, options),
    settle: (lease, actual) => connection.settle(lease, actual),
    refund: (lease) => connection.refund(lease),
    penalize: (penalty) => connection.penalize(penalty),
    observe: (source, options) => connection.observe(source, options),
    close,
    [Symbol.asyncDispose]: close,
  }
}
