import type { HostIdentity } from '../../../src/store/contract/hosts.js'

/** The world that an engine under test lives in: its clock and its hosts' fates, shared with whichever thread the engine is in. */

export type Fate = 'alive' | 'gone' | 'unknown'

const fates: readonly Fate[] = ['alive', 'gone', 'unknown']
const mostHosts = 64

export class World {
  readonly memory: SharedArrayBuffer
  /** The time, and how often the world began anew. */
  readonly #numbers: Float64Array
  readonly #fates: Uint8Array

  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(16 + mostHosts)
    this.#numbers = new Float64Array(this.memory, 0, 2)
    this.#fates = new Uint8Array(this.memory, 16)
    if (!memory) this.renew()
  }

  /** Begins anew: it is noon again, and everyone is alive. */
  renew(): this {
    this.set(Date.UTC(2025, 5, 15, 12))
    this.#fates.fill(0)
    this.#numbers[1] = this.age + 1
    return this
  }

  get age(): number {
    return this.#numbers[1] ?? 0
  }

  now = (): number => this.#numbers[0] ?? 0

  set(at: number): void {
    this.#numbers[0] = at
  }

  advance(ms: number): void {
    this.set(this.now() + ms)
  }

  /** A host of this world; `number` is its pid. */
  host(number: number): HostIdentity {
    return { id: `host-${number}`, pid: number, startedAt: '1', bootId: 'boot', namespace: 'ns', hostname: 'machine' }
  }

  /** Decides what can be told of a host's process. */
  fate(host: HostIdentity, fate: Fate): void {
    this.#fates[host.pid] = fates.indexOf(fate)
  }

  isGone = ({ pid }: HostIdentity): boolean | 'unknown' => {
    const fate = fates[this.#fates[pid] ?? 0]
    return fate === 'unknown' ? 'unknown' : fate === 'gone'
  }
}
