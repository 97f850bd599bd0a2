/** Limits the event streams of an address: each of them reads the store by itself after each event. */
import { refuse } from '../base/errors.js'

const mostStreams = 100

export class StreamLimit {
  readonly #open = new Map<string, number>()

  /**
   * Counts a new stream of this address.
   *
   * @returns a function to call once when the stream has ended
   * @throws HTTPException 429 if there are too many
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
