/** Bounds how many streams of events an address follows at a time: each of them reads the store for itself whenever something happens. */
import { refuse } from '../base/errors.js'

const mostStreams = 100

export class StreamLimit {
  readonly #open = new Map<string, number>()

  /**
   * One more from this address.
   *
   * @returns to be called once when it has ended
   * @throws HTTPException 429 where there are too many
   */
  enter(address: string): () => void {
    const open = this.#open.get(address) ?? 0
    if (open >= mostStreams) throw refuse('TOO_MANY_STREAMS', `there are ${mostStreams} streams to this address already`)
    this.#open.set(address, open + 1)
    return () => {
      const left = (this.#open.get(address) ?? 0) - 1
      if (left > 0) this.#open.set(address, left)
      else this.#open.delete(address)
    }
  }
}
