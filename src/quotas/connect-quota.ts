/** A quota in another thread of the process that has opened it. */
import type { MessagePort } from 'node:worker_threads'
import { StoreClient } from '../store/thread/client.js'
import { QuotaClient } from './client.js'
import { type OpenQuota, openQuota, QuotaConnection } from './connection.js'

/** The connection to a quota that another thread has opened. Made by `connect` of that quota. */
export interface QuotaPort {
  /** To be transferred with it. */
  port: MessagePort
  name: string
  host: string
  /** Name of the thread's requests: when the thread ends, its places in line and in flight are freed. */
  client: string
}

/**
 * Uses a quota that another thread of this process has opened. This thread takes its own blocks of grants ahead, so that a fast
 * quota needs few messages.
 *
 * @param connection the result of `quota.connect()` in that thread, transferred with its `port`
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
