import type { Token } from '../../../store/contract/basics.js'
import type { Leases } from '../../../store/contract/tasks.js'
import type { Lease } from './lease.js'

/** Tasks that are leased and not started, in order. */
export class LeaseQueue {
  #leases: Lease[] = []
  /** The place of the next one. */
  #head = 0

  get size(): number {
    return this.#leases.length - this.#head
  }

  /** Takes the next one off; there must be one. */
  next(): Lease {
    return this.#leases[this.#head++] as Lease
  }

  add(leases: Leases): void {
    if (this.#head > 0) {
      this.#leases = this.#leases.slice(this.#head)
      this.#head = 0
    }
    for (let i = 0; i < leases.tokens.length; i++) {
      this.#leases.push({
        token: leases.tokens[i] as Token,
        key: leases.keys[i] as string,
        data: leases.data[i] as string,
        attempt: leases.attempts[i] as number,
        failures: leases.failures[i] as number,
        releases: leases.releases[i] as number,
      })
    }
  }

  /** Takes all of them off. */
  clear(): Lease[] {
    const left = this.#leases.slice(this.#head)
    this.#leases = []
    this.#head = 0
    return left
  }
}
