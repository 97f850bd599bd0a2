/** Keeps what connections are shown in step with the system. */
import type { Drover } from '../../drover.js'
import type { LiveState } from '../contract/socket.js'

export class Hub {
  readonly #drover: Drover

  constructor(drover: Drover) {
    this.#drover = drover
  }

  /** All there is, as of now. */
  state(): LiveState {
    void this.#drover
    return {}
  }

  /** Ends the connections of a session that has ended. */
  closeSession(_who: string): void {}

  /** Ends every connection. */
  close(): void {}
}
