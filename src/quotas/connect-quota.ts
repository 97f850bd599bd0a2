/** A quota in another thread of the process that has opened it. */
import type { MessagePort } from 'node:worker_threads'
import { StoreClient } from '../store/client.js'
import { QuotaClient } from './client.js'
import { QuotaConnection, type StandaloneQuota } from './connection.js'

/** What the thread that has opened a quota tells about it. */
export interface QuotaPort {
  port: MessagePort
  name: string
  host: string
  /** Under which the thread asks: when it ends, nothing of it is in line or in flight any more. */
  client: string
}

/** A quota in a thread. */
export interface ConnectedQuota extends StandaloneQuota {
  /** What was taken ahead goes back, those who wait are refused with CLOSED. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Uses a quota that another thread of this process has opened. Grants taken ahead are this thread's own, so that a fast quota costs few messages.
 *
 * @param connection what `quota.connect()` gave there, transferred with its `port`
 * @example
 * // where it was opened: const connection = quota.connect()
 * // new Worker(file, { workerData: { connection }, transferList: [connection.port] })
 * const quota = connectQuota(workerData.connection)
 * const lease = await quota.acquire({ requests: 1 })
 */
export function connectQuota({ port, name, host, client }: QuotaPort): ConnectedQuota {
  const store = new StoreClient(port)
  const connection = new QuotaConnection({ client: new QuotaClient({ store, client, host }), choices: [name], priority: 0 })
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    closing ??= (async () => {
      await connection.end()
      await store.call('leaveQuotas', { client }).catch(() => {})
      store.close()
    })()
    return closing
  }
  return {
    name,
    acquire: (amounts, options) => connection.acquire(amounts, options),
    settle: (lease, actual) => connection.settle(lease, actual),
    refund: (lease) => connection.refund(lease),
    penalize: (penalty) => connection.penalize(penalty),
    observe: (source, options) => connection.observe(source, options),
    close,
    [Symbol.asyncDispose]: close,
  }
}
