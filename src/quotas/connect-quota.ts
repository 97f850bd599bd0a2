/** A quota in another thread of the process that has opened it. */
import type { MessagePort } from 'node:worker_threads'
import { StoreClient } from '../store/thread/client.js'
import { QuotaClient } from './client.js'
import { type OpenQuota, openQuota, QuotaConnection } from './connection.js'

/** What the thread that has opened a quota tells about it. */
export interface QuotaPort {
  port: MessagePort
  name: string
  host: string
  /** Under which the thread asks: when it ends, nothing of it is in line or in flight any more. */
  client: string
}

/**
 * Uses a quota that another thread of this process has opened. Grants taken ahead are this thread's own, so that a fast quota costs few messages.
 *
 * @param connection what `quota.connect()` gave there, transferred with its `port`
 * @example
 * import { workerData } from 'node:worker_threads'
 * // where it was opened: const connection = quota.connect()
 * // new Worker(file, { workerData: { connection }, transferList: [connection.port] })
 * const quota = connectQuota(workerData.connection)
 * const lease = await quota.acquire({ requests: 1 })
 */
export function connectQuota({ port, name, host, client }: QuotaPort): OpenQuota {
  const store = new StoreClient(port)
  const connection = new QuotaConnection({ client: new QuotaClient({ store, client, host }), choices: [name], priority: 0 })
  return openQuota(connection, async () => {
    await store.call('leaveQuotas', { client }).catch(() => {})
    store.close()
  })
}
