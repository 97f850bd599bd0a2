/**
 * Looks after workers that another host holds: takes over those that wait as soon as their holder has let them go or is gone, and keeps
 * what is told of the holder of the others true.
 */

import type { TakenBack } from '../../store/contract/hosts.js'
import type { SystemParts } from './parts.js'
import type { ManagedWorker } from './worker.js'

/** While there are any, they are looked at so often. */
const everyMs = 500

export interface HeldWorkersOptions extends Pick<SystemParts, 'store' | 'host' | 'logs'> {
  managed: ReadonlyMap<string, ManagedWorker>
  /** Told of what hosts that are gone had. */
  onTaken: (back: TakenBack) => void
}

export class HeldWorkers {
  readonly #options: HeldWorkersOptions
  #timer: NodeJS.Timeout | null = null
  #stopped = false

  constructor(options: HeldWorkersOptions) {
    this.#options = options
  }

  /** There is one: from now on they are looked at. */
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
      logs.part('system').debug('could not look at who holds workers', { error: String(error) })
    } finally {
      this.#timer = null
      if (held.length > 0) this.watch()
    }
  }
}
