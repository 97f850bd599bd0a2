/** Renews a host in the store, and takes over from dead hosts. */
import { type EngineClient, hostTtlMs } from './contract/engine.js'
import type { TakenBack } from './contract/hosts.js'

/** Number of renewals within the time after which a host counts as gone. */
const signsInTtl = 6

/** Results of renewals. */
export interface HostRenewalEvents {
  /** Another host has taken these workers. */
  lost(workers: string[]): void
  taken(back: TakenBack): void
  failed(error: unknown): void
}

/**
 * Begins to renew; does not keep the process alive.
 *
 * @returns a function that ends it
 */
export function renewHost(store: EngineClient, host: string, { lost, taken, failed }: HostRenewalEvents, ttlMs = hostTtlMs): () => void {
  const renewal = setInterval(() => {
    store
      .call('renew', { host, ttlMs })
      .then((reply) => {
        lost(reply.lost)
        return store.call('sweep', { host })
      })
      .then(taken)
      .catch(failed)
  }, ttlMs / signsInTtl)
  renewal.unref()
  return () => clearInterval(renewal)
}
