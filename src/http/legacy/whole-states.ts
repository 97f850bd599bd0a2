/** Keeps clients of protocol 1 in step: each gets the whole state, again at each change, and at most ten times a second. */
import type { SystemView } from '../../actors/system/view.js'
import { Pace } from '../../time/pace.js'
import { piecewise } from '../../time/turns.js'
import { oldFrame, oldState, type Shown } from './old-state.js'

/** The way to one client. */
export interface OldClient {
  /** @param whole the frame is a whole state */
  send(frame: Buffer, whole: boolean): void
}

export class WholeStates {
  readonly #view: SystemView
  readonly #shown: Shown
  readonly #clients: () => OldClient[]
  readonly #pace = new Pace(100, 1)
  #timer: NodeJS.Timeout | null = null
  /** While the next state is made. */
  #making: Promise<string> | null = null
  /** Something changed since that was begun. */
  #isLate = false

  /**
   * @param clients those who are connected now
   */
  constructor(view: SystemView, shown: Shown, clients: () => OldClient[]) {
    this.#view = view
    this.#shown = shown
    this.#clients = clients
  }

  /** Sends one client everything there is. */
  async welcome(client: OldClient): Promise<void> {
    client.send(oldFrame('full_state', await this.#state()), true)
  }

  /** Something changed: all clients are told in a moment. */
  changed(): void {
    if (this.#timer) this.#isLate = true
    if (this.#timer || this.#clients().length === 0) return
    this.#timer = setTimeout(() => void this.#send(), this.#pace.wait(performance.now())).unref()
  }

  /** Nobody is connected any more. */
  rest(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  async #send(): Promise<void> {
    const timer = this.#timer
    const began = performance.now()
    this.#isLate = false
    const update = oldFrame('update', await this.#state())
    for (const client of this.#clients()) client.send(update, true)
    this.#pace.went(began, performance.now() - began)
    if (this.#timer !== timer) return
    this.#timer = null
    if (this.#isLate) this.changed()
  }

  /** One state for all callers while it is being made. */
  #state(): Promise<string> {
    this.#making ??= piecewise(oldState(this.#view, this.#shown)).finally(() => {
      this.#making = null
    })
    return this.#making
  }
}
