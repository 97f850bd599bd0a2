import type { ExchangeReply } from '../../../store/contract/tasks.js'
import type { ThreadReport } from '../../protocol/messages.js'

/** A wait for tasks: its end, and whether it was reported to the main thread. */
export class Waiting {
  readonly #report: (report: ThreadReport) => void
  readonly #look: () => void
  /** No claim before this time (monotonic), unless poked. */
  #until = 0
  #timer: NodeJS.Timeout | null = null
  #told = false
  #toldComplete = false

  /** @param look called when the time of {@link sleep} is over */
  constructor(report: (report: ThreadReport) => void, look: () => void) {
    this.#report = report
    this.#look = look
  }

  get isOver(): boolean {
    return performance.now() >= this.#until
  }

  /** There may be tasks to claim again. */
  poke(): void {
    this.#until = 0
    this.#toldComplete = false
  }

  /** Waits until a call has ended here, or a poke. */
  begin(): void {
    this.#until = Number.POSITIVE_INFINITY
  }

  /** A call has ended: it may have used less than it was granted. */
  callEnded(): void {
    if (this.#until === Number.POSITIVE_INFINITY) this.#until = 0
  }

  /**
   * Notes the store's reply.
   *
   * @param want the number of requested tasks
   * @param empty whether no task is in hand although some are wanted
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

  /** Waits until a task is due, if that time is known. */
  sleep(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (!Number.isFinite(this.#until)) return
    const ms = Math.min(Math.max(1, this.#until - performance.now()), 60_000)
    this.#timer = setTimeout(this.#look, ms)
  }
}
