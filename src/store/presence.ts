/** Shows the store that a host is there, and takes back what hosts that are gone had. */
import type { EngineClient, TakenBack } from './engine.js'

/** A host shows signs of life so often, ... */
const renewEveryMs = 5_000
/** ... and is taken for gone after so long without, where it cannot be seen directly. */
const hostTtlMs = 30_000

/** What comes of it. */
export interface PresenceEvents {
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
export function keepPresent(store: EngineClient, host: string, { lost, taken, failed }: PresenceEvents): () => void {
  const renewal = setInterval(() => {
    store
      .call('renew', { host, ttlMs: hostTtlMs })
      .then((reply) => {
        lost(reply.lost)
        return store.call('sweep', { host })
      })
      .then(taken)
      .catch(failed)
  }, renewEveryMs)
  renewal.unref()
  return () => clearInterval(renewal)
}
