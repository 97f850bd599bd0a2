/** What a program does with a quota: acquires, settles, and hands on what the provider says. */
import { setMaxListeners } from 'node:events'
import { DroverError, QuotaError } from '../errors.js'
import type { Amounts } from '../store/contract/quotas.js'
import { checkAmounts } from '../store/quotas/check-amounts.js'
import { argumentError, checkName, checkObject, checkSignal, duration, finite } from '../validation/arguments.js'
import { isSpent, type QuotaClient, type QuotaLease } from './client.js'
import type { Observation, ObservationSource } from './providers/observation.js'
import { observe } from './providers/observe.js'

/** How long to wait for a grant, and in which place. */
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
   * @throws QuotaError QUOTA_INVALID at once if it could never be granted; QUOTA_RETIRED, QUOTA_SPENT; DroverError TIMEOUT, CLOSED,
   * ARGUMENT_INVALID, STORE_FAILED; the reason of `signal`
   * @example
   * const lease = await quota.acquire({ tokens: 1_200 }, { timeoutMs: 60_000 })
   */
  acquire(amounts?: Amounts, options?: QuotaAcquireOptions): Promise<QuotaLease>
  /**
   * Corrects what was granted to what was used, by unit. May be called again, also after `observe`: the last word on a unit counts (all that the
   * lease used of it, not what came on top), and units that are not named stay as they are. What is never settled counts as used.
   *
   * @param actual @defaultValue as granted
   * @throws DroverError ARGUMENT_INVALID, and nothing of it is settled; STORE_FAILED while the store cannot take it: it is sent again by itself
   * @example
   * await quota.observe(response)               // its tokens
   * await quota.settle(lease, { cost: 0.0021 }) // and what they cost
   */
  settle(lease: QuotaLease | null, actual?: Amounts): Promise<void>
  /**
   * Gives all of it back: the call was not made, or the provider does not count it.
   *
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  refund(lease: QuotaLease | null): Promise<void>
  /**
   * The provider said to wait: nobody is granted anything for so long.
   *
   * @param penalty.retryAfterMs 0 to a year
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  penalize(penalty: { retryAfterMs: number; quota?: string }): Promise<void>
  /**
   * Takes in what a provider's answer says: its headers and body, or the error that its client threw. Remaining amounts tighten the windows (never
   * loosen them), a refusal blocks the quota for as long as the provider says, a key that it does not accept is retired, and what the
   * call used settles the lease.
   *
   * @param source a `Response` (its body is not read), `Headers`, an `Error` of an SDK, or `{ status, headers, body }`
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   * @example
   * const response = await fetch('https://api.openai.com/v1/models')
   * const { refused, retryAfterMs } = await quota.observe(response, { lease })
   */
  observe(source: ObservationSource, options?: { lease?: QuotaLease | null }): Promise<Observation>
}

/** A quota that its user closes. */
export interface OpenQuota extends StandaloneQuota {
  /**
   * What was taken ahead goes back, those who wait are refused with CLOSED, and what it held is let go. Idempotent. A store that cannot be
   * written is tried again for 5 s; then a process warning says what was not given back.
   */
  close(): Promise<void>
  /** Closes it: for `await using`. */
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
    const { client, choices, priority: usual } = this.#options
    const { timeoutMs = Number.POSITIVE_INFINITY, priority = usual } = checkObject('options', options)
    const checked = checkAmounts('amounts', amounts)
    if (!(typeof timeoutMs === 'number' && timeoutMs > 0)) throw argumentError('timeoutMs', 'a number of milliseconds above 0', timeoutMs)
    const signal = checkSignal('signal', options.signal)
    const answer = await client.ask({
      choices,
      amounts: checked,
      priority: finite('priority', priority),
      patienceMs: Number.POSITIVE_INFINITY,
      timeoutMs,
      signal: signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal,
    })
    if (isSpent(answer))
      throw new QuotaError('QUOTA_SPENT', `${answer.window} of quota ${answer.quota} is spent`, { details: { ...answer } })
    return answer
  }

  async settle(lease: QuotaLease | null, actual: Amounts = {}): Promise<void> {
    const checked = checkAmounts('actual', actual)
    if (lease) await this.#options.client.settle(checkLease(lease), checked)
  }

  async refund(lease: QuotaLease | null): Promise<void> {
    if (lease) await this.#options.client.refund(checkLease(lease))
  }

  async penalize(penalty: { retryAfterMs: number; quota?: string }): Promise<void> {
    const { retryAfterMs, quota = this.name } = checkObject('penalty', penalty)
    await this.#options.client.penalize(checkName('quota', quota), duration('retryAfterMs', retryAfterMs))
  }

  async observe(source: ObservationSource, { lease = null }: { lease?: QuotaLease | null } = {}): Promise<Observation> {
    const seen = observe(source)
    await this.take(seen, source instanceof Error, lease && checkLease(lease))
    return seen
  }

  /** Takes in what an answer said. */
  protected async take(seen: Observation, failed: boolean, lease: QuotaLease | null): Promise<void> {
    const { client } = this.#options
    const quota = lease?.quota ?? this.name
    const { readings, refused, retryAfterMs, keyRejected, spent, used } = seen
    // First: what was used is sent again by itself where the store cannot take it, the rest is not.
    if (lease && used) await this.settle(lease, used)
    if (keyRejected || spent) {
      const reason = keyRejected ? 'the provider does not accept the key' : 'there is no money left at the provider'
      if (await client.retire(quota, reason)) this.retired(quota, reason)
    }
    await client.observe(quota, readings, refused ? 'refused' : failed || keyRejected ? 'failed' : 'ok')
    if (retryAfterMs !== null) await client.penalize(quota, retryAfterMs)
  }

  /** Refuses those who wait, and gives back what was taken ahead. */
  async end(): Promise<void> {
    this.#closing.abort(new DroverError('CLOSED', `quota ${this.name} is closed`))
    await this.#options.client.flush().catch(() => {})
  }

  /** A key was found to be retired. */
  protected retired(_quota: string, _reason: string): void {}
}

/** @throws DroverError ARGUMENT_INVALID */
function checkLease(lease: QuotaLease): QuotaLease {
  if (typeof lease === 'object' && typeof lease.quota === 'string') return lease
  throw argumentError('lease', 'what acquire answered, or null', lease)
}

/**
 * What a user holds of a connection.
 *
 * @param release lets go of what the connection stood on, once it has ended
 */
export function openQuota(connection: QuotaConnection, release: (ended: Promise<void>) => Promise<void>): OpenQuota {
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    closing ??= release(connection.end())
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
