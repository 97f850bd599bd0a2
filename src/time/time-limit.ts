/** A limit for a wait that may never end. Does not keep the process alive. */
import { DroverError } from '../errors.js'

export class TimeLimit {
  /** Rejects with TIMEOUT when the time is over. */
  readonly over: Promise<never>
  readonly #timer: NodeJS.Timeout

  constructor(ms: number, message: string) {
    const { promise, reject } = withReject()
    this.over = promise
    this.over.catch(() => {})
    this.#timer = setTimeout(() => reject(new DroverError('TIMEOUT', message, { details: { ms } })), ms)
    this.#timer.unref()
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}

function withReject(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<never>((_, rejected) => {
    reject = rejected
  })
  return { promise, reject }
}
