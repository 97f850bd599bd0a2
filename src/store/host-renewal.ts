/** Shows the store that a host is there, and takes back what hosts that are gone had. */
import { type EngineClient, hostTtlMs } from './contract/engine.js'
import type { TakenBack } from './contract/hosts.js'

/** So many signs of life go into the time after which a host is taken for gone. */
const signsInTtl = 6

/** What comes of it. */
export interface HostRenewalEvents {
  /** Another host has taken these workers. */
  lost(workers: string[]): void
  taken(back: TakenBack): void
  failed(error: unknown): void
}

/**
 * Does so from now on; keeps no process alive.
 *
 * @returns ends it
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
