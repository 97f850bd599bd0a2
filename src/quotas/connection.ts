/** A program's calls on a quota: acquire, settle, and report the provider's answers. */
import { setMaxListeners } from 'node:events'
import { DroverError, QuotaError } from '../errors.js'
import type { Amounts } from '../store/contract/quotas.js'
import { checkAmounts } from '../store/quotas/check-amounts.js'
import { argumentError, checkName, checkObject, checkSignal, duration, finite } from '../validation/arguments.js'
import { checkOptions } from '../validation/filters.js'
import { isSpent, type QuotaClient, type QuotaLease } from './client.js'
import type { Observation, ObservationSource } from './providers/observation.js'
import { observe } from './providers/observe.js'

/** Options of `acquire`. */
export interface QuotaAcquireOptions {
  /** Rejects with TIMEOUT after this time in ms, more than 0. @defaultValue no limit */
  timeoutMs?: number
  /** Rejects with the signal's reason. */
  signal?: AbortSignal
  /** The place in line; higher goes first. @defaultValue 0; in a worker, the priority of its option `quota` */
  priority?: number
}

/** The calls on a quota, in a worker or without one. */
export interface StandaloneQuota {
  readonly name: string
  /**
   * Waits its turn until every window grants the amounts, and takes them. Use the grant at once, because the provider counts a
   * call when it arrives.
   *
   * @param amounts by unit, e.g. `{ tokens: 1200 }`; `requests` is 1 unless given. @defaultValue `{ requests: 1 }`
   * @throws QuotaError QUOTA_INVALID at once if the amounts could never be granted; QUOTA_RETIRED, QUOTA_SPENT; DroverError
   * TIMEOUT, CLOSED, ARGUMENT_INVALID, STORE_FAILED; the reason of `signal`
   * @example
   * const lease = await quota.acquire({ tokens: 1_200 }, { timeoutMs: 60_000 })
   */
  acquire(amounts?: Amounts, options?: QuotaAcquireOptions): Promise<QuotaLease>
  /**
   * Corrects the grant to the amounts used, by unit. It may be called again, also after `observe`: for each unit the last value
   * counts, as the total of the lease; other units stay as they are. A lease that is never settled counts as used.
   *
   * @param actual amounts used, by unit. @defaultValue the granted amounts
   * @throws DroverError ARGUMENT_INVALID, and nothing is settled; STORE_FAILED while the store cannot take it; then it is sent
   * again by itself
   * @example
   * await quota.observe(response)               // its tokens
   * await quota.settle(lease, { cost: 0.0021 }) // and their cost
   */
  settle(lease: QuotaLease | null, actual?: Amounts): Promise<void>
  /**
   * Gives the whole grant back, for a call that was not made or that the provider does not count.
   *
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  refund(lease: QuotaLease | null): Promise<void>
  /**
   * Blocks the quota for a time, because the provider asked to wait.
   *
   * @param penalty.retryAfterMs in ms, 0 to a year
   * @param penalty.quota one of several quotas, by name. @defaultValue {@link name}
   * @throws DroverError ARGUMENT_INVALID, CLOSED, STORE_FAILED
   */
  penalize(penalty: { retryAfterMs: number; quota?: string }): Promise<void>
  /**
   * Reads a provider's answer, or the error that its client threw. Remaining amounts tighten the windows (never beyond the
   * configured limits), a refusal blocks the quota for as long as the provider says, a key that is not accepted is retired, and
   * the usage settles the lease.
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
   * Gives back grants taken ahead, rejects waiting requests with CLOSED, and closes its connections. Idempotent. A store that
   * cannot be written is tried again for 5 s; then a process warning lists what was not given back.
   */
  close(): Promise<void>
  /** Closes the quota, for `await using`. */
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
    // Every waiting request listens to it.
    setMaxListeners(0, this.#closing.signal)
  }

  get name(): string {
    return this.#options.choices[0] as string
  }

  async acquire(amounts: Amounts = {}, options: QuotaAcquireOptions = {}): Promise<QuotaLease> {
    const { client, choices, priority: usual } = this.#options
    const { timeoutMs = Number.POSITIVE_INFINITY, priority = usual } = checkOptions('options', options, ['timeoutMs', 'signal', 'priority'])
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
    if (lease !== null && lease !== undefined) await this.#options.client.settle(checkLease(lease), checked)
  }

  async refund(lease: QuotaLease | null): Promise<void> {
    if (lease !== null && lease !== undefined) await this.#options.client.refund(checkLease(lease))
  }

  async penalize(penalty: { retryAfterMs: number; quota?: string }): Promise<void> {
    const { retryAfterMs, quota = this.name } = checkObject('penalty', penalty)
    await this.#options.client.penalize(checkName('quota', quota), duration('retryAfterMs', retryAfterMs))
  }

  async observe(source: ObservationSource, options: { lease?: QuotaLease | null } = {}): Promise<Observation> {
    const { lease = null } = checkOptions('options', options, ['lease'])
    const seen = observe(source)
    await this.take(seen, source instanceof Error, lease && checkLease(lease))
    return seen
  }

  /** Applies an observation. */
  protected async take(seen: Observation, failed: boolean, lease: QuotaLease | null): Promise<void> {
    const { client } = this.#options
    const quota = lease?.quota ?? this.name
    const { readings, refused, retryAfterMs, keyRejected, spent, used } = seen
    // First, because only a settlement is sent again by itself if the store cannot take it.
    if (lease && used) await this.settle(lease, used)
    if (keyRejected || spent) {
      const reason = keyRejected ? 'the provider does not accept the key' : 'there is no money left at the provider'
      if (await client.retire(quota, reason)) this.retired(quota, reason)
    }
    await client.observe(quota, readings, refused ? 'refused' : failed || keyRejected ? 'failed' : 'ok')
    if (retryAfterMs !== null) await client.penalize(quota, retryAfterMs)
  }

  /** Rejects waiting requests and gives back blocks. */
  async end(): Promise<void> {
    this.#closing.abort(new DroverError('CLOSED', `quota ${this.name} is closed`))
    await this.#options.client.flush().catch(() => {})
  }

  /** Called when a key turns out to be retired. */
  protected retired(_quota: string, _reason: string): void {}
}

/** @throws DroverError ARGUMENT_INVALID */
function checkLease(lease: QuotaLease): QuotaLease {
  if (typeof lease === 'object' && typeof lease.quota === 'string') return lease
  throw argumentError('lease', 'the result of acquire, or null', lease)
}

/**
 * The user's handle of a connection.
 *
 * @param release closes the connection's resources, once it has ended
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
