/** Sends the values that change with every beat, at intervals, while a connection has the topic and a thread lives. */
import type { Drover } from '../../drover/drover.js'
import { every } from '../../time/every.js'
import type { Beat } from '../contract/worker.js'
import { presentBeats } from '../present/worker.js'

const everyMs = 2_000

export class BeatFeed {
  readonly #drover: Drover
  readonly #tell: (beats: Record<string, Beat>) => void
  #stop: (() => void) | null = null

  constructor(drover: Drover, tell: (beats: Record<string, Beat>) => void) {
    this.#drover = drover
    this.#tell = tell
  }

  watch(wanted: boolean): void {
    if (wanted === (this.#stop !== null)) return
    this.#stop?.()
    this.#stop = wanted ? every(everyMs, () => this.#look()) : null
    if (wanted) setImmediate(() => this.#stop && this.#look())
  }

  #look(): void {
    const beats = presentBeats(this.#drover.view)
    if (Object.keys(beats).length > 0) this.#tell(beats)
  }
}
