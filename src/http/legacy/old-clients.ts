/** All that clients of protocol 1 are sent: whole states, and news of single workers. */
import type { Drover } from '../../drover/drover.js'
import { News } from './news.js'
import type { Shown } from './old-state.js'
import { type OldClient, WholeStates } from './whole-states.js'

export class OldClients {
  readonly #states: WholeStates
  readonly #news: News

  /** @param clients those who are connected now */
  constructor(drover: Drover, shown: Shown, clients: () => OldClient[]) {
    this.#states = new WholeStates(drover.view, shown, clients)
    this.#news = new News(drover, shown.staleMs, clients)
  }

  /** Sends one client everything there is. */
  welcome(client: OldClient): Promise<void> {
    this.#news.begin()
    return this.#states.welcome(client)
  }

  /** Something changed: all clients are told in a moment. */
  changed(): void {
    this.#states.changed()
  }

  /** Nobody is connected any more. */
  rest(): void {
    this.#states.rest()
    this.#news.rest()
  }
}
