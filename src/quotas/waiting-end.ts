/** When somebody stops waiting for a quota. */
import { DroverError } from '../errors.js'

/** A timer holds no more than that, some 25 days; who waits longer waits for ever. */
const longestTimerMs = 2 ** 31 - 1

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
    const message = `quota ${quota} granted nothing within ${timeoutMs} ms`
    this.#timer = setTimeout(() => end(new DroverError('TIMEOUT', message, { details: { quota, timeoutMs } })), timeoutMs)
  }

  /** An answer, unless the end comes first; an answer that comes after it goes to `onLate`. */
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
