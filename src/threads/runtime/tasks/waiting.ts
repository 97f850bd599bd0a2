import type { ExchangeReply } from '../../../store/contract/tasks.js'
import type { ThreadReport } from '../../protocol/messages.js'

/** A wait for tasks: until when there is none to claim, and what the main thread was told of it. */
export class Waiting {
  readonly #report: (report: ThreadReport) => void
  readonly #look: () => void
  /** No claim before then (monotonic), unless poked. */
  #until = 0
  #timer: NodeJS.Timeout | null = null
  #told = false
  #toldComplete = false

  /** @param look called when the time is over for which {@link sleep} was told to wait */
  constructor(report: (report: ThreadReport) => void, look: () => void) {
    this.#report = report
    this.#look = look
  }

  get isOver(): boolean {
    return performance.now() >= this.#until
  }

  /** There may be something to claim again. */
  poke(): void {
    this.#until = 0
    this.#toldComplete = false
  }

  /** Until a call has ended here, or it is poked. */
  begin(): void {
    this.#until = Number.POSITIVE_INFINITY
  }

  /** A call has ended: it may have used less than it was granted. */
  callEnded(): void {
    if (this.#until === Number.POSITIVE_INFINITY) this.#until = 0
  }

  /**
   * Notes what the store said.
   *
   * @param want how many tasks it was asked for
   * @param empty whether there is nothing in hand, and something is wanted
   */
  note({ shortage, counts }: ExchangeReply, want: number, empty: boolean): void {
    if (!shortage || want === 0) {
      if (want > 0) this.#until = 0
      return
    }
    if (shortage.kind === 'complete') {
      this.#until = Number.POSITIVE_INFINITY
      if (!empty || this.#toldComplete) return
      this.#toldComplete = true
      this.#told = true
      this.#report({ type: 'complete', counts })
      return
    }
    this.#until = shortage.inMs === null ? Number.POSITIVE_INFINITY : performance.now() + shortage.inMs
    if (empty) this.tell()
  }

  tell(): void {
    if (this.#told) return
    this.#told = true
    this.#report({ type: 'waiting' })
  }

  /** A task begins. */
  end(): void {
    if (!this.#told) return
    this.#told = false
    this.#report({ type: 'working' })
  }

  /** Until something is due, if that is known. */
  sleep(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (!Number.isFinite(this.#until)) return
    const ms = Math.min(Math.max(1, this.#until - performance.now()), 60_000)
    this.#timer = setTimeout(this.#look, ms)
  }
}
