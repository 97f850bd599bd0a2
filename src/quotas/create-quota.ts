/** A quota without workers, for any program that calls a provider. */
import { randomUUID } from 'node:crypto'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { DroverError, toErrorRecord } from '../errors.js'
import type { QuotaOptions } from '../options/quota.js'
import { compileWith } from '../options/validate.js'
import type { ReadonlyDeep } from '../readonly-deep.js'
import type { EngineClient, EngineOp, StoreReply } from '../store/contract/engine.js'
import type { QuotaStatus } from '../store/contract/quotas.js'
import { leaveStore, tellDeparted } from '../store/departed-hosts.js'
import { hostIdentity } from '../store/host-identity.js'
import { renewHost } from '../store/host-renewal.js'
import { StoreThread } from '../store/thread/handle.js'
import { isWorkersRequest, refusalOf } from '../store/thread/messages.js'
import { WriteRetry } from '../store/write-retry.js'
import { TimeLimit } from '../time/time-limit.js'
import { checkPlain } from '../validation/filters.js'
import { duration } from '../values/duration.js'
import { QuotaClient } from './client.js'
import type { QuotaPort } from './connect-quota.js'
import { type OpenQuota, openQuota, QuotaConnection } from './connection.js'

/** Wait before the end of a thread is reported again, if the store could not take it. */
const leaveAgainMs = 1_000

/** How long closing tries a store that cannot be written. */
const leaveWithinMs = 5_000
const silent = { warn() {}, info() {} }

/** Calls by hand, which wait for a store that cannot be written. */
const byHand: ReadonlySet<EngineOp> = new Set<EngineOp>(['declareQuotas', 'blockQuota'])

/** Without its index signature: there, `quotas` would have to be a limit. */
type NamedQuotaOptions = { [Name in keyof QuotaOptions as string extends Name ? never : Name]: QuotaOptions[Name] }

/** The options of {@link createQuota}: the limits of a quota, and its store. */
export interface CreateQuotaOptions extends NamedQuotaOptions {
  /** Path of the SQLite file, the same for all processes that share the quota, or `':memory:'`. */
  store: string
  /** The quota's name in it. */
  name: string
  /** Other quotas that it is `within`, by name. */
  quotas?: Record<string, QuotaOptions>
  /** `'power'`: grants are remembered after a power cut. `'process'`: only after the end of the process. @defaultValue 'power' */
  durability?: 'power' | 'process'
  [unit: string]: QuotaOptions[string] | Record<string, QuotaOptions>
}

/** A quota that this process has opened. */
export interface SharedQuota extends OpenQuota {
  /**
   * A connection for another thread of this process: transfer it with its `port`, and pass it to `connectQuota` of
   * `drover/worker` there.
   */
  connect(): QuotaPort
  /**
   * Replaces all limits of the quota, for all processes. While the store cannot be written (its disk is full, another process
   * holds its lock), this waits, as `unblock` and `penalize` do, and emits a process warning.
   *
   * @throws DroverError CONFIG_INVALID; CLOSED if the quota is closed before the store could take it; STORE_FAILED
   */
  set(limits: ReadonlyDeep<QuotaOptions>): Promise<void>
  /**
   * Lifts a block by `penalize` or by a provider's refusal.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  unblock(): Promise<void>
  /**
   * The current status of the quota.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  status(): Promise<QuotaStatus>
}

/**
 * Opens a quota that all threads, processes and hosts on one SQLite file share.
 *
 * @throws DroverError CONFIG_INVALID; STORE_FOLDER_MISSING, STORE_READ_ONLY, STORE_NOT_A_DATABASE, STORE_TOO_NEW, STORE_FAILED
 * @example
 * const quota = await createQuota({ store: 'q.db', name: 'k', requests: [{ limit: 600, per: 'minute' }], tokens: { limit: 90_000, per: 'minute' } })
 * const lease = await quota.acquire({ tokens: 900 }, { timeoutMs: 60_000 })
 * // ... calls the provider
 * await quota.settle(lease, { tokens: 740 })
 * await quota.close()
 */
export async function createQuota(options: ReadonlyDeep<CreateQuotaOptions>): Promise<SharedQuota> {
  checkPlain('the options of createQuota', options)
  const { store: file, name, quotas = {}, durability = 'power', ...limits } = options
  const specsOf = (own: ReadonlyDeep<QuotaOptions>) => {
    const whole = { store: file, workers: [], durability, quotas: { ...quotas, [name]: own } as Record<string, QuotaOptions> }
    const compiled = compileWith(whole, `quotas.${name}`, `the limits of quota ${name}`)
    return { store: compiled.store, specs: compiled.quotas }
  }
  if (typeof name !== 'string' || name === '')
    throw new DroverError('CONFIG_INVALID', `name must be the name of a quota, got ${String(name)}`)
  const { store: path, specs } = specsOf(limits as QuotaOptions)
  const store = await StoreThread.open({ file: path, durability, keepEvents: 0 })
  const host = hostIdentity()
  try {
    await store.client.call('join', { host })
    await tellDeparted(store.client, path)
    await store.client.call('declareQuotas', { quotas: specs })
  } catch (error) {
    await store.close()
    throw error
  }
  const stopPresence = renewHost(store.client, host.id, { lost() {}, taken() {}, failed() {} })
  const closing = new AbortController()
  const writeRetry = new WriteRetry({ ending: closing.signal, isFinal: () => store.hasFailed, log: { warn, info() {} } })
  const calls: EngineClient = {
    call: (op, request) => {
      const attempt = () => store.client.call(op, request)
      return byHand.has(op) ? writeRetry.through(op, attempt) : attempt()
    },
  }
  const client = new QuotaClient({ store: calls, client: host.id, host: host.id })
  const open = openQuota(new QuotaConnection({ client, choices: [name], priority: 0 }), async (ended) => {
    stopPresence()
    closing.abort(new DroverError('CLOSED', `quota ${name} is closed`))
    const limit = new TimeLimit(leaveWithinMs, `the store did not answer within ${duration(leaveWithinMs)}`)
    const leaving = new WriteRetry({ ending: AbortSignal.timeout(leaveWithinMs), isFinal: () => store.hasFailed, log: silent })
    const left = ended.then(() => leaving.through('leave', () => leaveStore(store.client, path, host.id)))
    await Promise.race([left, limit.over]).catch(({ message }: Error) => {
      const till = 'for other processes they are in use until this process ends or opens the store again'
      warn(`quota ${name} could not give its grants back (${message}): ${till}`)
    })
    await store.close(limit.over.catch(() => {}))
    limit.clear()
  })
  return {
    ...open,
    connect: () => {
      const threadClient = `${host.id} ${randomUUID()}`
      return { port: relay(calls, threadClient), name, host: host.id, client: threadClient }
    },
    set: async (own) => {
      const { specs: changed } = specsOf(own)
      await calls.call('declareQuotas', { quotas: changed.filter((spec) => spec.name === name) })
    },
    unblock: async () => {
      await calls.call('blockQuota', { name, forMs: null })
    },
    status: async () => (await store.client.call('quotas', { names: [name] })).quotas[0] as QuotaStatus,
  }
}

function warn(message: string): void {
  process.emitWarning(message, 'DroverWarning')
}

/**
 * A port for another thread. Its requests go to the store from here, so that they survive a replaced store thread. When the port
 * closes or its thread ends, its client leaves.
 */
function relay(store: EngineClient, client: string): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port1.on('message', (message: unknown) => {
    const reply = (answer: StoreReply): void => port1.postMessage(answer)
    // The user may send anything over the port.
    if (!isWorkersRequest(message)) {
      const refusal = refusalOf(message)
      if (refusal) reply(refusal)
      return
    }
    const { id, op, request } = message
    store.call(op, request as never).then(
      (value) => reply({ id, ok: true, value }),
      (error: unknown) => reply({ id, ok: false, error: toErrorRecord(error) }),
    )
  })
  const leave = (): void => {
    store.call('leaveQuotas', { client }).catch((error: { code?: unknown }) => {
      // Otherwise its calls would stay in flight for ever.
      if (error.code !== 'CLOSED') setTimeout(leave, leaveAgainMs).unref()
    })
  }
  port1.on('close', leave)
  port1.unref()
  return port2
}
