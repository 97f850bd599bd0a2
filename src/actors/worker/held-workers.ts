/**
 * Watches workers that another host holds: takes over waiting ones once their holder has released them or is gone, and keeps the
 * shown holder of the others up to date.
 */

import type { TakenBack } from '../../store/contract/hosts.js'
import type { SystemParts } from './contract.js'
import type { ManagedWorker } from './worker.js'

/** Time between looks while there are such workers. */
const everyMs = 500

export interface HeldWorkersOptions extends Pick<SystemParts, 'store' | 'host' | 'logs'> {
  managed: ReadonlyMap<string, ManagedWorker>
  /** Called with workers and leases taken over from dead hosts. */
  onTaken: (back: TakenBack) => void
}

export class HeldWorkers {
  readonly #options: HeldWorkersOptions
  #timer: NodeJS.Timeout | null = null
  #stopped = false

  constructor(options: HeldWorkersOptions) {
    this.#options = options
  }

  /** Begins to look, because there is such a worker. */
  watch(): void {
    if (this.#stopped || this.#timer) return
    this.#timer = setTimeout(() => void this.#look(), everyMs)
    this.#timer.unref()
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    const { store, host, logs, managed, onTaken } = this.#options
    const held = [...managed.values()].filter(({ holder }) => holder !== null)
    try {
      if (held.length === 0) return
      const swept = store.client.call('sweep', { host: host.id })
      const workers = held.map(({ config }) => config.id)
      const [taken, { holders }] = await Promise.all([swept, store.client.call('holders', { workers })])
      if (this.#stopped) return
      onTaken(taken)
      for (const [index, own] of held.entries()) own.seeHolder(holders[index] ?? null)
    } catch (error) {
      logs.part('system').debug('could not read which hosts hold workers', { error: String(error) })
    } finally {
      this.#timer = null
      if (held.length > 0) this.watch()
    }
  }
}
