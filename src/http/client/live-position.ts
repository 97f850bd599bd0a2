/** Where a copy of the server's state stands in the server's numbering: which message fits onto it next. */
import { type LivePatch, type LiveState, stateTopics, type Topic } from '../contract/socket.js'
import { applyPatch } from './apply-patch.js'
import { keep } from './same.js'

export class LivePosition {
  #epoch = ''
  #seq = 0
  /** Patches do not fit the state: a whole state must come first. */
  #isBehind = true

  /** Where a new connection may go on; null: nowhere, a whole state has to come. */
  get since(): string | null {
    return this.#isBehind ? null : `${this.#epoch}.${this.#seq}`
  }

  /** A whole state has to come before any patch. */
  expectWhole(): void {
    this.#isBehind = true
  }

  /** @param resumed the server goes on where the last connection ended */
  begin(epoch: string, resumed: boolean): void {
    this.#epoch = epoch
    this.#isBehind = !resumed
  }

  /** @returns the new state; null: it is of other topics, and that of the present ones is on its way */
  whole(before: LiveState, after: LiveState, seq: number, topics: readonly Topic[]): LiveState | null {
    if (!stateTopics.every((topic) => topics.includes(topic) === topic in after)) return null
    this.#seq = seq
    this.#isBehind = false
    return keep(before, after)
  }

  /** @returns the new state; null: a whole one is on its way, or has to be asked for by `askWhole`, since a patch is missing */
  patch(before: LiveState, patch: LivePatch, seq: number, askWhole: () => void): LiveState | null {
    if (this.#isBehind) return null
    if (seq !== this.#seq + 1) {
      this.#isBehind = true
      askWhole()
      return null
    }
    this.#seq = seq
    return applyPatch(before, patch)
  }
}
