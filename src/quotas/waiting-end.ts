/** The end of a wait for a quota. */
import { longestTimerMs } from '../bounds.js'
import { DroverError } from '../errors.js'
import { duration } from '../values/duration.js'

/** A deadline and a signal, whichever comes first. */
export class Ending {
  readonly #timer: NodeJS.Timeout | null = null
  readonly #signal: AbortSignal | null
  readonly #onEnd: () => void
  #end: (reason: unknown) => void = () => {}
  #reason: { error: unknown } | null = null

  constructor(timeoutMs: number, signal: AbortSignal | null, quota: string, cancel: () => void) {
    const end = (error: unknown): void => {
      if (this.#reason) return
      this.#reason = { error }
      cancel()
      this.#end(error)
    }
    this.#signal = signal
    this.#onEnd = () => end(signal?.reason)
    signal?.addEventListener('abort', this.#onEnd, { once: true })
    if (timeoutMs > longestTimerMs) return
    const message = `quota ${quota} granted nothing within ${duration(timeoutMs)}`
    this.#timer = setTimeout(() => end(new DroverError('TIMEOUT', message, { details: { quota, timeoutMs } })), timeoutMs)
  }

  /** The answer, unless the end comes first; a later answer goes to `onLate`. */
  orAnswer<T>(answer: Promise<T>, onLate: (late: T) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#reason) reject(this.#reason.error)
      this.#end = reject
      answer.then((value) => (this.#reason ? onLate(value) : resolve(value)), reject)
    })
  }

  throwIfOver(): void {
    if (this.#reason) throw this.#reason.error
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#onEnd)
  }
}
