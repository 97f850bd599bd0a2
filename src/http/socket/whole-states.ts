/**
 * Sends whole states. While the frame of thousands of workers is made, in several turns of the event loop, a connection that waits for it gets no
 * patches: they come behind it.
 */
import type { Connection } from './connection.js'
import { patchFrame, StateFrames } from './frames.js'
import type { KeptPatch } from './ring.js'
import type { Source } from './source.js'

export class WholeStates {
  readonly #source: Source
  #frames: StateFrames | null = null
  /** The latest request of each connection that waits. */
  readonly #requests = new Map<Connection, object>()

  constructor(source: Source) {
    this.#source = source
  }

  /** Whether a connection waits for its state, and for the patches behind it. */
  isAwaitedBy(connection: Connection): boolean {
    return this.#requests.has(connection)
  }

  /**
   * Sends the state as of the last patch, so that the next patch fits.
   *
   * @param seq of that patch
   * @param then called when it was sent
   */
  send(connection: Connection, seq: number, then: () => void): void {
    const frames = this.#frames ?? new StateFrames(this.#source.texts(), seq, Date.now())
    this.#frames = frames
    const made = frames.for(connection.topics)
    const send = (frame: Buffer): void => {
      this.#requests.delete(connection)
      connection.sender.send(frame, true)
      this.patches(connection, frames.later)
      then()
    }
    if (Buffer.isBuffer(made)) {
      send(made)
      return
    }
    const request = {}
    this.#requests.set(connection, request)
    // It may have asked again, for other topics, or have gone.
    void made.then((frame) => this.#requests.get(connection) === request && send(frame))
  }

  /** Sends patches that were missed. Whole trees are not kept: the latest comes with the last patch that has one. */
  patches(connection: Connection, missed: readonly KeptPatch[]): void {
    const last = missed.findLast(({ parts }) => parts.has('tree'))
    for (const patch of missed)
      connection.sender.send(patchFrame(patch, connection, () => (patch === last ? this.#source.treeText() : null)))
  }

  /** The state has changed. @param patch null: nobody was told yet */
  changed(patch: KeptPatch | null): void {
    if (!patch || !this.#frames?.follow(patch)) this.#frames = null
  }

  leave(connection: Connection): void {
    this.#requests.delete(connection)
  }
}
